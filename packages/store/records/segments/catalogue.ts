import type { BlockHeader } from '@pullbox/log/record'
import { BLOCK_KIND } from '@pullbox/log/record'

import type { Damage } from '../contract.ts'
import { MARK_BYTES, SEGMENT_HEADER_BYTES } from './format.ts'
import type { SegmentName } from './names.ts'

const LEDGER = 1 << 15

/**
 * What the headers of one segment's blocks say, as columns: 34 bytes a block, so that a terabyte of blocks of a megabyte takes 34 MB.
 * It can always be made again from the segment. Block i of it holds the records `firstSeq(i) .. firstSeq(i) + count[i] - 1`.
 */
export class Catalogue {
  readonly segment: SegmentName
  epoch = 0
  /** Where the next block begins: all bytes before it are accounted for. */
  end = SEGMENT_HEADER_BYTES
  /** The number that the next record must have. */
  nextSeq: number
  /** Where the last mark ends, and its number: all before it was synced. */
  synced = SEGMENT_HEADER_BYTES
  syncedSeq: number
  blocks = 0
  records = 0
  /** Greatest receive time of all blocks. */
  maxReceived = Number.NEGATIVE_INFINITY
  /** It came from its file. */
  filed = false
  /** Places where no block can be read: bytes that are no block, and numbers that are missing. */
  readonly holes: Damage[] = []
  /** Blocks whose header is sound and one of whose sections is not. */
  readonly spoilt: Damage[] = []
  offset = new Uint32Array(16)
  length = new Uint32Array(16)
  count = new Uint32Array(16)
  bits = new Uint16Array(16)
  minTime = new Float64Array(16)
  maxTime = new Float64Array(16)
  /** First number of each block, from that of the segment. */
  relative = new Uint32Array(16)

  constructor(segment: SegmentName) {
    this.segment = segment
    this.nextSeq = segment.firstSeq
    this.syncedSeq = segment.firstSeq
  }

  mark(at: number, nextSeq: number): void {
    this.end = at + MARK_BYTES
    this.synced = this.end
    this.syncedSeq = nextSeq
    this.nextSeq = nextSeq
  }

  add(at: number, h: BlockHeader): void {
    if (this.blocks === this.offset.length) this.resize(Math.max(16, this.blocks * 2))
    const i = this.blocks++
    this.offset[i] = at
    this.length[i] = h.length
    this.count[i] = h.count
    this.bits[i] = h.kind === BLOCK_KIND.ledger ? LEDGER : h.severityBits & 511
    this.minTime[i] = h.minTime
    this.maxTime[i] = h.maxTime
    this.relative[i] = h.firstSeq - this.segment.firstSeq
    this.records += h.count
    this.end = at + h.length
    this.nextSeq = h.firstSeq + h.count
    if (h.count > 0 && h.maxReceived > this.maxReceived) this.maxReceived = h.maxReceived
  }

  firstSeq(i: number): number {
    return this.segment.firstSeq + this.relative[i]
  }

  isLedger(i: number): boolean {
    return this.bits[i] === LEDGER
  }

  /** The first block that holds a record of this number or a later one; `blocks` when there is none. */
  find(seq: number): number {
    let low = 0
    let high = this.blocks
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.firstSeq(middle) + this.count[middle] <= seq) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Forgets what begins at byte `at` or later, which is after the last mark. */
  cut(at: number): void {
    while (this.blocks > 0 && this.offset[this.blocks - 1] >= at) this.records -= this.count[--this.blocks]
    while ((this.holes.at(-1)?.from ?? 0) >= at && this.holes.length > 0) this.holes.pop()
    this.end = at
    const last = this.blocks - 1
    this.nextSeq = Math.max(this.syncedSeq, last < 0 ? this.segment.firstSeq : this.firstSeq(last) + this.count[last])
  }

  /** Gives back memory that growing left over: a segment that is full grows no more. */
  seal(): void {
    this.resize(this.blocks)
  }

  private resize(size: number): void {
    const grow = <T extends Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(old: T): T => {
      const fresh = new (old.constructor as new (n: number) => T)(size)
      fresh.set(old.subarray(0, this.blocks))
      return fresh
    }
    this.offset = grow(this.offset)
    this.length = grow(this.length)
    this.count = grow(this.count)
    this.bits = grow(this.bits)
    this.minTime = grow(this.minTime)
    this.maxTime = grow(this.maxTime)
    this.relative = grow(this.relative)
  }
}
