import type { Header } from '../wire/header.ts'
import { FLAG } from '../wire/header.ts'
import { BatchIndex } from './intern.ts'

/** Most records in one batch; ids of dictionaries are 16 bits and 0 means absent. */
export const BATCH_RECORDS = 16_384
/** Bytes at which a batch counts as full; the arena behind it has room for one more message of any allowed length. */
export const BATCH_BYTES = 1 << 20
/** Bytes for source keys in one batch (a key is at most 255 bytes). */
export const NAMES_BYTES = 256 << 10

/** What a record is; stored, so a number never changes its meaning. */
export const KIND = { record: 0, gap: 1, audit: 2 } as const
/** Names of {@link KIND}, by number; the `type` of the record in JSON. */
export const KIND_NAMES = ['record', 'gap', 'audit'] as const

/** Value of the `priority` column when none was sent. */
export const NO_PRIORITY = 255

const COUNT = 0
const ARENA_USED = 1
const NAMES_USED = 2
const HOSTS = 3
const APPS = 4
const SOURCES = 5
const HEADER_WORDS = 16

/** Distinct values of one column: entry `i` is `bytes[start[i] .. start[i] + length[i]]`; entry 0 is "absent" and empty. */
export class Dictionary {
  readonly bytes: Uint8Array
  readonly start: Uint32Array
  readonly length: Uint16Array
  private readonly words: Int32Array
  private readonly slot: number

  constructor(bytes: Uint8Array, start: Uint32Array, length: Uint16Array, words: Int32Array, slot: number) {
    this.bytes = bytes
    this.start = start
    this.length = length
    this.words = words
    this.slot = slot
  }

  /** Entries in use, the absent one included; ids are below it. */
  get count(): number {
    return this.words[this.slot]
  }

  set count(value: number) {
    this.words[this.slot] = value
  }

  /** The entry's bytes: a view, valid as long as the batch is. */
  entry(id: number): Uint8Array {
    return this.bytes.subarray(this.start[id], this.start[id] + this.length[id])
  }
}

/** Bytes of memory a batch takes for a given room. */
export function batchSize(records: number, arenaBytes: number): number {
  return layout(records, arenaBytes).total
}

function layout(records: number, arenaBytes: number) {
  let at = 0
  const take = (bytes: number) => {
    const here = at
    at += (bytes + 7) & ~7
    return here
  }
  const eight = () => take(8 * records)
  const four = () => take(4 * (records + 1))
  const two = () => take(2 * (records + 1))
  const one = () => take(records)
  const places = {
    words: take(4 * HEADER_WORDS),
    time: eight(),
    received: eight(),
    offset: four(),
    message: four(),
    problemAt: four(),
    trueLength: four(),
    hostStart: four(),
    appStart: four(),
    sourceStart: four(),
    hostLength: two(),
    appLength: two(),
    sourceLength: two(),
    host: two(),
    app: two(),
    source: two(),
    pidAt: two(),
    flags: two(),
    pidLength: one(),
    priority: one(),
    format: one(),
    problem: one(),
    kind: one(),
    names: take(NAMES_BYTES),
    arena: take(arenaBytes),
  }
  return { places, total: at }
}

/**
 * Records on their way: columns of typed arrays beside one arena of bytes. Record `i` is `arena[offset[i] .. offset[i + 1]]`,
 * exactly as it came. All of it lies in one buffer, which may be shared between threads; a batch belongs to one thread at a
 * time and is handed on whole. Times are microseconds since 1970.
 */
export class Batch {
  readonly buffer: ArrayBufferLike
  readonly capacity: number
  readonly words: Int32Array
  readonly time: Float64Array
  readonly received: Float64Array
  readonly offset: Uint32Array
  /** Where the message text starts, from the record's first byte; it ends with the record. */
  readonly message: Uint32Array
  readonly problemAt: Uint32Array
  /** The length that was sent; more than what is kept only where FLAG.truncated is set. */
  readonly trueLength: Uint32Array
  readonly host: Uint16Array
  readonly app: Uint16Array
  readonly source: Uint16Array
  /** Where the process id stands, from the record's first byte (0 = absent). */
  readonly pidAt: Uint16Array
  readonly pidLength: Uint8Array
  readonly flags: Uint16Array
  readonly priority: Uint8Array
  readonly format: Uint8Array
  readonly problem: Uint8Array
  readonly kind: Uint8Array
  readonly names: Uint8Array
  readonly arena: Uint8Array
  readonly hosts: Dictionary
  readonly apps: Dictionary
  readonly sources: Dictionary

