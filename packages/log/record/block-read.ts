import { crc32, zstdDecompressSync } from 'node:zlib'

import { CodedError } from '../errors.ts'
import type { BlockHeader, Section } from './block-format.ts'
import { BLOCK_KIND, CODEC, SECTION, sectionDamaged } from './block-format.ts'
import { BlockRows } from './block-rows.ts'
import type { Columns } from './columns.ts'
import { decodeColumns } from './columns.ts'
import { hasAddress, hasTrigrams } from './trigrams.ts'

/** Distinct values of a column in a block, with how many records have each. Entry 0 is "absent". */
export interface BlockDictionary {
  readonly values: readonly string[]
  readonly counts: Uint32Array
}

/** Which dictionary; the number is its section. */
export const DICTIONARY = { host: SECTION.hosts, app: SECTION.apps, source: SECTION.sources } as const

/**
 * Gives `length` bytes of the block from `offset`; called once for each section that is looked at. With `passing` they are only
 * looked at before the next call, so that one piece of memory can serve them all.
 */
export type Fetch = (offset: number, length: number, passing: boolean) => Uint8Array

/** Beyond what is decoded, so that the end is seen before a second piece of memory is asked for. */
const SPARE = 64
/** Smaller pieces of memory may be parts of one that others use too. */
const OWN_MEMORY = 64 << 10

/**
 * Reads one block, section by section, and only those that are asked for; each is checked against its checksum, decoded once
 * and kept until the reader goes. Damage is thrown as BLOCK_SECTION_DAMAGED and concerns that section alone.
 */
export class BlockReader {
  readonly header: BlockHeader
  private readonly fetch: Fetch
  private readonly decoded = new Map<number, Uint8Array>()
  private readonly dictionaries = new Map<number, BlockDictionary>()
  private cols: Columns | undefined
  /** Memory that nobody else has a part in. */
  private readonly own: ArrayBuffer[] = []

  constructor(header: BlockHeader, fetch: Fetch) {
    this.header = header
    this.fetch = fetch
  }

  /** The section's decoded bytes, or null when the block has none of that number. */
  section(id: number): Uint8Array | null {
    const known = this.decoded.get(id)
    if (known !== undefined) return known
    const section = this.header.sections.find((s) => s.id === id)
    if (section === undefined) return null
    const raw = this.decode(section)
    this.decoded.set(id, raw)
    return raw
  }

  private decode(section: Section): Uint8Array {
    const stored = this.fetch(section.offset, section.length, section.codec !== CODEC.raw)
    if (stored.length !== section.length || crc32(stored) !== section.crc) throw sectionDamaged(section, this.header)
    if (section.codec === CODEC.raw) return stored
    if (section.codec !== CODEC.zstd) {
      throw new CodedError('BLOCK_CODEC_UNKNOWN', `section ${section.id} is coded as ${section.codec}`, {
        hint: 'a newer Pullbox wrote it: read it with that one',
      })
    }
    if (section.rawLength === 0) return new Uint8Array(0)
    try {
      const raw = zstdDecompressSync(stored, { chunkSize: section.rawLength + SPARE, maxOutputLength: section.rawLength })
      if (raw.length === section.rawLength) return this.owned(raw)
    } catch {
      // The checksum was right and the content is not: treated as the same damage.
    }
    throw sectionDamaged(section, this.header)
  }

  private owned(raw: Buffer<ArrayBuffer>): Buffer {
    if (raw.length >= OWN_MEMORY && raw.byteOffset === 0 && raw.buffer.byteLength === raw.length + SPARE) this.own.push(raw.buffer)
    return raw
  }

  /**
   * Gives the memory of what was decoded back at once: a scan makes a megabyte of it with each block, and the collector of garbage
   * lets many of them pile up. Nothing that this reader gave may be used afterwards.
   */
  release(): void {
    for (const buffer of this.own.splice(0)) buffer.transfer(0)
    if (this.cols !== undefined)
      for (const { buffer } of Object.values(this.cols) as { buffer: ArrayBuffer }[])
        if (!buffer.detached && buffer.byteLength >= OWN_MEMORY / 16) buffer.transfer(0)
    this.decoded.clear()
    this.cols = undefined
  }

