import { FLAG } from '@pullbox/log/wire'
import { KIND } from '@pullbox/log/record'
import type { BlockRows } from '@pullbox/log/record'

import type { Unreadable } from '../query/engine/source.ts'
import type { ExportRun } from './export.ts'

/**
 * What stands between the records: `octet` puts the length and a space before each (RFC 6587 3.4.1, and `0 ` for an empty one), so
 * that any bytes can be told apart again; `lf` and `nul` put that byte after each; `none` nothing.
 */
export type Framing = 'lf' | 'octet' | 'nul' | 'none'

export interface RawOptions {
  readonly framing: Framing
  /** Pullbox's own records (gaps, audits) too: they were never on the wire. */
  readonly own?: boolean
}

/** What was written so far. */
export interface RawTotals {
  records: number
  /** Bytes of the records, without what stands between them. */
  bytes: number
  /** Own records that were left out. */
  ownLeftOut: number
  /** Records that were longer than the limit when they came; what was kept of them is written. */
  cut: number
  /** Records that hold the byte that ends them: a reader takes each for several. Numbers of the first ones. */
  ambiguous: number
  readonly ambiguousIds: string[]
}

const CHUNK = 1 << 20
const NAMED = 10
/** Longest thing that is put beside a record: ten digits and a space. */
const BESIDE = 11
/** Shorter records are copied byte by byte: a call costs more. */
const SHORT = 24

export function rawTotals(): RawTotals {
  return { records: 0, bytes: 0, ownLeftOut: 0, cut: 0, ambiguous: 0, ambiguousIds: [] }
}

/**
 * The exact bytes of records, framed, in pieces of about a mebibyte; a piece belongs to the receiver. No object is made for a
 * record. `totals` is counted up as pieces are given.
 */
export async function* rawFrames(
  runs: AsyncIterable<ExportRun | Unreadable>,
  options: RawOptions,
  totals: RawTotals,
): AsyncGenerator<Uint8Array | Unreadable> {
  const framer = new Framer(options, totals)
  for await (const run of runs) {
    if ('unreadable' in run) {
      yield run
      continue
    }
    framer.begin(run)
    for (;;) {
      const full = framer.fill()
      if (full === null) break
      yield full
    }
  }
  const rest = framer.take()
  if (rest.length > 0) yield rest
}

class Framer {
  private readonly framing: Framing
  private readonly own: boolean
  private readonly totals: RawTotals
  /** The byte that ends a record; -1 when none does. */
  private readonly separator: number
  private out = Buffer.allocUnsafeSlow(CHUNK)
  private used = 0
  private run: ExportRun | null = null
  private arena: Buffer = Buffer.alloc(0)
  private next = 0
  // The first separator at or after `searched` is at `found` (-1 = there is none).
  private searched = 0
  private found = -1

  constructor({ framing, own }: RawOptions, totals: RawTotals) {
    this.framing = framing
    this.own = own === true
    this.totals = totals
    this.separator = framing === 'lf' ? 10 : framing === 'nul' ? 0 : -1
  }

  begin(run: ExportRun): void {
    this.run = run
    this.arena = arenaOf(run.rows)
    this.next = 0
    this.searched = 0
    this.found = this.separator < 0 ? -1 : this.arena.indexOf(this.separator)
  }

  /** Goes on with the run until a piece is full, which it gives, or until the run is done: null. */
  fill(): Uint8Array | null {
    const { rows, picked } = this.run as ExportRun
    const { offset, kind, flags } = rows.columns
    while (this.next < picked.length) {
      const i = picked[this.next]
      const length = offset[i + 1] - offset[i]
      if (!this.own && kind[i] !== KIND.record) {
        this.totals.ownLeftOut++
        this.next++
        continue
      }
      if (this.used + length + BESIDE > this.out.length) {
        if (this.used > 0) return this.take(length)
        this.out = Buffer.allocUnsafeSlow(length + BESIDE)
      }
      if (this.separator >= 0 && this.holdsSeparator(offset[i], offset[i + 1])) this.nameAmbiguous(rows, i)
      if ((flags[i] & FLAG.truncated) !== 0) this.totals.cut++
      this.put(offset[i], length)
      this.totals.records++
      this.totals.bytes += length
      this.next++
    }
    return null
  }

  private put(start: number, length: number): void {
    const { out, arena } = this
    let at = this.used
    if (this.framing === 'octet') {
      at = putDecimal(out, at, length)
      out[at++] = 0x20
    }
    if (length < SHORT) for (let k = 0; k < length; k++) out[at + k] = arena[start + k]
    else arena.copy(out, at, start, start + length)
    at += length
    if (this.separator >= 0) out[at++] = this.separator
    this.used = at
  }

  private holdsSeparator(start: number, end: number): boolean {
    if (start < this.searched || (this.found >= 0 && this.found < start)) {
      this.searched = start
      this.found = this.arena.indexOf(this.separator, start)
    }
    return this.found >= 0 && this.found < end
  }

  private nameAmbiguous(rows: BlockRows, i: number): void {
    this.totals.ambiguous++
    if (this.totals.ambiguousIds.length < NAMED) this.totals.ambiguousIds.push(rows.id(i))
  }

  /** What is gathered; room for `length` more bytes is made. */
  take(length = 0): Uint8Array {
    const piece = this.out.subarray(0, this.used)
    this.out = Buffer.allocUnsafeSlow(Math.max(CHUNK, length + BESIDE))
    this.used = 0
    return piece
  }
}

/** The bytes of all records of the block, one after another. */
function arenaOf(rows: BlockRows): Buffer {
  if (rows.count === 0) return Buffer.alloc(0)
  const { offset } = rows.columns
  const first = rows.bytes(0)
  return Buffer.from(first.buffer, first.byteOffset - offset[0], offset[rows.count])
}

/** Writes the number in decimal; gives the place behind it. */
function putDecimal(out: Buffer, at: number, value: number): number {
  let digits = 1
  for (let power = 10; power <= value; power *= 10) digits++
  let rest = value
  for (let k = at + digits - 1; k >= at; k--) {
    out[k] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  return at + digits
}
