import type { RecordView } from '@pullbox/log/record'
import type { OpenSource, Query, QueryEvent, RowSource, SourceDescriptor } from '@pullbox/store/query'
import { QueryPool, runQuery } from '@pullbox/store/query'
import type { RecordsReader } from '@pullbox/store/records'

import type { PlainRow } from './shown.ts'
import { readQuery, shownBy } from './shown.ts'

export interface SearchOptions {
  /** How this thread and each query thread open the records. */
  readonly source: SourceDescriptor
  /**
   * Plans the queries, where this thread has it open already; shared, and closed by its owner. Absent = the store is opened anew for
   * each query.
   */
  readonly reader?: RecordsReader
  /** The last record number that may be shown, asked for each query: what is not synced yet is never shown. Absent = every whole block. */
  readonly bound?: () => number
  /** Query threads; 0 = all work is done in the thread that asks. */
  readonly workers: number
  /** Directory for temporary files of large queries. */
  readonly spillDir: string
  /** Bytes that one query may hold; the engine's default when absent. */
  readonly memory?: number
}

export interface QueryOptions {
  /** Microseconds since 1970: `since <= t < until`. */
  readonly since?: number
  readonly until?: number
  /** Order of rows that no pipe sorts; 'oldest' when absent. */
  readonly order?: 'oldest' | 'newest'
  readonly limit?: number
  /** Ends the work within one block; an `end` frame that is not complete follows. */
  readonly signal?: AbortSignal
  /** Microseconds since 1970; the clock of this machine when absent. */
  readonly now?: number
  /** IANA name of the zone of times that the query writes without one; UTC when absent. */
  readonly tz?: string
}

/** What a query says: `progress` and `rows` as they come, one `end`. Times are microseconds since 1970, durations seconds. */
export type Frame =
  | { readonly type: 'rows'; readonly rows: readonly (RecordView | PlainRow)[] }
  | (Extract<QueryEvent, { type: 'progress' }> & { readonly seconds: number })
  | {
      readonly type: 'end'
      readonly complete: boolean
      readonly reasons: Extract<QueryEvent, { type: 'end' }>['reasons']
      readonly stopped: boolean
      readonly records: number
      readonly blocks_read: number
      readonly blocks_total: number
      readonly bytes_read: number
      readonly bytes_total: number
      readonly seconds: number
    }

export interface Search {
  /**
   * Reads the text at once and runs it when it is iterated; the consumer holds the work by not asking. Throws the codes of
   * `parseQuery` here, those of `runQuery` from the iteration.
   */
  query(text: string, options?: QueryOptions): AsyncIterable<Frame>
  /** Ends the query threads; queries that still run fail. */
  close(): Promise<void>
}

/** Queries over one store. Knows no collector: it reads what is on disk. */
export function createSearch(options: SearchOptions): Search {
  const pool = options.workers > 0 ? new QueryPool({ source: options.source, workers: options.workers }) : null
  return {
    query(text, asked = {}) {
      const now = asked.now ?? Date.now() * 1000
      const query = readQuery(text, now, asked.tz)
      return frames(options, pool, query, { ...asked, now })
    },
    close: async () => pool?.close(),
  }
}

async function* frames(
  options: SearchOptions,
  pool: QueryPool | null,
  query: Query,
  asked: QueryOptions & { readonly now: number },
): AsyncGenerator<Frame, void, undefined> {
  const started = performance.now()
  const shown = shownBy(query)
  const { spillDir, memory } = options
  const source = await sourceOf(options)
  try {
    const { since = -Infinity, until = Infinity, order, limit, signal, now } = asked
    const events = runQuery({
      query,
      source,
      pool,
      spillDir,
      now,
      range: { since, until },
      ...(order === undefined ? {} : { order }),
      ...(limit === undefined ? {} : { limit }),
      ...(signal === undefined ? {} : { signal }),
      ...(memory === undefined ? {} : { memory }),
    })
    for await (const event of events) yield frame(event, shown, (performance.now() - started) / 1000)
  } finally {
    await source.close?.()
  }
}

/** What is on disk up to now. */
async function sourceOf({ source, reader, bound }: SearchOptions): Promise<RowSource> {
  const last = bound?.()
  if (reader === undefined) {
    const { openSource } = (await import(source.module)) as { openSource: OpenSource }
    return openSource(last === undefined ? source.options : { ...(source.options as object), bound: last })
  }
  reader.refresh(last)
  const shared = reader.source()
  return {
    plan: (range, need) => shared.plan(range, need),
    read: (ref, need) => shared.read(ref, need),
    valueCounts: async (ref, field) => (await shared.valueCounts?.(ref, field)) ?? null,
  }
}

function frame(event: QueryEvent, shown: ReturnType<typeof shownBy>, seconds: number): Frame {
  if (event.type === 'progress') return { ...event, seconds }
  if (event.type === 'rows') return { type: 'rows', rows: event.rows.map(shown) }
  const { blocks_read, blocks_total, bytes_read, bytes_total, rows } = event.stats
  const stopped = event.reasons.some((reason) => reason.kind === 'stopped')
  return {
    type: 'end',
    complete: event.complete,
    reasons: event.reasons,
    stopped,
    records: rows,
    blocks_read,
    blocks_total,
    bytes_read,
    bytes_total,
    seconds,
  }
}
