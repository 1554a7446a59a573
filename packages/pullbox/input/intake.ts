import { CodedError } from '@pullbox/log/errors'
import { BatchWriter } from '@pullbox/log/record'
import { FLAG, Header, parseHeader } from '@pullbox/log/wire'
import type { HeaderContext } from '@pullbox/log/wire'

import type { Clock } from './clock.ts'
import type { SharedCounters } from './counters.ts'
import { OBSERVER_BYTES, OBSERVER_RECORDS } from './observer.ts'
import type { SequenceObserver } from './observer.ts'
import type { RingProducer } from './ring.ts'
import { KEY_BYTES, SOURCE_KEYS } from './source-table.ts'
import type { SourceTable } from './source-table.ts'
import { STOP_LOOK_MS } from './stop-flag.ts'
import type { StopFlag } from './stop-flag.ts'
import type { SourceZones } from './zones.ts'

/** Longest time from a batch's first record until the batch is handed on. */
export const BATCH_MS = 25

/** The id of {@link SourceTable}'s key for records of our own. */
const OWN_ID = 1

export interface IntakeParts {
  ring: RingProducer
  table: SourceTable
  counters: SharedCounters
  stop: StopFlag
  zones: SourceZones
  clock: Clock
  /** Most bytes of a message that are kept. */
  message: number
  observer?: SequenceObserver
  batchMs?: number
}

/**
 * The way of every message from a listener into the ring: read its header, count it, append it to the open batch. A batch is
 * handed on when it is full or {@link BATCH_MS} after its first record (the listener calls {@link Intake.tick} in time).
 *
 * When every slot of the ring is busy, `message` blocks the thread: nothing is read meanwhile and nothing dropped here.
 */
export class Intake {
  readonly counters: SharedCounters
  readonly clock: Clock
  readonly stop: StopFlag
  readonly table: SourceTable
  readonly message: number
  private readonly ring: RingProducer
  private readonly zones: SourceZones
  private readonly observer: SequenceObserver | undefined
  private readonly batchMs: number
  private readonly header = new Header()
  private readonly context: HeaderContext
  private writer: BatchWriter | undefined
  private open = false
  private openedAt = 0
  /** The id of a source in the open batch, good where `generations` says the open batch's number. */
  private readonly ids = new Uint16Array(SOURCE_KEYS)
  private readonly generations = new Uint32Array(SOURCE_KEYS)
  private generation = 0

  constructor(parts: IntakeParts) {
    this.ring = parts.ring
    this.table = parts.table
    this.counters = parts.counters
    this.stop = parts.stop
    this.zones = parts.zones
    this.clock = parts.clock
    this.message = parts.message
    this.observer = parts.observer
    this.batchMs = parts.batchMs ?? BATCH_MS
    this.context = { received: 0, zone: this.zones.of(0) }
    const { arenaBytes, longBytes, records } = parts.ring.shared
    const need = parts.message + OBSERVER_BYTES
    const largest = Math.max(arenaBytes, longBytes)
    if (largest < need || records <= OBSERVER_RECORDS)
      throw new CodedError(
        'INPUT_RING_TOO_SMALL',
        `a batch of ${largest} bytes and ${records} records cannot hold a message of ${parts.message} bytes`,
        {
          hint: `give the ring at least ${need} bytes a batch`,
        },
      )
  }

  /** The id of a peer by its key; `address` (the key without decoration) decides its zone. Ask once per peer. */
  source(key: Uint8Array, address?: string): number {
    const id = this.table.id(key)
    this.zones.resolve(id, address)
    return id
  }

