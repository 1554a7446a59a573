import type { Dictionary } from './batch.ts'

/** Open-addressed table from bytes to ids of a {@link Dictionary}; cleared by a generation number, not by filling. */
export class BatchIndex {
  private readonly ids: Uint16Array
  private readonly generations: Uint32Array
  private readonly mask: number
  private generation = 1
  private slot = 0

  constructor(capacity: number) {
    let size = 64
    while (size < capacity * 2) size *= 2
    this.ids = new Uint16Array(size)
    this.generations = new Uint32Array(size)
    this.mask = size - 1
  }

  clear(): void {
    this.generation++
  }

  /** The id of `bytes[start .. start + length]`, or -1; the place where it belongs is kept for {@link BatchIndex.add}. */
  find(dictionary: Dictionary, bytes: Uint8Array, start: number, length: number): number {
    let hash = length
    for (let i = start, end = start + length; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
    hash ^= hash >>> 15
    let slot = hash & this.mask
    while (this.generations[slot] === this.generation) {
      const id = this.ids[slot]
      if (dictionary.length[id] === length && same(dictionary.bytes, dictionary.start[id], bytes, start, length)) return id
      slot = (slot + 1) & this.mask
    }
    this.slot = slot
    return -1
  }

  /** Adds the value that the last {@link BatchIndex.find} did not find; its bytes stand in the dictionary's own bytes at `start`. */
  add(dictionary: Dictionary, start: number, length: number): number {
    const id = dictionary.count
    dictionary.start[id] = start
    dictionary.length[id] = length
    dictionary.count = id + 1
    this.ids[this.slot] = id
    this.generations[this.slot] = this.generation
    return id
  }
}

function same(a: Uint8Array, ai: number, b: Uint8Array, bi: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[ai + i] !== b[bi + i]) return false
  return true
}