  constructor(buffer: ArrayBufferLike, byteOffset: number, records: number, arenaBytes: number) {
    const { places: p } = layout(records, arenaBytes)
    this.buffer = buffer
    this.capacity = records
    const u32 = (at: number) => new Uint32Array(buffer, byteOffset + at, records + 1)
    const u16 = (at: number) => new Uint16Array(buffer, byteOffset + at, records + 1)
    const u8 = (at: number, length = records) => new Uint8Array(buffer, byteOffset + at, length)
    this.words = new Int32Array(buffer, byteOffset + p.words, HEADER_WORDS)
    this.time = new Float64Array(buffer, byteOffset + p.time, records)
    this.received = new Float64Array(buffer, byteOffset + p.received, records)
    this.offset = u32(p.offset)
    this.message = u32(p.message)
    this.problemAt = u32(p.problemAt)
    this.trueLength = u32(p.trueLength)
    this.host = u16(p.host)
    this.app = u16(p.app)
    this.source = u16(p.source)
    this.pidAt = u16(p.pidAt)
    this.flags = u16(p.flags)
    this.pidLength = u8(p.pidLength)
    this.priority = u8(p.priority)
    this.format = u8(p.format)
    this.problem = u8(p.problem)
    this.kind = u8(p.kind)
    this.names = u8(p.names, NAMES_BYTES)
    this.arena = u8(p.arena, arenaBytes)
    this.hosts = new Dictionary(this.arena, u32(p.hostStart), u16(p.hostLength), this.words, HOSTS)
    this.apps = new Dictionary(this.arena, u32(p.appStart), u16(p.appLength), this.words, APPS)
    this.sources = new Dictionary(this.names, u32(p.sourceStart), u16(p.sourceLength), this.words, SOURCES)
    if (this.hosts.count === 0) this.clear()
  }

  /** A batch in memory of its own. */
  static alloc(records = BATCH_RECORDS, arenaBytes = BATCH_BYTES + (64 << 10)): Batch {
    return new Batch(new ArrayBuffer(batchSize(records, arenaBytes)), 0, records, arenaBytes)
  }

  get count(): number {
    return this.words[COUNT]
  }

  set count(value: number) {
    this.words[COUNT] = value
  }

  get arenaUsed(): number {
    return this.words[ARENA_USED]
  }

  set arenaUsed(value: number) {
    this.words[ARENA_USED] = value
  }

  get namesUsed(): number {
    return this.words[NAMES_USED]
  }

  set namesUsed(value: number) {
    this.words[NAMES_USED] = value
  }

  /** Makes it empty; the memory is kept. */
  clear(): void {
    this.words.fill(0)
    this.hosts.count = 1
    this.apps.count = 1
    this.sources.count = 1
    this.offset[0] = 0
  }

  /** The record's bytes as they came: a view, valid until the batch is cleared. */
  bytes(i: number): Uint8Array {
    return this.arena.subarray(this.offset[i], this.offset[i + 1])
  }
}

/** Half of what `set` of a view takes. */
const { copy } = Buffer.prototype

/**
 * Fills a batch. Keeps the look-up tables that make host, app and source into dictionary ids; these tables belong to the
 * writer and are not in the batch, so a writer may be pointed at one batch after another with {@link BatchWriter.use}.
 */
export class BatchWriter {
  batch: Batch
  private readonly hosts: BatchIndex
  private readonly apps: BatchIndex
  private readonly sources: BatchIndex

