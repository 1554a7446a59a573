import type { BlockDamage, BlockHeader } from '@pullbox/log/record'
import {
  BLOCK_BYTES,
  BLOCK_HEADER_BYTES,
  BLOCK_KIND,
  BLOCK_MAGIC,
  BLOCK_SECTIONS,
  isDamage,
  readBlockHeader,
  SECTION_ENTRY_BYTES,
} from '@pullbox/log/record'

import type { DiskFile } from '../disk.ts'
import type { Catalogue } from './catalogue.ts'
import type { Mark } from './format.ts'
import { isMark, MARK_BYTES, MARK_MAGIC, readMark, readSegmentHeader, SEGMENT_HEADER_BYTES } from './format.ts'

const MOST_HEADER = BLOCK_HEADER_BYTES + BLOCK_SECTIONS * SECTION_ENTRY_BYTES
/** A header with the usual sections; blocks so large that reading ahead would be waste are read with this much. */
const USUAL_HEADER = 512
const AHEAD = 64 << 10
const SCAN = 1 << 20
/** Positions in a segment are 32-bit. */
export const SEGMENT_LIMIT = 0xffffffff

/** Bytes at the end of a segment in which no block can be read. */
export interface Leftover {
  readonly from: number
  readonly to: number
  readonly reason: string
}

export interface WalkLimits {
  /** Blocks with a record above this are not looked at. */
  readonly bound: number
  /** Number of the first record that belongs to the next segment; Infinity in the last one. */
  readonly before: number
}

/** Reads small pieces of a file through one buffer, ahead where the pieces lie close together. */
class Window {
  private readonly file: DiskFile
  private readonly buffer = new Uint8Array(AHEAD)
  private start = 0
  private filled = 0

  constructor(file: DiskFile) {
    this.file = file
  }

  at(position: number, need: number, ahead: number): Uint8Array {
    if (position < this.start || position + need > this.start + this.filled) {
      this.start = position
      this.filled = this.file.read(this.buffer.subarray(0, Math.max(need, ahead)), position)
    }
    const from = position - this.start
    return this.buffer.subarray(from, Math.min(from + Math.max(need, MOST_HEADER), this.filled))
  }
}

/**
 * Reads the headers of a segment from where its catalogue ends and adds them to it. A place that is no block is skipped to the next
 * block of this segment and entered as a hole. What is left at the end, if anything, is returned: in the last segment it may be a
 * write under way.
 */
export class Walk {
  private readonly file: DiskFile
  private readonly catalogue: Catalogue
  private readonly limits: WalkLimits
  private readonly size: number
  private readonly window: Window
  private lastReceived = Number.NaN

  constructor(file: DiskFile, catalogue: Catalogue, limits: WalkLimits) {
    this.file = file
    this.catalogue = catalogue
    this.limits = limits
    this.size = Math.min(file.size(), SEGMENT_LIMIT)
    this.window = new Window(file)
  }

  run(): Leftover | null {
    const c = this.catalogue
    if (c.epoch === 0) this.begin()
    let ahead = AHEAD
    while (c.end < this.size) {
      const at = c.end
      const h = this.frame(at, ahead)
      if (typeof h === 'string') {
        const leftover = this.skip(at, h)
        if (leftover !== null) return leftover
        continue
      }
      if (this.beyond(h)) return null
      this.take(at, at, h)
      if ('length' in h) ahead = h.length < AHEAD / 4 ? AHEAD : USUAL_HEADER
    }
    return null
  }

  /** The file's own header; when it is damaged, the first block tells the epoch. */
  private begin(): void {
    const c = this.catalogue
    const head = new Uint8Array(SEGMENT_HEADER_BYTES)
    const got = this.file.read(head, 0)
    const own = readSegmentHeader(head.subarray(0, got), c.segment.name)
    if (own !== null && own.firstSeq === c.segment.firstSeq && own.epoch !== 0) {
      c.epoch = own.epoch
      return
    }
    const at = this.search(0)
    if (at < 0) return
    const h = this.frame(at, AHEAD)
    if (typeof h === 'string') return
    c.epoch = h.epoch
    c.holes.push(this.hole(0, SEGMENT_HEADER_BYTES, 0, h, 'the header of the file is damaged'))
  }

  /** The mark or the header of the block at this place, or why there is none. */
  private frame(at: number, ahead: number): Mark | BlockHeader | string {
    const bytes = this.window.at(at, Math.min(BLOCK_HEADER_BYTES, this.size - at), ahead)
    if (!isMark(bytes)) return this.header(at, ahead)
    const mark = readMark(bytes)
    const c = this.catalogue
    if (mark === null || mark.at !== at || (c.epoch !== 0 && mark.epoch !== c.epoch)) return 'a mark is damaged'
    return mark.nextSeq >= c.nextSeq && mark.nextSeq - c.segment.firstSeq <= SEGMENT_LIMIT ? mark : 'a mark out of order'
  }

