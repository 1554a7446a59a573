import { Batch, batchSize } from '@pullbox/log/record'

/** Where a slot of the ring is on its way; one slot is always in exactly one of these. */
export const SLOT = { free: 0, filling: 1, filled: 2, taken: 3 } as const

const HEAD = 0
const TAIL = 1
const SPACE = 2
const CLOSED = 3
const CONTROL_WORDS = 16

/** All of a ring that threads share; it can be posted to a worker as it is. */
export interface RingShared {
  readonly buffer: SharedArrayBuffer
  /** Counts commits; rings that one consumer waits on are given the same one. */
  readonly doorbell: SharedArrayBuffer
  readonly slots: number
  readonly records: number
  readonly arenaBytes: number
  readonly longSlots: number
  readonly longBytes: number
}

/**
 * Size of a ring: `slots` batches of at most `records` records and `arenaBytes` bytes each, and beside them `longSlots` batches of
 * `longBytes` bytes for messages that do not fit into the others. Memory is touched as it is used.
 */
export interface RingSize {
  slots: number
  records: number
  arenaBytes: number
  longSlots?: number
  longBytes?: number
}

/** Bytes of memory that a ring takes when all of it is used. */
export function ringBytes({ slots, records, arenaBytes, longSlots = 0, longBytes = 0 }: RingSize): number {
  return controlBytes(slots + longSlots) + slots * slotBytes(records, arenaBytes) + longSlots * slotBytes(records, longBytes)
}

/** A doorbell for several rings: one consumer waits on all of them with {@link takeAny}. */
export function createDoorbell(): SharedArrayBuffer {
  return new SharedArrayBuffer(8)
}

/**
 * A ring of batches in one SharedArrayBuffer. One thread fills (the receive worker), any number of threads take.
 *
 * Promises: a batch is seen by exactly one consumer, whole, in the order of commits; everything the producer wrote before
 * `commit` (the batch, counters, the source table) is visible to the consumer that takes it, and everything a consumer did
 * before `release` is visible to the producer that claims the slot again. All states are read and written with Atomics
 * (sequentially consistent); the batches themselves are plain memory owned by one thread at a time.
 */
export function createRing(size: RingSize, doorbell: SharedArrayBuffer = createDoorbell()): RingShared {
  const { slots, records, arenaBytes, longSlots = 0, longBytes = 0 } = size
  return { buffer: new SharedArrayBuffer(ringBytes(size)), doorbell, slots, records, arenaBytes, longSlots, longBytes }
}

function slotBytes(records: number, arenaBytes: number): number {
  // A slot starts on a page of its own, so that two threads never write to one cache line.
  return (batchSize(records, arenaBytes) + 4095) & ~4095
}

function controlBytes(slots: number): number {
  return (4 * (CONTROL_WORDS + slots + places(slots)) + 4095) & ~4095
}

/** Places of the queue: a power of two, so that the counts of commits may pass 2^32. */
function places(slots: number): number {
  return 1 << Math.ceil(Math.log2(slots))
}

/** What producer and consumers have in common: the control words and the views of batches, made when first needed. */
class RingView {
  readonly shared: RingShared
  protected readonly control: Int32Array
  protected readonly states: Int32Array
  /** The filled slots in order of commit: entry `n & (length - 1)` for HEAD <= n < TAIL. */
  protected readonly queue: Int32Array
  protected readonly bell: Int32Array
  /** Slots of both kinds; the long ones come last. */
  protected readonly all: number
  private readonly batches: (Batch | undefined)[] = []

  constructor(shared: RingShared) {
    const { buffer } = shared
    this.shared = shared
    this.all = shared.slots + shared.longSlots
    this.control = new Int32Array(buffer, 0, CONTROL_WORDS)
    this.states = new Int32Array(buffer, 4 * CONTROL_WORDS, this.all)
    this.queue = new Int32Array(buffer, 4 * (CONTROL_WORDS + this.all), places(this.all))
    this.bell = new Int32Array(shared.doorbell)
  }

  /** Filled batches that nobody has taken yet. */
  waiting(): number {
    return (Atomics.load(this.control, TAIL) - Atomics.load(this.control, HEAD)) | 0
  }

  /** Slots that are not free: being filled, waiting or taken. */
  busy(): number {
    let n = 0
    for (let i = 0; i < this.all; i++) if (Atomics.load(this.states, i) !== SLOT.free) n++
    return n
  }

  /** Where the commit of that number stands in the queue. */
  protected place(count: number): number {
    return count & (this.queue.length - 1)
  }

  /** True when the producer has said that no more batches come. */
  closed(): boolean {
    return Atomics.load(this.control, CLOSED) !== 0
  }

  /** Only the owner of a slot may ask: building the view of a fresh slot writes to it. */
  protected batch(slot: number): Batch {
    const { buffer, slots, records, arenaBytes, longBytes } = this.shared
    const usual = Math.min(slot, slots) * slotBytes(records, arenaBytes)
    const long = Math.max(0, slot - slots) * slotBytes(records, longBytes)
    const at = controlBytes(this.all) + usual + long
    return (this.batches[slot] ??= new Batch(buffer, at, records, slot < slots ? arenaBytes : longBytes))
  }
}

/** The filling end of a ring; one per ring, in one thread. */
export class RingProducer extends RingView {
  private current = -1
  private next = 0

