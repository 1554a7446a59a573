import { isAscii, isUtf8 } from 'node:buffer'
import { lowerBytes } from './lower.ts'
import { timeColumn } from './time-text.ts'

import type { Column, Rows } from '../rows.ts'
import type { Query } from '../language/index.ts'
import type { Selection } from './selection.ts'

/** A compiled filter. It keeps scratch memory between calls: one caller at a time. */
export interface Matcher {
  /** Clears the rows of `selected` that do not match. Throws QUERY_REGEXP_COSTLY at most. */
  apply(rows: Rows, selected: Selection): void
}

/** What compiling a filter needs from outside. */
export interface FilterContext {
  /** The values that a subquery gives, once it has run; absent or undefined: QUERY_NOT_BUILT. */
  readonly resolve?: (query: Query) => readonly string[] | undefined
}

/** Text that a value must hold to match; ASCII letters in lower case when `anyCase`. Never empty, UTF-8. */
export interface Literal {
  readonly bytes: Uint8Array
  readonly anyCase: boolean
}

/** With fewer rows than one of so many, looking at each is quicker than searching the whole arena. */
const SPARSE = 16

/** Judges the value of one field. A missing value is the empty text. */
export interface ValueTest {
  text(value: string): boolean
  /**
   * The same on the value's UTF-8, without making a string. Bytes that are not UTF-8 are judged by `text` instead.
   */
  bytes?(bytes: Uint8Array, start: number, end: number): boolean
  /** `bytes` wants ASCII letters in lower case; only with an `anyCase` literal. */
  readonly lowered?: boolean
  readonly literal?: Literal | null
}

/** The column of a field; `_time` always has one. */
export function columnOf(rows: Rows, field: string): Column | null {
  return rows.column(field) ?? (field === '_time' ? timeColumn(rows) : null)
}

/** A filter on the values of one field. */
export class FieldMatcher implements Matcher {
  private readonly field: string
  private readonly test: ValueTest
  private scratch: Buffer = Buffer.alloc(0)

  constructor(field: string, test: ValueTest) {
    this.field = field
    this.test = test
  }

  apply(rows: Rows, selected: Selection): void {
    if (selected.isEmpty()) return
    const column = columnOf(rows, this.field)
    if (column === null) {
      if (!this.test.text('')) selected.clearAll()
    } else if (column.dictionary !== undefined) this.byDictionary(column.dictionary, selected)
    else if (column.arena !== undefined) this.byArena(column, column.arena, selected)
    else selected.filter((i) => this.test.text(column.text(i)))
  }

  private byDictionary({ values, ids }: NonNullable<Column['dictionary']>, selected: Selection): void {
    const verdicts = new Uint8Array(values.length) // 0 = not judged yet
    selected.filter((i) => {
      const id = ids[i]!
      if (verdicts[id] === 0) verdicts[id] = this.test.text(values[id]!) ? 1 : 2
      return verdicts[id] === 1
    })
  }

  private byArena(column: Column, arena: NonNullable<Column['arena']>, selected: Selection): void {
    const { test } = this
    const original = asBuffer(arena.bytes)
    const literal = selected.count() * SPARSE < selected.size ? null : (test.literal ?? null)
    let searched = original
    if (literal !== null && literal.anyCase) {
      if (this.scratch.length < original.length) this.scratch = Buffer.allocUnsafe(original.length)
      lowerBytes(original, this.scratch)
      searched = this.scratch.subarray(0, original.length)
    }
    const judged = test.lowered === true ? searched : original
    const asText = test.bytes === undefined || (test.lowered === true && literal === null)
    const ascii = !asText && isAscii(original)
    const judge = (i: number): boolean => {
      const start = arena.start[i]!
      const end = arena.end[i]!
      if (asText || (!ascii && !isUtf8(original.subarray(start, end)))) return test.text(column.text(i))
      return test.bytes!(judged, start, end)
    }
    if (literal === null) selected.filter(judge)
    else searchArena(searched, arena, literal.bytes, selected, judge)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Keeps the selected rows that hold the literal and pass `judge`. */
function searchArena(
  bytes: Buffer,
  arena: NonNullable<Column['arena']>,
  literal: Uint8Array,
  selected: Selection,
  judge: (i: number) => boolean,
): void {
  const { start, end } = arena
  const kept = new Uint32Array(selected.words.length)
  const count = selected.size
  let row = 0
  let from = count > 0 ? start[0]! : 0
  while (row < count) {
    const hit = bytes.indexOf(literal, from)
    if (hit < 0) break
    row = rowAt(end, row, hit)
    if (row >= count) break
    if (hit < start[row]!) {
      from = start[row]!
      continue
    }
    if (hit + literal.length <= end[row]! && selected.has(row) && judge(row)) kept[row >>> 5]! |= 1 << (row & 31)
    // one hit is enough to judge the row
    from = end[row]!
    row++
  }
  selected.words.set(kept)
}

/** The first row from `row` on that ends after `at`. */
function rowAt(end: Uint32Array, row: number, at: number): number {
  let step = 1
  let low = row
  while (low < end.length && end[low]! <= at) {
    low += step
    step *= 2
  }
  let high = Math.min(low, end.length)
  low = Math.max(row, low - step / 2)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (end[middle]! <= at) low = middle + 1
    else high = middle
  }
  return low
}
