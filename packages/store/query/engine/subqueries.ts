import { CodedError } from '@pullbox/log/errors'
import type { PipeNode, Query, ValueSet } from '../language/index.ts'
import type { Reason } from './events.ts'
import { runQuery, type QueryArguments } from './run.ts'

/** Subqueries in one query, at most, and values that all of them may give. */
const MOST_SUBQUERIES = 100
const MOST_VALUE_BYTES = 16 * 2 ** 20

/** The query with each subquery replaced by the values that it gives. What they could not read is added to `reasons`. */
export async function resolveSubqueries(args: QueryArguments, reasons: Reason[]): Promise<Query> {
  const state = { many: 0, bytes: 0 }
  const visit = async (node: unknown): Promise<unknown> => {
    if (typeof node !== 'object' || node === null) return node
    if (Array.isArray(node)) {
      const items: unknown[] = []
      for (const item of node) items.push(await visit(item))
      return items.every((item, i) => item === node[i]) ? node : items
    }
    if ((node as ValueSet).kind === 'query')
      return { kind: 'list', values: await values(args, (node as { query: Query }).query, reasons, state) }
    const changed: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(node)) {
      const next = await visit(value)
      if (next !== value) changed[name] = next
    }
    return Object.keys(changed).length === 0 ? node : { ...node, ...changed }
  }
  return (await visit(args.query)) as Query
}

async function values(args: QueryArguments, query: Query, reasons: Reason[], state: { many: number; bytes: number }): Promise<string[]> {
  if (++state.many > MOST_SUBQUERIES) throw tooMuch(`the query has more than ${MOST_SUBQUERIES} subqueries`)
  const { fields } = query.pipes.at(-1) as PipeNode & { fields: readonly string[] }
  const found = new Set<string>()
  const { limit: _limit, ...rest } = args
  for await (const event of runQuery({ ...rest, query })) {
    if (event.type === 'end') reasons.push(...event.reasons)
    if (event.type !== 'rows') continue
    for (const row of event.rows) {
      const value = row.fields[fields[0]!] ?? ''
      if (found.has(value)) continue
      found.add(value)
      state.bytes += 64 + value.length * 2
      if (state.bytes > MOST_VALUE_BYTES) throw tooMuch(`the subqueries give more than ${MOST_VALUE_BYTES} bytes of values`)
    }
  }
  return [...found]
}

function tooMuch(message: string): CodedError {
  return new CodedError('QUERY_SUBQUERY_LIMIT', message, { hint: 'narrow the subquery, or join two smaller queries by hand' })
}