  /**
   * Takes the message `bytes[start..end]` of a source, copying it. `received` in microseconds, `flags` are framing's bits of
   * FLAG, `total` is the length that was sent. False when it had to be given up because stopping took too long (counted).
   */
  append(bytes: Uint8Array, start: number, end: number, source: number, received: number, flags: number, total: number): boolean {
    if (!this.room(end - start)) {
      this.counters.add('abandoned', 1)
      return false
    }
    const writer = this.writer as BatchWriter
    const { header, context } = this
    context.received = received
    context.zone = this.zones.of(source)
    parseHeader(bytes, start, end, context, header)
    if (header.sequence >= 0 && this.observer !== undefined) this.observe(source, bytes, received)
    header.flags |= flags
    if (flags !== 0) this.count(flags)
    writer.append(bytes, start, end, header, this.batchSource(writer, source), received, total)
    this.table.add(source, 1)
    this.counters.message(end - start)
    if (writer.full()) this.flush()
    return true
  }

  /** Hands the open batch on if its time has come, and lets the observer write what has become due. Never waits. */
  tick(): void {
    if (this.observer?.due !== undefined) this.settle(this.observer)
    if (this.open && this.dueIn() <= 0) this.flush()
  }

  /** Milliseconds until the open batch must be handed on; Infinity when none is open. */
  dueIn(): number {
    return this.open ? this.openedAt + this.batchMs - this.clock.steady() : Number.POSITIVE_INFINITY
  }

  /** Hands the open batch on now. Never waits. */
  flush(): void {
    if (!this.open) return
    this.open = false
    if (this.writer?.batch.count === 0) this.ring.cancel()
    else this.ring.commit()
  }

  private observe(source: number, bytes: Uint8Array, received: number): void {
    const writer = this.writer as BatchWriter
    const before = writer.batch.count
    this.observer?.sequence(source, bytes, this.header, received, writer)
    this.countOwn(writer, before)
  }

  private settle(observer: SequenceObserver): void {
    const now = this.clock.micros()
    if (observer.due?.(now) !== true || !this.hasRoom(0)) return
    const writer = this.writer as BatchWriter
    const before = writer.batch.count
    observer.settle?.(now, writer)
    this.countOwn(writer, before)
    if (writer.full()) this.flush()
  }

  private countOwn(writer: BatchWriter, before: number): void {
    const own = writer.batch.count - before
    if (own > 0) this.table.add(OWN_ID, own)
  }

  private count(flags: number): void {
    if ((flags & FLAG.frameDamaged) !== 0) this.counters.add('framesDamaged', 1)
    if ((flags & FLAG.truncated) !== 0) this.counters.add('truncated', 1)
  }

  private batchSource(writer: BatchWriter, source: number): number {
    if (this.generations[source] === this.generation) return this.ids[source]
    const id = writer.source(this.table.key(source))
    this.ids[source] = id
    this.generations[source] = this.generation
    return id
  }

  /** Sees to an open batch with room for one message and what an observer may add; waits while the ring is full. */
  private room(length: number): boolean {
    if (this.hasRoom(length)) return true
    this.counters.add('ringFull', 1)
    for (;;) {
      const left = this.stop.left(this.clock.steady())
      if (left <= 0) return false
      this.ring.waitFree(Math.min(STOP_LOOK_MS, left), length + OBSERVER_BYTES)
      if (this.begin(length)) return true
    }
  }

  /** As `room`, but false at once when the ring is full. */
  private hasRoom(length: number): boolean {
    if (this.open) {
      const writer = this.writer as BatchWriter
      const { batch } = writer
      const names = batch.namesUsed + 2 * KEY_BYTES <= batch.names.length
      if (names && batch.count + OBSERVER_RECORDS < batch.capacity && writer.fits(length + OBSERVER_BYTES)) return true
      this.flush()
    }
    return this.begin(length)
  }

  private begin(length: number): boolean {
    const batch = this.ring.claim(length + OBSERVER_BYTES)
    if (batch === null) return false
    if (this.writer === undefined) this.writer = new BatchWriter(batch)
    else this.writer.use(batch)
    this.generation++
    this.open = true
    this.openedAt = this.clock.steady()
    return true
  }
}