  /** The decoded columns. */
  columns(): Columns {
    if (this.cols !== undefined) return this.cols
    const raw = this.section(SECTION.columns)
    const columns = raw === null ? null : decodeColumns(raw, this.header.count)
    if (columns === null || columns.offset[this.header.count] !== this.header.arenaBytes) throw this.damagedColumns()
    this.cols = columns
    return columns
  }

  private damagedColumns(): CodedError {
    const section = this.header.sections.find((s) => s.id === SECTION.columns)
    return sectionDamaged(section ?? { id: SECTION.columns, codec: 0, offset: 0, length: 0, rawLength: 0, crc: 0 }, this.header)
  }

  /** All messages' bytes; record i is at `columns().offset[i]`. */
  arena(): Uint8Array {
    return this.section(SECTION.arena) ?? new Uint8Array(0)
  }

  /** A dictionary with its counts: answers how many records have which value without reading the records. */
  dictionary(id: number): BlockDictionary {
    let dictionary = this.dictionaries.get(id)
    if (dictionary === undefined) {
      dictionary = this.readDictionary(id)
      this.dictionaries.set(id, dictionary)
    }
    return dictionary
  }

  /** All values of a dictionary column, or null when the block has no such section. */
  valuesOf(dictionary: number): readonly string[] | null {
    return this.header.sections.some((s) => s.id === dictionary) ? this.dictionary(dictionary).values : null
  }

  private readDictionary(id: number): BlockDictionary {
    const raw = this.section(id)
    if (raw === null || raw.length < 4) return { values: [''], counts: Uint32Array.of(this.header.count) }
    const b = Buffer.from(raw.buffer, raw.byteOffset, raw.length)
    const entries = b.readUInt32LE(0)
    if (entries > 65_536 || 4 + 6 * entries > b.length) throw this.damagedColumns()
    const values: string[] = []
    const counts = new Uint32Array(entries)
    let at = 4 + 6 * entries
    for (let i = 0; i < entries; i++) {
      counts[i] = b.readUInt32LE(4 + 4 * i)
      const end = at + b.readUInt16LE(4 + 4 * entries + 2 * i)
      if (end > b.length) throw this.damagedColumns()
      values.push(b.toString('utf8', at, end))
      at = end
    }
    return { values, counts }
  }

  /** Records per value of a dictionary column; '' counts those that lack it. */
  counts(column: keyof typeof DICTIONARY): Map<string, number> {
    const { values, counts } = this.dictionary(DICTIONARY[column])
    const out = new Map<string, number>()
    for (let i = 0; i < values.length; i++) if (counts[i] > 0) out.set(values[i], (out.get(values[i]) ?? 0) + counts[i])
    return out
  }

  /** False when the literal certainly stands in no record of this block, whatever the case of its ASCII letters. */
  mayContain(literal: Uint8Array): boolean {
    const trigrams = this.section(SECTION.trigrams)
    return trigrams === null || hasTrigrams(trigrams, literal)
  }

  /**
   * False when these four numbers joined by dots certainly stand in no message and no header of this block without a digit before
   * or after them.
   */
  mayContainAddress(address: Uint8Array): boolean {
    const addresses = this.section(SECTION.tokens)
    return addresses === null || hasAddress(addresses, address)
  }

  /** The payload of a ledger block. */
  payload(): Uint8Array {
    return this.section(SECTION.payload) ?? new Uint8Array(0)
  }

  /** Rows for filters and pipes; record ids start at the header's first sequence number. */
  rows(): BlockRows {
    return new BlockRows(this)
  }

  /** Every section whose bytes are not what the header says. */
  verify(): Section[] {
    const bad = this.header.sections.filter((section) => {
      try {
        this.decode(section)
        return false
      } catch {
        return true
      }
    })
    if (bad.length === 0 && this.header.kind === BLOCK_KIND.records) {
      try {
        this.columns()
      } catch {
        bad.push(...this.header.sections.filter((s) => s.id === SECTION.columns))
      }
    }
    return bad
  }
}
