import type { RecordView } from '@pullbox/log/record'
import { filterTimeRange } from '@pullbox/store/query'

import { readQuery } from '../search/index.ts'
import { readMicros } from '../time/micros.ts'
import type { Client, QueryAsk } from './contract.ts'
import type { Facts } from './judge.ts'
import { judgeOf } from './judge.ts'

/** Messages that were never received, as gap records tell it. Times are microseconds since 1970. */
export interface Missing {
  /** Whose numbers are missing; empty when a listener lost messages of sources that nobody knows. */
  readonly source: string
  readonly host: string
  /** The listener that lost them; empty for a gap in a source's numbers. */
  readonly listener: string
  /** How many; null when that is not known. */
  readonly count: number | null
  readonly since: number
  readonly until: number
  /** Gap records that were added up. */
  readonly gaps: number
}

export interface MissingAnswer {
  /** By source, host and listener; the most first. */
  readonly missing: readonly Missing[]
  /** Why there may be more than that; empty when there is not. */
  readonly incomplete: string
}

/** Sources and listeners that are told apart; what comes after is added to the last line. */
const MOST = 1000

/**
 * What an answer to the query may lack, because messages that it could have shown never came: of each gap that touches the range, the
 * filter is judged by what is known of the messages, which are their source, their host, and that they are records. One query for the
 * records of gaps, which the headers of blocks name, so that blocks without them are not read.
 */
export async function missingFor(client: Pick<Client, 'query'>, text: string, ask: QueryAsk = {}): Promise<MissingAnswer> {
  const { now = Date.now() * 1000, tz } = ask
  const { filter } = readQuery(text === '' ? '*' : text, now, tz)
  const own = filterTimeRange(filter)
  const since = Math.max(ask.since ?? -Infinity, own.since)
  const until = Math.min(ask.until ?? Infinity, own.until)
  const sums = new Map<string, Missing>()
  const judge = judgeOf(filter)
  let incomplete = ''
  // A gap's record has the time of its end, so one that begins in the range may stand after it.
  const frames = client.query('type:=gap', {
    ...(Number.isFinite(since) ? { since } : {}),
    ...(ask.signal === undefined ? {} : { signal: ask.signal }),
    now,
  })
  for await (const frame of frames) {
    if (frame.type === 'error') incomplete = frame.message
    if (frame.type === 'end' && !frame.complete) incomplete = 'not all records of gaps can be read'
    if (frame.type !== 'rows') continue
    for (const row of frame.rows) {
      const gap = gapOf(row as RecordView)
      if (gap !== null && gap.since < until && judge(factsOf(gap)) !== false) add(sums, gap)
    }
  }
  const size = (m: Missing) => m.count ?? Infinity
  return { missing: [...sums.values()].toSorted((a, b) => (size(a) === size(b) ? 0 : size(b) - size(a))), incomplete }
}

/** What a gap record tells, from the fields of its structured data; null when it is none. */
export function gapOf(row: RecordView): Missing | null {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : '')
  const listener = text('gap.listener')
  const source = text('gap.source')
  if (listener === '' && source === '') return null
  const count = Number(text('gap.missing') || Number.NaN)
  const time = (name: string, otherwise: number) => readMicros(text(name)) ?? otherwise
  const at = readMicros(row._time) ?? 0
  return {
    source,
    host: listener === '' ? (row.host ?? '') : '',
    listener,
    count: Number.isSafeInteger(count) ? count : null,
    since: time('gap.since', at),
    until: time('gap.until', at),
    gaps: 1,
  }
}

function add(sums: Map<string, Missing>, gap: Missing): void {
  let key = JSON.stringify([gap.source, gap.host, gap.listener])
  if (!sums.has(key) && sums.size >= MOST) key = 'others'
  const had = sums.get(key)
  if (had === undefined) sums.set(key, key === 'others' ? { ...gap, source: 'others', host: 'others', listener: '' } : gap)
  else {
    sums.set(key, {
      ...had,
      count: had.count === null || gap.count === null ? null : had.count + gap.count,
      since: Math.min(had.since, gap.since),
      until: Math.max(had.until, gap.until),
      gaps: had.gaps + gap.gaps,
    })
  }
}

/** What is known of the messages of a gap. */
function factsOf({ source, host }: Missing): Facts {
  return {
    type: 'record',
    ...(source === '' ? {} : { source }),
    ...(host === '' ? {} : { host, hostname: host }),
  }
}
