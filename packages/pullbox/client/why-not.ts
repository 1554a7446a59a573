import { formatTime } from '@pullbox/log/record'
import type { FilterNode, Query } from '@pullbox/store/query'
import { printQuery } from '@pullbox/store/query'

import type { SourceView } from '../api/index.ts'
import { readQuery } from '../search/index.ts'
import { readMicros } from '../time/micros.ts'
import type { Client, ClientFrame, QueryAsk } from './contract.ts'
import { judgeOf } from './judge.ts'
import { missingFor } from './missing.ts'

/** One reason why records that were expected are not found. Times are microseconds since 1970. */
export interface Finding {
  /**
   * `missing`: never received, by gap records. `unreadable`: stored and damaged. `refused`: not kept, under the rule's name.
   * `dropped`: lost in the kernel before a listener read them. `held`: read and not synced yet. `clock`: received in the range, and
   * their own time lies outside. `silent`: the source sends nothing. `part`: one part of the query, by itself. `trouble`: the store
   * takes nothing.
   */
  readonly kind: 'missing' | 'unreadable' | 'refused' | 'dropped' | 'held' | 'clock' | 'silent' | 'part' | 'trouble'
  readonly text: string
  readonly source?: string
  readonly host?: string
  readonly listener?: string
  readonly reason?: string
  /** Null where it is not known. */
  readonly count?: number | null
  readonly since?: number
  readonly until?: number
  /** It belongs to the range for certain, or may; a total of all times otherwise. */
  readonly inRange: boolean
}

export interface WhyNot {
  /** Records of the range that match. */
  readonly matched: number
  /** Nothing of the range is known to be lost. */
  readonly complete: boolean
  readonly findings: readonly Finding[]
}

/** Microseconds by which a clock or a zone may be wrong and is still looked for: a day. */
const CLOCK_US = 86_400_000_000
/** Microseconds by which a message may lie outside without being told: it was on its way. */
const WAY_US = 60_000_000
/** Parts of a query that are tried by themselves. */
const MOST_PARTS = 8

/** Kinds that mean that something of the range is lost, or may be. */
const LOSSES: ReadonlySet<string> = new Set(['missing', 'unreadable', 'refused', 'dropped', 'trouble'])

/** Looks for what became of records that a search does not show. Pipes of the query are passed over. */
export async function whyNot(client: Client, text: string, ask: QueryAsk = {}): Promise<WhyNot> {
  const query = readQuery(text.trim() === '' ? '*' : text, ask.now ?? Date.now() * 1000, ask.tz)
  const filter: Query = { ...query, pipes: [], pipeTexts: [] }
  const own = printQuery(filter)
  const { matched, unreadable } = await countOf(client, own, ask, `count() as n, ${TOUCH}`)
  const findings = [
    ...(await missing(client, own, ask)),
    ...unreadable,
    ...(await byState(client, filter.filter, ask)),
    ...(await wrongClocks(client, own, ask)),
    ...(matched === 0 ? await parts(client, filter, ask) : []),
  ]
  return { matched, complete: !findings.some((f) => f.inRange && LOSSES.has(f.kind)), findings }
}

async function missing(client: Client, text: string, ask: QueryAsk): Promise<Finding[]> {
  const { missing: sums } = await missingFor(client, text, ask)
  return sums.map(({ source, host, listener, count, since, until, gaps }) => {
    const many = count === null ? 'an unknown number' : String(count)
    const whose = listener === '' ? `${host || source} (${source})` : `listener ${listener}`
    return {
      kind: 'missing',
      text: `${many} of ${whose} never came, between ${formatTime(since)} and ${formatTime(until)}${gaps === 1 ? '' : `, in ${gaps} gaps`}`,
      ...(listener === '' ? { source, host } : { listener }),
      count,
      since,
      until,
      inRange: true,
    }
  })
}

/** Statistics that touch everything of a block: a count alone is answered by its header, and damage would not show. */
const TOUCH = 'max(_msg) as a, max(host) as b, max(app) as c, max(source) as d'

async function countOf(
  client: Client,
  text: string,
  ask: QueryAsk,
  stats = 'count() as n',
): Promise<{ matched: number; unreadable: Finding[] }> {
  let matched = 0
  const unreadable: Finding[] = []
  for await (const frame of client.query(`${text}\n| stats ${stats}`, ask)) {
    if (frame.type === 'rows') for (const row of frame.rows) matched += Number((row as { n?: string }).n ?? 0)
    if (frame.type === 'error') unreadable.push({ kind: 'unreadable', text: frame.message, reason: frame.code, inRange: true })
    if (frame.type === 'end') unreadable.push(...reasons(frame))
  }
  return { matched, unreadable }
}

