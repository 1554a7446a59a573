import { setImmediate } from 'node:timers/promises'

import { CodedError } from '@pullbox/log/errors'
import type { BlockRows } from '@pullbox/log/record'
import type { TimeRange, Unreadable } from '@pullbox/store/query'
import { compileFilter, filterTimeRange, parseQuery, pipeParsers, requirements, Selection } from '@pullbox/store/query'
import type { ExportOptions, ExportRun, Framing, RawTotals, RecordsSource } from '@pullbox/store/records'
import { exportRecords, rawFrames, rawTotals } from '@pullbox/store/records'

import { recordViews } from './record-views.ts'

export interface ExportRequest {
  readonly source: RecordsSource
  /** A LogsQL filter, without pipes; all records when empty. */
  readonly query?: string
  /** Microseconds since 1970: `since <= t < until`. */
  readonly since?: number
  readonly until?: number
  /** `write`: by number, as the records arrived; `time`: by time. */
  readonly order?: 'write' | 'time'
  /** `ndjson`: one RecordView a line; `raw`: the exact bytes, framed. */
  readonly format: 'ndjson' | 'raw'
  /** For `raw`; octet counting when absent. */
  readonly framing?: Framing
  /** For `raw`: Pullbox's own records too. */
  readonly own?: boolean
  /** How a view is written as JSON; JSON.stringify when absent. */
  readonly json?: (view: object) => string
  /** Microseconds since 1970, and the zone of times that the query writes without one. */
  readonly now: number
  readonly tz?: string
  /** Takes the pieces in order; waited for. A piece is the receiver's. */
  readonly write: (piece: Uint8Array) => Promise<void>
  /** Bytes of the store that were read and those that will be. */
  readonly progress?: (read: number, total: number) => void
  /** Ends the work after about a mebibyte; the report then says `stopped`. */
  readonly signal?: AbortSignal
}

/** What was written. The sum is complete when nothing was unreadable and it was not stopped. */
export interface ExportReport extends RawTotals {
  /** Bytes written, with what stands between the records. */
  written: number
  readonly unreadable: Unreadable[]
  stopped: boolean
}

const PIECE = 1 << 20

/**
 * Writes the records of a store out. Reads beside a collector. Throws the codes of `parseQuery`, QUERY_EXPORT_PIPES, what `write`
 * throws, and QUERY_REGEXP_COSTLY; damage is in the report.
 */
export async function exportStore(request: ExportRequest): Promise<ExportReport> {
  const report: ExportReport = { ...rawTotals(), written: 0, unreadable: [], stopped: false }
  const runs = exportRecords(request.source, exportOptions(request))
  const framing = request.framing ?? 'octet'
  const pieces =
    request.format === 'raw'
      ? rawFrames(runs, { framing, own: request.own === true }, report)
      : jsonLines(runs, request.json ?? JSON.stringify, report)
  for await (const piece of pieces) {
    if ('unreadable' in piece) {
      report.unreadable.push(piece)
      continue
    }
    await request.write(piece)
    report.written += piece.length
    // Reading is synchronous: signals are heard here.
    await setImmediate()
    if (request.signal?.aborted === true) {
      report.stopped = true
      break
    }
  }
  return report
}

function exportOptions(request: ExportRequest): ExportOptions {
  const { query = '', now, tz, progress } = request
  const asked: TimeRange = { since: request.since ?? -Infinity, until: request.until ?? Infinity }
  let total = 0
  let read = 0
  const options: ExportOptions = {
    range: asked,
    order: request.order ?? 'write',
    watch: {
      planned: (bytes) => (total = bytes),
      read: (bytes) => progress?.((read += bytes), total),
    },
  }
  if (query.trim() === '') return options
  const { filter, pipes } = parseQuery(query, { now, pipes: pipeParsers, ...(tz === undefined ? {} : { tz }) })
  if (pipes.length > 0) {
    throw new CodedError('QUERY_EXPORT_PIPES', 'an export takes a filter and no pipes', {
      at: pipes[0].op,
      hint: 'pullbox search --json runs pipes',
    })
  }
  if (filter.op === 'all') return options
  const matcher = compileFilter(filter)
  const own = filterTimeRange(filter)
  return {
    ...options,
    range: { since: Math.max(asked.since, own.since), until: Math.min(asked.until, own.until) },
    filter: { requirements: requirements(filter), pick: (rows, among) => matching(matcher, rows, among) },
  }
}

function matching(matcher: ReturnType<typeof compileFilter>, rows: BlockRows, among: Uint32Array): Uint32Array {
  const selected = new Selection(rows.count)
  for (const i of among) selected.set(i)
  matcher.apply(rows, selected)
  const picked = new Uint32Array(selected.count())
  let n = 0
  selected.forEach((i) => (picked[n++] = i))
  return picked
}

async function* jsonLines(
  runs: AsyncIterable<ExportRun | Unreadable>,
  json: (view: object) => string,
  totals: RawTotals,
): AsyncGenerator<Uint8Array | Unreadable> {
  let text = ''
  for await (const run of runs) {
    if ('unreadable' in run) {
      yield run
      continue
    }
    const views = viewsOrDamage(run)
    if ('unreadable' in views) {
      yield views
      continue
    }
    for (const view of views) {
      text += `${json(view)}\n`
      totals.records++
      if (text.length < PIECE) continue
      yield Buffer.from(text)
      text = ''
    }
  }
  if (text !== '') yield Buffer.from(text)
}

function viewsOrDamage({ rows, picked }: ExportRun): ReturnType<typeof recordViews> | Unreadable {
  try {
    return recordViews(rows, picked)
  } catch (error) {
    const e = error as CodedError
    let minTime = Infinity
    let maxTime = -Infinity
    for (const i of picked) {
      minTime = Math.min(minTime, rows.time[i])
      maxTime = Math.max(maxTime, rows.time[i])
    }
    return { unreadable: true, reason: `${e.message}${e.at ? `, ${e.at}` : ''}`, count: picked.length, minTime, maxTime }
  }
}
