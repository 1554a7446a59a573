// What the engine's tests share.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { parseQuery, type Query } from '../language/index.ts'
import { pipeParsers } from '../pipe/index.ts'
import { statsFunctions } from '../stats/index.ts'
import { runQuery, type ListOptions, type ListRow, type QueryArguments, type QueryEvent, type ResultRow } from './index.ts'

export const LIST_SOURCE = new URL('./list-source.ts', import.meta.url).href
export const spillDir = mkdtempSync(join(tmpdir(), 'pullbox-query-test-'))
after(() => rmSync(spillDir, { recursive: true, force: true }))

export function parse(text: string): Query {
  return parseQuery(text, { pipes: pipeParsers, statsFunctions: statsFunctions.keys() })
}

export type End = Extract<QueryEvent, { type: 'end' }>

export async function answer(args: Omit<QueryArguments, 'now'>): Promise<{ rows: ResultRow[]; end: End; events: QueryEvent[] }> {
  const rows: ResultRow[] = []
  const events: QueryEvent[] = []
  for await (const event of runQuery({ now: 0, spillDir, ...args })) {
    events.push(event)
    if (event.type === 'rows') rows.push(...event.rows)
  }
  return { rows, end: events.at(-1) as End, events }
}

export function shown(rows: readonly ResultRow[]): [string, Record<string, string>][] {
  return rows.map(({ id, fields }) => [id, { ...fields }])
}

/** Numbers from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

export const BASE = 1_700_000_000_000_000

export function plainBlocks(blocks: number, rows: number, spread = 1e6): ListRow[][] {
  return Array.from({ length: blocks }, (_, b) =>
    Array.from({ length: rows }, (_, r) => ({
      time: BASE + b * spread + r,
      id: `${b}.${r}`,
      fields: { _msg: `row ${r} of ${b}`, host: `h${(b * rows + r) % 7}`, n: String((r * 7919 + b * 104_729) % 100_003) },
    })),
  )
}

export function inOrder({ blocks }: ListOptions, newest: boolean): ListRow[] {
  const rows = blocks.flat().map((row, place) => ({ row, place }))
  rows.sort((a, b) => a.row.time - b.row.time || a.place - b.place)
  if (newest) rows.reverse()
  return rows.map(({ row }) => row)
}
