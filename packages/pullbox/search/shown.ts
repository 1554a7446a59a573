import type { RecordView } from '@pullbox/log/record'
import { recordView } from '@pullbox/log/record'
import type { Query, ResultRow } from '@pullbox/store/query'
import { parseQuery, pipeParsers, statsFunctions } from '@pullbox/store/query'

/** Pipes that pick or order rows and leave their fields as they are. */
const KEEPING: ReadonlySet<string> = new Set(['filter', 'limit', 'offset', 'sort', 'first', 'last', 'sample'])

/** A row of pipes that change fields: name to text, as the pipes give them. */
export type PlainRow = { readonly type: string } & Readonly<Record<string, string>>

/** Reads a query with all that is built. `now` in microseconds since 1970; `tz` is the zone of times that carry none, UTC when absent. */
export function readQuery(text: string, now: number, tz?: string): Query {
  return parseQuery(text, { now, pipes: pipeParsers, statsFunctions: statsFunctions.keys(), ...(tz === undefined ? {} : { tz }) })
}

/** Whether the rows of the query are whole records, rather than what pipes made of them. */
export function picksRecords(text: string, now: number): boolean {
  return keeps(readQuery(text, now))
}

/** The fields that the query names for its rows, in that order; empty where it does not end with `fields`, or with patterns. */
export function namedFields(text: string, now: number): readonly string[] {
  const last = readQuery(text, now).pipes.findLast((pipe) => !KEEPING.has(pipe.op)) as
    | { op: string; fields?: readonly string[] }
    | undefined
  const fields = last?.op === 'fields' ? (last.fields ?? []) : []
  return fields.some((name) => name.endsWith('*')) ? [] : fields
}

function keeps(query: Query): boolean {
  return query.pipes.every((pipe) => KEEPING.has(pipe.op))
}

/** How rows of the query are shown: whole records as such, rows that pipes changed as plain rows. */
export function shownBy(query: Query): (row: ResultRow) => RecordView | PlainRow {
  return keeps(query) ? asRecord : asPlain
}

function asRecord({ id, fields }: ResultRow): RecordView {
  return recordView(id, new Map(Object.entries(fields)))
}

function asPlain({ fields }: ResultRow): PlainRow {
  return { type: 'row', ...fields }
}