  /**
   * A free slot's batch with an arena of at least `least` bytes, to be filled (its old content still stands in it: clear it, as
   * BatchWriter.use does), or null when every such slot is busy. A batch claimed and not yet committed is given again.
   */
  claim(least = 0): Batch | null {
    if (this.current >= 0 && this.batch(this.current).arena.length < least) this.cancel()
    if (this.current < 0) this.current = this.findFree(least)
    if (this.current < 0) return null
    Atomics.store(this.states, this.current, SLOT.filling)
    return this.batch(this.current)
  }

  /** Waits at most `timeoutMs` for a free slot of at least `least` bytes; false when there is none yet. Blocks the thread. */
  waitFree(timeoutMs: number, least = 0): boolean {
    if (this.current >= 0 && this.batch(this.current).arena.length >= least) return true
    const seen = Atomics.load(this.control, SPACE)
    if (this.findFree(least) >= 0) return true
    Atomics.wait(this.control, SPACE, seen, timeoutMs)
    return this.findFree(least) >= 0
  }

  /** Hands the claimed batch on. It must not be touched afterwards. Never waits and never fails: its slot is already held. */
  commit(): void {
    const slot = this.current
    if (slot < 0) throw new Error('commit without claim')
    this.current = -1
    if (slot < this.shared.slots) this.next = (slot + 1) % this.shared.slots
    const tail = Atomics.load(this.control, TAIL)
    Atomics.store(this.states, slot, SLOT.filled)
    Atomics.store(this.queue, this.place(tail), slot)
    Atomics.store(this.control, TAIL, (tail + 1) | 0)
    this.ring()
  }

  /** Gives a claimed batch back unused. */
  cancel(): void {
    if (this.current < 0) return
    Atomics.store(this.states, this.current, SLOT.free)
    this.current = -1
  }

  /** Says that no more batches come; wakes all who wait. */
  close(): void {
    Atomics.store(this.control, CLOSED, 1)
    Atomics.add(this.bell, 0, 1)
    Atomics.notify(this.bell, 0)
  }

  private ring(): void {
    Atomics.add(this.bell, 0, 1)
    Atomics.notify(this.bell, 0, 1)
  }

  private findFree(least: number): number {
    const { slots, arenaBytes, longBytes } = this.shared
    if (least > arenaBytes) {
      if (least > longBytes) return -1
      for (let slot = slots; slot < this.all; slot++) if (Atomics.load(this.states, slot) === SLOT.free) return slot
      return -1
    }
    for (let i = 0; i < slots; i++) {
      const slot = (this.next + i) % slots
      if (Atomics.load(this.states, slot) === SLOT.free) return slot
    }
    return -1
  }
}

/** A batch that this thread owns until it is released. */
export interface Taken {
  readonly batch: Batch
  readonly slot: number
  /** The number of its commit, a 32-bit count that starts at 0 and goes round. */
  readonly turn: number
}

/** The taking end of a ring; any number of threads may have one. */
export class RingConsumer extends RingView {
  /** The oldest filled batch, or null when there is none now. The caller owns it until {@link RingConsumer.release}. */
  tryTake(): Taken | null {
    const { control, queue } = this
    for (;;) {
      const head = Atomics.load(control, HEAD)
      if (head === Atomics.load(control, TAIL)) return null
      // The entry is overwritten only after HEAD has moved past it, and then the exchange below fails.
      const slot = Atomics.load(queue, this.place(head))
      if (Atomics.compareExchange(control, HEAD, head, (head + 1) | 0) !== head) continue
      Atomics.store(this.states, slot, SLOT.taken)
      return { batch: this.batch(slot), slot, turn: head }
    }
  }

  /** Like {@link RingConsumer.tryTake}, but waits at most `timeoutMs`. Blocks the thread. */
  take(timeoutMs: number): Taken | null {
    return takeAny([this], this.shared.doorbell, timeoutMs)
  }

  /** Gives the slot back to the producer. Its batch and every view into it are dead from here on. */
  release(slot: number): void {
    Atomics.store(this.states, slot, SLOT.free)
    Atomics.add(this.control, SPACE, 1)
    Atomics.notify(this.control, SPACE, 1)
  }

  /** True when the producer has closed the ring and everything in it was taken. */
  finished(): boolean {
    return this.closed() && this.waiting() === 0
  }
}

/** A batch out of several rings, and the ring that it must be released to. */
export interface TakenFrom extends Taken {
  readonly ring: RingConsumer
}

/**
 * The oldest filled batch of the first ring that has one, beginning with a different ring at each call so that none starves;
 * waits at most `timeoutMs` on the doorbell that all these rings were created with. Blocks the thread. Null on time-out, or
 * at once when every ring is finished.
 */
export function takeAny(rings: readonly RingConsumer[], doorbell: SharedArrayBuffer, timeoutMs: number): TakenFrom | null {
  const bell = new Int32Array(doorbell)
  const until = performance.now() + timeoutMs
  for (;;) {
    const seen = Atomics.load(bell, 0)
    // The count of commits is a fair enough turn: it moves with every batch.
    const first = (seen >>> 0) % Math.max(1, rings.length)
    let finished = true
    for (let i = 0; i < rings.length; i++) {
      const ring = rings[(first + i) % rings.length]
      // Asked before taking: a ring that closes in between has its last batch seen in the next round.
      finished = ring.finished() && finished
      const taken = ring.tryTake()
      if (taken !== null) return { ...taken, ring }
    }
    const rest = until - performance.now()
    if (finished || rest <= 0) return null
    Atomics.wait(bell, 0, seen, rest)
  }
}
