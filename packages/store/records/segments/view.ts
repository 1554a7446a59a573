import type { BlockHeader, BlockRows } from '@pullbox/log/record'
import { BLOCK_HEADER_BYTES, isDamage, readBlockHeader } from '@pullbox/log/record'
import { CodedError } from '@pullbox/log/errors'

import type { BlockRef, Need, Plan, TimeRange, Unreadable, ValueCounts } from '../../query/engine/source.ts'
import { CountingReader, countValues, goneBefore, openRows, overlaps, unreadable } from '../blocks.ts'
import type { Damage, Following, LedgerSnapshot, RecordsSource, RecordsStats, Span, StoredBlock, StoredRecord } from '../contract.ts'
import type { Disk, DiskFile } from '../disk.ts'
import { codeOf } from '../disk.ts'
import { storeClosed } from '../errors.ts'
import { mayHold } from '../requirements.ts'
import type { Catalogue } from './catalogue.ts'
import { decodeCheckpoint } from './format.ts'
import type { Places } from './names.ts'
import type { BlockId } from './spans.ts'
import { spansAfter, spansBefore } from './spans.ts'

const OPEN_FILES = 64
const MOST_PASSING = 4 << 20
/** With the usual filters of 20 KiB a block, these take about 30 MB. */
const JUDGED_BLOCKS = 1500

/** What can be read in a store's directory, by its catalogues; the writer and the reader of another process both have one. */
export class SegmentsView implements RecordsSource {
  /** In write order; changed by their owner. */
  catalogues: Catalogue[] = []
  private readonly disk: Disk
  private readonly places: Places
  private readonly files = new Map<string, DiskFile>()
  private closed = false
  /** For bytes that are decoded at once. */
  private scratch = new Uint8Array(64 << 10)
  /**
   * Readers of blocks that were judged lately, with the filters and lists that they have read: most queries judge the same blocks
   * again. By catalogue, those that were begun first go first; then by the block's place in it.
   */
  private readonly judged = new Map<Catalogue, (CountingReader | undefined)[]>()
  private judgedBlocks = 0

  constructor(disk: Disk, places: Places) {
    this.disk = disk
    this.places = places
  }

  plan(range: TimeRange, need: Need): Plan {
    const blocks: BlockRef[] = []
    const missing: Unreadable[] = []
    const filtered = !('always' in need.requirements)
    if (filtered) this.forgetJudged()
    for (const c of this.catalogues) {
      // The times of records that are gone are not known: no range rules them out.
      for (const hole of c.holes) if (hole.records !== 0) missing.push(holeUnreadable(hole))
      for (let i = 0; i < c.blocks; i++) {
        if (c.count[i] === 0 || !overlaps(range, c.minTime[i], c.maxTime[i])) continue
        if (filtered && !this.mayHold(c, i, need)) continue
        const id: BlockId = { segment: c.segment.name, at: c.offset[i], seq: c.firstSeq(i) }
        blocks.push({ id, minTime: c.minTime[i], maxTime: c.maxTime[i], count: c.count[i], bytes: c.length[i] })
      }
    }
    return { blocks, unreadable: missing, ...goneBefore(range, this.catalogues[0]?.segment.firstSeq ?? 1, (seq) => this.get(seq)) }
  }

  /** A block whose filter can't be read may hold anything. */
  private mayHold(c: Catalogue, i: number, need: Need): boolean {
    try {
      return mayHold(need.requirements, this.judgedReader(c, i))
    } catch {
      return true
    }
  }

  /** See RecordsReader. */
  spans(seq: number, direction: 'after' | 'before', range: TimeRange, need: Need): Iterable<Span> {
    const walk = direction === 'after' ? spansAfter : spansBefore
    const filtered = !('always' in need.requirements)
    return walk(this.catalogues, seq, range, (_id, c, i) => !filtered || this.mayHold(c, i, need))
  }

  private judgedReader(c: Catalogue, i: number): CountingReader {
    const known = this.judged.get(c)?.[i]
    if (known !== undefined) return known
    const reader = this.blockAt(c, i)
    let readers = this.judged.get(c)
    if (readers === undefined) this.judged.set(c, (readers = []))
    for (const [other, { length }] of this.judged) {
      if (this.judgedBlocks < JUDGED_BLOCKS || other === c) break
      this.judgedBlocks -= length
      this.judged.delete(other)
    }
    if (this.judgedBlocks >= JUDGED_BLOCKS) return reader
    this.judgedBlocks += i + 1 - Math.min(readers.length, i + 1)
    readers[i] = reader
    return reader
  }

  /** Lets go of segments that are not there any more. */
  private forgetJudged(): void {
    if (this.judged.size === 0) return
    const there = new Set(this.catalogues)
    for (const [c, { length }] of this.judged) {
      if (there.has(c)) continue
      this.judgedBlocks -= length
      this.judged.delete(c)
    }
  }

