import { Selection, compileFilter } from '../filter/index.ts'
import { pipeParsers } from '../pipe/index.ts'
import { answerParseCase as answerPipeParseCase } from '../pipe/vectors.ts'
import { statsFunctions } from '../stats/index.ts'
import { lessNatural } from './compare.ts'
import { parseQuery } from './parser.ts'

import type { Column, Rows } from '../rows.ts'
import type { FilterNode } from './ast.ts'

/** Microseconds since 1970 that the cases are read at: 2024-05-30T01:02:03Z. */
const NOW = 1_717_030_923_000_000

/** A case of kind `filter`; columns hold one value a row, `_time` Unix nanoseconds. Without `_time`, row i has second i. */
export interface FilterCase {
  readonly input: {
    readonly query: string | null
    readonly filter?: Readonly<Record<string, unknown>> | null
    readonly columns: Readonly<Record<string, readonly string[]>>
  }
}

/** Columns of texts as rows. */
export function rowsOf(columns: Readonly<Record<string, readonly string[]>>): Rows {
  const names = Object.keys(columns)
  const count = Math.max(0, ...names.map((name) => columns[name]!.length))
  const time = Float64Array.from({ length: count }, (_, i) =>
    columns['_time'] === undefined ? i * 1e6 : Number(columns['_time'][i]) / 1000,
  )
  const made = new Map<string, Column>(
    names.filter((name) => name !== '_time').map((name) => [name, { text: (i) => columns[name]![i] ?? '' }]),
  )
  return { count, time, column: (name) => made.get(name) ?? null, names: () => names }
}

/** Indexes of the rows that match. */
export function answerFilterCase({ input }: FilterCase): { rows: number[] } | { error: true; code: string } {
  try {
    const rows = rowsOf(input.columns)
    const filter = typeof input.query === 'string' ? parseQuery(input.query, { now: NOW }).filter : fromObject(input.filter ?? {})
    const selected = Selection.all(rows.count)
    compileFilter(filter).apply(rows, selected)
    const out: number[] = []
    selected.forEach((row) => out.push(row))
    return { rows: out }
  } catch (error) {
    return { error: true, code: codeOf(error) }
  }
}

/** Filters on nanoseconds of the day have no text; they come as an object. */
function fromObject(filter: Readonly<Record<string, unknown>>): FilterNode {
  const us = (name: string): number => Number(filter[name]) / 1000
  if (filter['op'] === 'day_range')
    return { op: 'day_range', start: us('start_ns'), end: (Number(filter['end_ns']) + 1) / 1000, offset: us('offset_ns'), text: '' }
  if (filter['op'] === 'time') return { op: 'time', since: us('min_ns'), until: (Number(filter['max_ns']) + 1) / 1000, text: '' }
  throw new TypeError(`a filter without text: ${JSON.stringify(filter)}`)
}

/** A case of kind `parse_ok` or `parse_error`: the text of a query, a pipe or a stats function. */
export interface ParseCase {
  readonly input: { readonly what: string; readonly text: string }
}

/** `{}` when the text is read, `{ error: true, code }` when not. */
export function answerParseCase(parseCase: ParseCase): { error?: true; code?: string } {
  if (parseCase.input.what !== 'query') return answerPipeParseCase(parseCase)
  try {
    parseQuery(parseCase.input.text, { now: NOW, pipes: pipeParsers, statsFunctions: statsFunctions.keys() })
    return {}
  } catch (error) {
    return { error: true, code: codeOf(error) }
  }
}

/** A case of kind `compare`. */
export interface CompareCase {
  readonly input: { readonly a: string; readonly b: string }
}

export function answerCompareCase({ input }: CompareCase): { less: boolean } {
  return { less: lessNatural(input.a, input.b) }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') throw error
  return code
}