function reasons(end: Extract<ClientFrame, { type: 'end' }>): Finding[] {
  return end.reasons
    .filter((r) => r.kind !== 'stopped')
    .map(({ text, count, since, until }) => ({
      kind: 'unreadable',
      text,
      ...(count === undefined || count === 0 ? {} : { count }),
      // Where the damage hit the block's header, its times are not known.
      ...(typeof since === 'number' && Number.isFinite(since) ? { since } : {}),
      ...(typeof until === 'number' && Number.isFinite(until) ? { until } : {}),
      inRange: true,
    }))
}

/** What the account and the listeners say. */
async function byState(client: Client, filter: FilterNode, ask: QueryAsk): Promise<Finding[]> {
  const [{ sources }, status] = await Promise.all([client.sources(), client.status()])
  const judge = judgeOf(filter)
  const concerned = (facts: Record<string, string>) => judge({ type: 'record', ...facts }) !== false
  const out: Finding[] = []
  for (const line of sources) {
    // Another host may send through the same source: only its own silence is told by the host.
    if (concerned({ source: line.source })) out.push(...unsettled(line))
    const host: Record<string, string> = line.host === '' ? {} : { host: line.host, hostname: line.host }
    if (line.source !== 'pullbox' && concerned({ source: line.source, ...host })) out.push(...silence(line, ask))
  }
  for (const { name, kernel_drops: count } of status.listeners) {
    if (count > 0)
      out.push({
        kind: 'dropped',
        text: `${count} were dropped by the kernel before listener ${name} could read them`,
        listener: name,
        count,
        inRange: true,
      })
  }
  if (status.trouble !== null) out.push({ kind: 'trouble', text: status.trouble.message, reason: status.trouble.code, inRange: true })
  return out
}

function unsettled({ source, host, refused, held }: SourceView): Finding[] {
  const out: Finding[] = Object.entries(refused)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => ({
      kind: 'refused',
      text: `${count} of ${source} were refused: ${reason} (in all; the account does not tell when)`,
      source,
      host,
      reason,
      count,
      inRange: true,
    }))
  if (held > 0)
    out.push({
      kind: 'held',
      text: `${held} of ${source} are read and not synced yet: ask again`,
      source,
      host,
      count: held,
      inRange: true,
    })
  return out
}

function silence({ source, host, silent, last_seen: last }: SourceView, { since }: QueryAsk): Finding[] {
  const quiet = since !== undefined && last > 0 && last < since
  if (!silent && !quiet) return []
  const name = host === '' || host === source ? source : `${host} (${source})`
  const heard = last > 0 ? `was last heard at ${formatTime(last)}` : 'was never heard'
  return [{ kind: 'silent', text: `${name} ${heard}`, source, host, ...(last > 0 ? { until: last } : {}), inRange: true }]
}

/** Records that came in the range, and whose own time lies outside of it: by more than a minute, and by at most a day. */
async function wrongClocks(client: Client, text: string, ask: QueryAsk): Promise<Finding[]> {
  const { since, until = ask.now ?? Date.now() * 1000 } = ask
  if (since === undefined || since >= until) return []
  const received = `received:string_range("${formatTime(since)}", "${formatTime(until)}")`
  const stats = 'stats by (source, host) count() as n, min(_time) as least, max(_time) as most'
  const out: Finding[] = []
  for (const range of [
    { since: since - CLOCK_US, until: since - WAY_US },
    { since: until + WAY_US, until: until + CLOCK_US },
  ]) {
    const frames = client.query(`(${text}\n) ${received} -source:=pullbox\n| ${stats}`, { ...ask, ...range })
    for await (const frame of frames) if (frame.type === 'rows') out.push(...frame.rows.map((row) => clock(row as Record<string, string>)))
  }
  return out
}

function clock({ source = '', host = '', n = '0', least = '', most = '' }: Readonly<Record<string, string>>): Finding {
  const times = least === most ? least : `${least} to ${most}`
  return {
    kind: 'clock',
    text: `${n} of ${host || source} (${source}) came in this range with other times, ${times}: its clock, or its zone (sources in the configuration), is off`,
    source,
    host,
    count: Number(n),
    since: readMicros(least) ?? 0,
    until: readMicros(most) ?? 0,
    inRange: true,
  }
}

/** Where nothing matched: how many records each part of the query would find alone. */
async function parts(client: Client, query: Query, ask: QueryAsk): Promise<Finding[]> {
  const { filter } = query
  if (filter.op !== 'and' || filter.filters.length > MOST_PARTS) return []
  const out: Finding[] = []
  for (const part of filter.filters) {
    if (part.op === 'time') continue
    const text = printQuery({ ...query, filter: part })
    const { matched } = await countOf(client, text, ask)
    out.push({ kind: 'part', text: `${text} alone matches ${matched}`, reason: text, count: matched, inRange: true })
  }
  return out
}
