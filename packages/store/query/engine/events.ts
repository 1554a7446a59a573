import type { Batch } from '../pipe/index.ts'

/** A row as it is shown. */
export interface ResultRow {
  /** Record id; empty for rows that pipes made. */
  readonly id: string
  /** Microseconds since 1970; NaN for rows that pipes made. */
  readonly time: number
  /** Fields with a value, in the order of the pipes; no prototype, so that any name is safe. */
  readonly fields: Readonly<Record<string, string>>
}

/** Why an answer is not complete. Times are microseconds; absent where they are not known. */
export interface Reason {
  readonly kind: 'unreadable' | 'source' | 'stopped'
  readonly text: string
  /** Records that are missing, where that is known. */
  readonly count?: number
  readonly since?: number
  readonly until?: number
}

/** Counts of one query; true at the moment of the event. */
export interface QueryStats {
  readonly blocks_read: number
  readonly blocks_total: number
  readonly bytes_read: number
  readonly bytes_total: number
  /** Rows that were looked at, rows of the range that match the filter, rows given. */
  readonly rows_read: number
  readonly matched: number
  readonly rows: number
  /** Bytes that the query held at most, outside of threads, as it counts them itself. */
  readonly memory_peak: number
  /** Temporary files were used. */
  readonly spilled: boolean
}

/** What a query says, in this order: `progress` and `rows` as they come, one `end`. */
export type QueryEvent =
  | { readonly type: 'rows'; readonly rows: ResultRow[] }
  | {
      readonly type: 'progress'
      readonly blocks_read: number
      readonly blocks_total: number
      readonly bytes_read: number
      readonly bytes_total: number
      readonly matched: number
    }
  | { readonly type: 'end'; readonly complete: boolean; readonly reasons: readonly Reason[]; readonly stats: QueryStats }

/** The rows of a batch as objects. */
export function resultRows({ view, picked }: Batch): ResultRow[] {
  const names = [...new Set(view.names(picked))]
  const columns = names.map((name) => view.column(name))
  const rows: ResultRow[] = []
  for (let k = 0; k < picked.length; k++) {
    const i = picked[k]!
    const fields = Object.create(null) as Record<string, string>
    for (let f = 0; f < names.length; f++) {
      const value = columns[f]?.text(i) ?? ''
      if (value !== '') fields[names[f]!] = value
    }
    rows.push({ id: view.id(i), time: view.time[i]!, fields })
  }
  return rows
}
