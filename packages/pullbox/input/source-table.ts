/** Most keys that a table tells apart; later ones are counted under {@link OTHER}. */
export const SOURCE_KEYS = 65_536
/** Most bytes in a key. */
export const KEY_BYTES = 255
/** The key of all sources beyond {@link SOURCE_KEYS}; always id 0. */
export const OTHER = 'other'
/** The key of records that Pullbox writes itself (gaps); always id 1. */
export const OWN = 'pullbox'

const STRIDE = 256

const HEAD_BYTES = 8

/** The part of a table that threads share; it can be posted. */
export interface SourceTableShared {
  readonly buffer: SharedArrayBuffer
}

/** Bytes of memory that one key may take in its table. */
export const KEY_COST = 8 + STRIDE

/**
 * The sources of one listener: their keys, and how many records of each were put into a batch. One thread writes, any thread
 * reads.
 *
 * Promises: an id never changes its key; a key is visible before its id is; `received` of a source is counted before the batch
 * that holds the record is committed, so whoever has seen the batch sees a count that includes it: received >= stored at all
 * times. Counts are whole numbers up to 2^53 in aligned 8-byte cells, which 64-bit machines write at once.
 */
export class SourceTable {
  readonly shared: SourceTableShared
  /** Most keys; later ones are counted under {@link OTHER}. */
  readonly capacity: number
  private readonly words: Int32Array
  private readonly counts: Float64Array
  private readonly keys: Uint8Array
  private readonly ids = new Map<string, number>()

  private constructor(shared: SourceTableShared) {
    this.shared = shared
    const capacity = Math.floor((shared.buffer.byteLength - HEAD_BYTES) / KEY_COST)
    this.capacity = capacity
    this.words = new Int32Array(shared.buffer, 0, 2)
    this.counts = new Float64Array(shared.buffer, HEAD_BYTES, capacity)
    this.keys = new Uint8Array(shared.buffer, HEAD_BYTES + 8 * capacity, STRIDE * capacity)
  }

  /** A new table for so many keys, at most {@link SOURCE_KEYS}; memory is touched as keys come. */
  static create(capacity = SOURCE_KEYS): SourceTable {
    const keys = Math.min(SOURCE_KEYS, Math.max(2, capacity))
    const table = new SourceTable({ buffer: new SharedArrayBuffer(HEAD_BYTES + KEY_COST * keys) })
    table.id(Buffer.from(OTHER))
    table.id(Buffer.from(OWN))
    return table
  }

  /** The table that another thread has created: for its one writer, or to read. */
  static open(shared: SourceTableShared): SourceTable {
    const table = new SourceTable(shared)
    for (let id = 0; id < table.size; id++) table.ids.set(Buffer.from(table.key(id)).toString('latin1'), id)
    return table
  }

  /** Keys in use; ids are below it. */
  get size(): number {
    return Atomics.load(this.words, 0)
  }

  /** The key's bytes: a view that stays valid. */
  key(id: number): Uint8Array {
    return this.keys.subarray(id * STRIDE + 1, id * STRIDE + 1 + this.keys[id * STRIDE])
  }

  /** Records of this source that were put into batches. */
  received(id: number): number {
    return this.counts[id]
  }

  /** The id of a key (cut at {@link KEY_BYTES}), new when it was not seen before; 0 when the table is full. The writer's alone. */
  id(key: Uint8Array): number {
    const kept = key.length > KEY_BYTES ? key.subarray(0, KEY_BYTES) : key
    const name = Buffer.from(kept.buffer, kept.byteOffset, kept.length).toString('latin1')
    const known = this.ids.get(name)
    if (known !== undefined) return known
    const id = this.size
    if (id >= this.capacity) return 0
    this.keys[id * STRIDE] = kept.length
    this.keys.set(kept, id * STRIDE + 1)
    this.ids.set(name, id)
    Atomics.store(this.words, 0, id + 1)
    return id
  }

  /** Counts `n` more records. The writer's alone; before the batch is committed. */
  add(id: number, n: number): void {
    this.counts[id] += n
  }
}