  constructor(batch: Batch) {
    this.batch = batch
    this.hosts = new BatchIndex(batch.capacity)
    this.apps = new BatchIndex(batch.capacity)
    this.sources = new BatchIndex(batch.capacity)
    this.use(batch)
  }

  /** Goes on in another batch, which is cleared. */
  use(batch: Batch): void {
    this.batch = batch
    batch.clear()
    this.hosts.clear()
    this.apps.clear()
    this.sources.clear()
  }

  /** True when `length` more bytes and one more record fit. */
  fits(length: number): boolean {
    const b = this.batch
    return b.count < b.capacity && b.arenaUsed + length <= b.arena.length && b.namesUsed + 255 <= NAMES_BYTES
  }

  /** True when the batch has reached its usual size and should be handed on. */
  full(): boolean {
    return this.batch.arenaUsed >= BATCH_BYTES || this.batch.count >= this.batch.capacity
  }

  /**
   * The id, in this batch, of the peer whose key is given (at most 255 bytes, see ledger). Ask once per run of messages
   * of one peer, not per message.
   */
  source(key: Uint8Array): number {
    const b = this.batch
    const id = this.sources.find(b.sources, key, 0, key.length)
    if (id >= 0) return id
    const start = b.namesUsed
    b.names.set(key, start)
    b.namesUsed = start + key.length
    return this.sources.add(b.sources, start, key.length)
  }

  /**
   * Appends one record: copies `bytes[start..end]` and takes the columns from `header`, whose positions refer to the same
   * `bytes`. The caller has asked {@link BatchWriter.fits}. `received` in microseconds; `total` is the length that was sent.
   */
  append(bytes: Uint8Array, start: number, end: number, header: Header, source: number, received: number, total: number): void {
    const b = this.batch
    const at = b.arenaUsed
    if (end - start < 64) for (let i = start, o = at; i < end; i++, o++) b.arena[o] = bytes[i]
    else copy.call(bytes, b.arena, at, start, end)
    this.columns(at - start, end - start, header, source, received, total)
  }

  /**
   * Takes a record whose bytes already stand at `arenaUsed` in the batch's own arena (a receiver that reads straight into it);
   * `header` was read from the arena, so its positions are the arena's.
   */
  adopt(length: number, header: Header, source: number, received: number, total: number): void {
    this.columns(0, length, header, source, received, total)
  }

  private columns(shift: number, length: number, h: Header, source: number, received: number, total: number): void {
    const b = this.batch
    const n = b.count
    const at = b.arenaUsed
    const end = at + length
    b.arenaUsed = end
    b.offset[n + 1] = end
    b.count = n + 1
    b.received[n] = received
    const timed = h.time === h.time
    b.time[n] = timed ? h.time : received
    b.flags[n] = timed ? h.flags : h.flags | FLAG.timeReceived
    b.priority[n] = h.priority < 0 ? NO_PRIORITY : h.priority
    b.format[n] = h.format
    b.kind[n] = 0
    b.source[n] = source
    b.message[n] = h.messageStart + shift - at
    b.problem[n] = h.problem
    b.problemAt[n] = h.problemAt
    b.trueLength[n] = total
    const pid = h.pidStart + shift - at
    const pidLength = h.pidEnd - h.pidStart
    const pidFits = pidLength > 0 && pidLength < 256 && pid < 65536
    b.pidAt[n] = pidFits ? pid : 0
    b.pidLength[n] = pidFits ? pidLength : 0
    b.host[n] = this.intern(this.hosts, b.hosts, h.hostStart + shift, h.hostEnd - h.hostStart)
    b.app[n] = this.intern(this.apps, b.apps, h.appStart + shift, h.appEnd - h.appStart)
  }

  private intern(index: BatchIndex, dictionary: Dictionary, start: number, length: number): number {
    if (length === 0) return 0
    // A name is cut at the width of the column; the reader marks such a header as a problem, and the bytes are whole.
    const kept = length > 65535 ? 65535 : length
    const id = index.find(dictionary, dictionary.bytes, start, kept)
    return id >= 0 ? id : index.add(dictionary, start, kept)
  }
}