  /** True when what begins here is not to be shown, or belongs to the next segment. */
  private beyond(h: Mark | BlockHeader): boolean {
    if (!('count' in h)) return h.nextSeq > this.limits.before || h.nextSeq - 1 > this.limits.bound
    // An account takes no number: at the end of a segment it names the first one of the next.
    const last = h.count === 0 ? h.firstSeq - 1 : h.firstSeq
    return last >= this.limits.before || h.firstSeq + h.count - 1 > this.limits.bound
  }

  /** The header of the block at this place, or why there is none. */
  private header(at: number, ahead: number): BlockHeader | string {
    let h: BlockHeader | BlockDamage = readBlockHeader(this.window.at(at, BLOCK_HEADER_BYTES, ahead))
    if (isDamage(h) && h.damage === 'short' && h.need <= MOST_HEADER) h = readBlockHeader(this.window.at(at, h.need, ahead))
    if (isDamage(h)) return REASONS[h.damage]
    return this.refuse(h, at) ?? h
  }

  /** Why a sound header is not that of a block of this segment at this place, or null. */
  private refuse(h: BlockHeader, at: number): string | null {
    const c = this.catalogue
    if (c.epoch !== 0 && h.epoch !== c.epoch) return 'a block that was not written here'
    if (h.length < h.headerLength || h.length > BLOCK_BYTES) return REASONS.header
    if (h.kind === BLOCK_KIND.ledger && h.count !== 0) return REASONS.header
    if (!(h.firstSeq >= c.nextSeq) || h.firstSeq + h.count - c.segment.firstSeq > SEGMENT_LIMIT) return 'a block out of order'
    if (!Number.isSafeInteger(h.firstSeq)) return REASONS.header
    return at + h.length > this.size ? 'the block is cut short' : null
  }

  /** Enters the mark or block at `at`; `from` is where the damage before it begins. */
  private take(from: number, at: number, h: Mark | BlockHeader): void {
    const c = this.catalogue
    const missing = ('count' in h ? h.firstSeq : h.nextSeq) - c.nextSeq
    if (missing > 0 && from === at) c.holes.push(this.hole(at, at, missing, h, 'records are missing'))
    if (!('count' in h)) return c.mark(at, h.nextSeq)
    c.add(at, h)
    this.lastReceived = h.maxReceived
  }

  /** Goes on at the next block after a bad place; when there is none, the bytes from there to the end. */
  private skip(at: number, reason: string): Leftover | null {
    const next = this.search(at + 1)
    const h = next < 0 ? reason : this.frame(next, AHEAD)
    if (typeof h === 'string' || this.beyond(h)) return { from: at, to: this.size, reason }
    this.catalogue.holes.push(this.hole(at, next, ('count' in h ? h.firstSeq : h.nextSeq) - this.catalogue.nextSeq, h, reason))
    this.take(at, next, h)
    return null
  }

  private hole(from: number, to: number, records: number, next: Mark | BlockHeader, reason: string) {
    const first = this.catalogue.nextSeq
    const known = records > 0
    return {
      segment: this.catalogue.segment.name,
      from,
      to,
      records,
      firstSeq: known ? first : null,
      lastSeq: known ? first + records - 1 : null,
      minTime: this.lastReceived,
      maxTime: 'count' in next ? next.minReceived : Number.NaN,
      reason,
    }
  }

  /** Where the next mark or block of this segment begins, from `from` on; -1 when there is none. Reads each byte once. */
  private search(from: number): number {
    const c = this.catalogue
    const buffer = Buffer.allocUnsafe(Math.min(SCAN, Math.max(0, this.size - from)) + BLOCK_HEADER_BYTES)
    for (let base = from; base + MARK_BYTES <= this.size; base += SCAN) {
      const part = buffer.subarray(0, this.file.read(buffer, base))
      let i = part.indexOf(PREFIX)
      while (i >= 0 && i < SCAN) {
        // Bytes of a message may look like a block; they can't know the epoch, and are not looked at further.
        const epochAt = i + (part[i + 3] === MARK_MAGIC[3] ? 8 : 24)
        const looked = epochAt + 4 <= part.length && (c.epoch === 0 || part.readUInt32LE(epochAt) === c.epoch)
        if (looked && typeof this.frame(base + i, USUAL_HEADER) !== 'string') return base + i
        i = part.indexOf(PREFIX, i + 1)
      }
    }
    return -1
  }
}

/** What marks and blocks begin with. */
const PREFIX = BLOCK_MAGIC.subarray(0, 3)

const REASONS = {
  short: 'the block is cut short',
  magic: 'no block begins here',
  header: 'the header of the block is damaged',
  version: 'a newer program wrote this block',
} as const

/** Enters what is left at the end of a segment that is not the last one. Nothing is, when no number is missing: such bytes were never promised. */
export function closeCatalogue(c: Catalogue, leftover: Leftover | null, before: number): void {
  const missing = before - c.nextSeq
  if (missing <= 0) return
  c.holes.push({
    segment: c.segment.name,
    from: leftover?.from ?? c.end,
    to: leftover?.to ?? c.end,
    records: missing,
    firstSeq: c.nextSeq,
    lastSeq: before - 1,
    minTime: c.maxReceived === Number.NEGATIVE_INFINITY ? Number.NaN : c.maxReceived,
    maxTime: Number.NaN,
    reason: leftover?.reason ?? 'records are missing',
  })
}