  async read(ref: BlockRef): Promise<BlockRows | Unreadable> {
    const id = ref.id as BlockId
    let reader: CountingReader
    try {
      reader = this.reader(id)
    } catch (error) {
      return { ...unreadable(NO_HEADER, error, ''), count: ref.count, minTime: ref.minTime, maxTime: ref.maxTime }
    }
    return openRows(reader, id.segment)
  }

  async valueCounts(ref: BlockRef, field: string): Promise<ValueCounts | null> {
    const id = ref.id as BlockId
    const c = this.catalogues[this.segmentOf(id.seq)]
    const i = c?.segment.name === id.segment ? c.find(id.seq) : -1
    const known = c !== undefined && i >= 0 && i < c.blocks && c.offset[i] === id.at
    return countValues(known ? this.judgedReader(c, i) : this.reader(id), field)
  }

  /** Lets go of the files. */
  async close(): Promise<void> {
    for (const file of this.files.values()) file.close()
    this.files.clear()
    this.judged.clear()
    this.judgedBlocks = 0
    this.closed = true
  }

  /** Lets go of one file, which is going to be deleted. */
  forget(segment: string): void {
    this.files.get(segment)?.close()
    this.files.delete(segment)
  }

  file(segment: string): DiskFile {
    const known = this.files.get(segment)
    if (known !== undefined) {
      this.files.delete(segment)
      this.files.set(segment, known)
      return known
    }
    if (this.closed) throw storeClosed(this.places.root)
    const file = this.openFile(segment)
    this.files.set(segment, file)
    if (this.files.size > OPEN_FILES) this.forget(this.files.keys().next().value as string)
    return file
  }

  private openFile(segment: string): DiskFile {
    try {
      return this.disk.open(`${this.places.segments}/${segment}`, 'read')
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      throw new CodedError('STORE_SEGMENT_GONE', 'the segment is not there any more', {
        at: segment,
        hint: 'retention deleted it while the query ran: ask again',
      })
    }
  }

  /** A reader of the block at that place. Throws when another block or none stands there. */
  private reader(id: BlockId): CountingReader {
    const file = this.file(id.segment)
    const h = readHeaderAt(file, id.at)
    if (h === null || h.firstSeq !== id.seq) {
      throw new CodedError('STORE_BLOCK_DAMAGED', 'the header of the block is damaged', {
        at: `byte ${id.at} of ${id.segment}`,
        hint: 'pullbox store fsck names all damage',
      })
    }
    return new CountingReader(h, (offset, length, passing) => {
      const bytes = passing ? this.passing(length) : new Uint8Array(length)
      // Asked for anew: rows may be read long after, when the file was closed to make room for others.
      return bytes.subarray(0, this.file(id.segment).read(bytes, id.at + offset))
    })
  }

  private passing(length: number): Uint8Array {
    if (length > MOST_PASSING) return new Uint8Array(length)
    if (this.scratch.length < length) this.scratch = new Uint8Array(Math.max(length, Math.min(MOST_PASSING, this.scratch.length * 2)))
    return this.scratch.subarray(0, length)
  }

  private blockAt(c: Catalogue, i: number): CountingReader {
    return this.reader({ segment: c.segment.name, at: c.offset[i], seq: c.firstSeq(i) })
  }

  after(seq: number, limit: number): Following {
    const blocks: StoredBlock[] = []
    const missing: Unreadable[] = []
    let next = seq
    let rows = 0
    for (let s = this.segmentOf(seq + 1); s < this.catalogues.length; s++) {
      const c = this.catalogues[s]
      for (let i = c.find(seq + 1); i < c.blocks; i++) {
        if (c.count[i] === 0) continue
        if (rows >= limit) return { blocks, unreadable: missing, next }
        for (const hole of c.holes) if (follows(hole, next, c.firstSeq(i))) missing.push(holeUnreadable(hole))
        const block = this.stored(c, i, seq)
        if ('unreadable' in block) missing.push(block)
        else {
          blocks.push(block)
          rows += block.to - block.from
        }
        next = c.firstSeq(i) + c.count[i] - 1
      }
      // Numbers missing at a segment's end are known to be lost only once another segment follows.
      for (const hole of c.holes)
        if (s + 1 < this.catalogues.length && follows(hole, next, Number.POSITIVE_INFINITY)) {
          missing.push(holeUnreadable(hole))
          next = hole.lastSeq ?? next
        }
    }
    return { blocks, unreadable: missing, next }
  }

  private stored(c: Catalogue, i: number, seq: number): StoredBlock | Unreadable {
    try {
      const reader = this.blockAt(c, i)
      reader.columns()
      return { header: reader.header, rows: reader.rows(), from: Math.max(0, seq + 1 - reader.header.firstSeq), to: reader.header.count }
    } catch (error) {
      return this.lost(c, i, error)
    }
  }

  private lost(c: Catalogue, i: number, error: unknown): Unreadable {
    return { ...unreadable(NO_HEADER, error, c.segment.name), count: c.count[i], minTime: c.minTime[i], maxTime: c.maxTime[i] }
  }

