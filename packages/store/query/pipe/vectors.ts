import { Lexer, parseQuery } from '../language/index.ts'
import { runPipes } from '../engine/stages.ts'
import { resultRows } from '../engine/events.ts'
import type { Column } from '../rows.ts'
import { parseStatsCall, statsFunctions } from '../stats/index.ts'
import { Budget, everyRow, pipeParsers, viewOf, type Batch } from './index.ts'

/** Microseconds since 1970 that the cases are run at: 2024-05-30T01:02:03Z. */
const NOW = 1_717_030_923_000_000

/** A case of kind `pipe`. */
export interface PipeCase {
  readonly input: { readonly pipe: string; readonly rows: readonly Readonly<Record<string, string>>[] }
}

/** Rows given one by one, as a batch. Their `_time`, if any, is text. */
export function batchOf(rows: readonly Readonly<Record<string, string>>[]): Batch {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = new Map<string, Column>(
    names.map((name) => [name, { text: (i) => (Object.hasOwn(rows[i]!, name) ? rows[i]![name]! : '') }]),
  )
  const view = viewOf(
    { count: rows.length, time: new Float64Array(rows.length), column: (name) => columns.get(name) ?? null, names: () => names },
    false,
  )
  return { view, picked: everyRow(rows.length) }
}

function parsePipes(text: string): ReturnType<typeof parseQuery> {
  return parseQuery(`* | ${text}`, { now: NOW, pipes: pipeParsers, statsFunctions: statsFunctions.keys() })
}

/** What the pipe makes of the rows; fields without a value are left out. */
export async function answerPipeCase({ input }: PipeCase): Promise<{ rows: Record<string, string>[] }> {
  const { pipes } = parsePipes(input.pipe)
  const context = { now: NOW, rangeSeconds: 0, budget: new Budget(64 * 2 ** 20), spill: null }
  const start = async function* (): AsyncGenerator<Batch> {
    yield batchOf(input.rows)
  }
  const rows: Record<string, string>[] = []
  for await (const batch of runPipes(start(), pipes, context)) rows.push(...resultRows(batch).map(({ fields }) => ({ ...fields })))
  return { rows }
}

/** For `parse_ok` and `parse_error` of pipes and stats functions: `{}` when it is read, `{ error: true, code }` when not. */
export function answerParseCase({ input }: { readonly input: { readonly what: string; readonly text: string } }): {
  error?: true
  code?: string
} {
  try {
    if (input.what === 'stats_func') {
      const lexer = new Lexer(input.text, { now: NOW })
      parseStatsCall(lexer)
      if (!lexer.end) lexer.fail(`the end expected, not ${lexer.shown()}`)
    } else parsePipes(input.text)
    return {}
  } catch (error) {
    return { error: true, code: (error as { code?: string }).code ?? '' }
  }
}