  get(seq: number): StoredRecord | Unreadable | null {
    const c = this.catalogues[this.segmentOf(seq)]
    if (c === undefined || !Number.isSafeInteger(seq)) return null
    const i = c.find(seq)
    if (i === c.blocks || c.firstSeq(i) > seq) {
      const hole = c.holes.find((h) => h.firstSeq !== null && h.lastSeq !== null && h.firstSeq <= seq && seq <= h.lastSeq)
      return hole === undefined ? null : { ...holeUnreadable(hole), count: 1 }
    }
    try {
      const reader = this.blockAt(c, i)
      reader.columns()
      reader.arena()
      return { seq, header: reader.header, rows: reader.rows(), row: seq - reader.header.firstSeq }
    } catch (error) {
      return { ...this.lost(c, i, error), count: 1 }
    }
  }

  /** Index of the segment that holds the number, or would. */
  private segmentOf(seq: number): number {
    let low = 0
    let high = this.catalogues.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.catalogues[middle].segment.firstSeq <= seq) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  damages(): Damage[] {
    return this.catalogues
      .flatMap((c) => [...c.holes, ...c.spoilt])
      .sort((a, b) => (a.segment === b.segment ? a.from - b.from : a.segment < b.segment ? -1 : 1))
  }

  stats(): RecordsStats {
    const t = { records: 0, blocks: 0, bytes: 0, minTime: Number.POSITIVE_INFINITY, maxTime: Number.NEGATIVE_INFINITY, damages: 0 }
    for (const c of this.catalogues) {
      t.records += c.records
      t.blocks += c.blocks
      t.bytes += c.end
      t.damages += c.holes.length + c.spoilt.length
      for (let i = 0; i < c.blocks; i++) {
        if (c.count[i] === 0) continue
        if (c.minTime[i] < t.minTime) t.minTime = c.minTime[i]
        if (c.maxTime[i] > t.maxTime) t.maxTime = c.maxTime[i]
      }
    }
    const empty = t.records === 0
    return {
      ...t,
      minTime: empty ? Number.NaN : t.minTime,
      maxTime: empty ? Number.NaN : t.maxTime,
      segments: this.catalogues.length,
      firstSeq: this.catalogues[0]?.segment.firstSeq ?? 1,
      lastSeq: (this.catalogues.at(-1)?.nextSeq ?? 1) - 1,
      freeBytes: this.freeBytes(),
    }
  }

  private freeBytes(): number {
    try {
      return this.disk.freeBytes(this.places.root)
    } catch {
      return Number.NaN
    }
  }

  ledgerSnapshot(): LedgerSnapshot {
    const { base, through } = this.checkpoint()
    const since = new Map<string, number>()
    let lost = 0
    for (let s = this.segmentOf(through + 1); s < this.catalogues.length; s++) {
      const c = this.catalogues[s]
      for (const hole of c.holes) if (hole.records !== null && (hole.firstSeq ?? 0) > through) lost += hole.records
      for (let i = c.find(through + 1); i < c.blocks; i++) {
        if (c.count[i] === 0) continue
        try {
          for (const [key, n] of this.blockAt(c, i).counts('source')) since.set(key, (since.get(key) ?? 0) + n)
        } catch {
          lost += c.count[i]
        }
      }
    }
    return { base, through, since, unreadable: lost }
  }

  /** The newest checkpoint that can be read. */
  checkpoint(): { base: Uint8Array | null; through: number } {
    for (let s = this.catalogues.length - 1; s >= 0; s--) {
      const c = this.catalogues[s]
      for (let i = c.blocks - 1; i >= 0; i--) {
        if (!c.isLedger(i)) continue
        try {
          const found = decodeCheckpoint(this.blockAt(c, i).payload())
          if (found !== null) return { base: found.payload, through: found.through }
        } catch {
          // Damaged: the one before it will do, with more blocks to add up.
        }
      }
    }
    return { base: null, through: 0 }
  }
}

/** The header of the block at that place, or null. */
export function readHeaderAt(file: DiskFile, at: number): BlockHeader | null {
  for (let need = 512; ;) {
    const bytes = new Uint8Array(Math.max(need, BLOCK_HEADER_BYTES))
    const h = readBlockHeader(bytes.subarray(0, file.read(bytes, at)))
    if (!isDamage(h)) return h
    if (h.damage !== 'short' || h.need <= bytes.length) return null
    need = h.need
  }
}

const NO_HEADER = { count: 0, minTime: Number.NaN, maxTime: Number.NaN } as BlockHeader

function follows(hole: Damage, after: number, before: number): boolean {
  return hole.firstSeq !== null && hole.firstSeq > after && hole.firstSeq < before
}

export function holeUnreadable(hole: Damage): Unreadable {
  const numbers = hole.firstSeq === null ? '' : `, records ${hole.firstSeq}..${hole.lastSeq}`
  return {
    unreadable: true,
    reason: `${hole.reason}, bytes ${hole.from}..${hole.to} of ${hole.segment}${numbers}`,
    count: hole.records ?? 0,
    minTime: hole.minTime,
    maxTime: hole.maxTime,
  }
}
