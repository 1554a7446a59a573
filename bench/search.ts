// `node bench/search.ts [--records N] [--dir DIR] [--rounds N]`: the store by itself, one JSON line for each thing measured.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Batch, BATCH_RECORDS, BatchWriter, createFilterBuilder, encodeBlock } from '@pullbox/log/record'
import { Header, parseHeader, zone } from '@pullbox/log/wire'
import { parseQuery, pipeParsers, QueryPool, runQuery, type QueryEvent, type RowSource } from '@pullbox/store/query'
import { describeSource, exportRecords, openSegments, openSource, type SegmentsStore } from '@pullbox/store/records'

import { corpus } from './corpus.ts'
import type { Values } from './section.ts'
import { median } from './statistics.ts'

const PART = 200_000
const BEGIN = Date.UTC(2026, 2, 1) * 1000
/** Microseconds from one record to the next: 4 M records are about an hour. */
const STEP = 900
const NEEDLES = 8
const NEEDLE = 'xyzzyplugh'
const ADDRESS = '203.0.113.77'
const HOST = 'needle-host'
const WORKERS = 2

/** What is asked, and how its rows are picked. Each is asked in turn, round after round. */
const QUESTIONS: Readonly<Record<string, { readonly text: string; readonly order?: 'newest'; readonly limit?: number }>> = {
  needle: { text: NEEDLE },
  'needle, absent': { text: 'absentxyzzyword' },
  address: { text: `"${ADDRESS}"` },
  'address, absent': { text: '"203.0.113.99"' },
  'common word': { text: 'session | stats count() as n' },
  'any case': { text: 'i("SESSION") | stats count() as n' },
  regexp: { text: '~"neighbor=[0-9]+ session" | stats count() as n' },
  'host =': { text: `host:=${HOST}` },
  'severity <= err, count': { text: 'severity:<=err | stats count() as n' },
  'count by host': { text: '* | stats by (host) count() as n' },
  'top 10 apps': { text: '* | top 10 by (app)' },
  'count by minute': { text: '* | stats by (_time:1m) count() as n' },
  'last 100': { text: '*', order: 'newest', limit: 100 },
}

/**
 * Loads so many records of the corpus through the store below `dir`, each block synced, and asks it the questions on 2 threads with the
 * files in the page cache. `ms` are medians of alternating rounds. One thread makes the blocks, so `load` is what one core can do.
 */
export async function measureStore(options: { records: number; dir: string; rounds?: number }): Promise<Record<string, Values>> {
  const path = join(options.dir, 'store')
  const store = await openSegments({ path })
  const out: Record<string, Values> = {}
  try {
    out['load'] = await load(store, options.records)
    out['export'] = await exportAll(store)
  } finally {
    await store.close()
  }
  out['open'] = await opening(path)
  const source = await openSource(describeSource({ path }).options)
  const pool = new QueryPool({ source: describeSource({ path }), workers: WORKERS })
  try {
    Object.assign(out, await ask(source, pool, join(options.dir, 'spill'), options.rounds ?? 5))
  } finally {
    await pool.close()
    await source.close?.()
  }
  return out
}

async function load(store: SegmentsStore, records: number): Promise<Values> {
  const filter = createFilterBuilder()
  const writer = new BatchWriter(Batch.alloc(BATCH_RECORDS, 1 << 20))
  const header = new Header()
  const context = { received: 0, zone: zone('UTC') }
  const every = Math.max(1, Math.floor(records / NEEDLES))
  let milliseconds = 0
  let raw = 0
  for (let from = 0; from < records; from += PART) {
    const { bytes, offset, count } = corpus(Math.min(PART, records - from), 1 + from / PART, 366, 'rfc3164')
    const started = performance.now()
    let last: Promise<unknown> = Promise.resolve()
    const flush = async (): Promise<void> => {
      if (writer.batch.count === 0) return
      const block = encodeBlock(writer.batch, { level: 1, filter, listener: 'bench' })
      writer.use(writer.batch)
      await last
      last = store.append([block])
    }
    for (let i = 0; i < count; i++) {
      const n = from + i
      const needle = n % every === every >> 1
      const message = needle ? NEEDLE_LINE : bytes
      const [start, end] = needle ? [0, message.length] : [offset[i], offset[i + 1] - 1]
      if (!writer.fits(end - start)) await flush()
      context.received = BEGIN + n * STEP
      parseHeader(message, start, end, context, header)
      // the corpus has clocks of many years, and each block would reach over all of them
      header.time = context.received
      writer.append(message, start, end, header, writer.source(SOURCES[n % SOURCES.length]), context.received, end - start)
      raw += end - start
    }
    await flush()
    await last
    milliseconds += performance.now() - started
  }
  const disk = store.stats().bytes
  return {
    'records/s': (records / milliseconds) * 1000,
    'MB/s': raw / milliseconds / 1000,
    'raw MB': raw / 1e6,
    'disk MB': disk / 1e6,
    blocks: store.stats().blocks,
  }
}

const SOURCES = Array.from({ length: 50 }, (_, i) => Buffer.from(`10.0.0.${i}`))

const NEEDLE_LINE = Buffer.from(`<13>Mar  1 00:00:00 ${HOST} app: the ${NEEDLE} from ${ADDRESS} port 514`)

async function exportAll(store: SegmentsStore): Promise<Values> {
  const started = performance.now()
  let bytes = 0
  for await (const run of exportRecords(store.source())) {
    if ('unreadable' in run) throw new Error(run.reason)
    const { offset } = run.rows.columns
    for (const i of run.picked) bytes += offset[i + 1] - offset[i]
  }
  const milliseconds = performance.now() - started
  return { ms: milliseconds, 'MB/s': bytes / milliseconds / 1000 }
}

/** Until a plan is there that looks at headers only, with nothing open before. */
async function opening(path: string): Promise<Values> {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const started = performance.now()
    const source = await openSource(describeSource({ path }).options)
    await source.plan({ since: -Infinity, until: Infinity }, { fields: new Set(), requirements: { always: true } })
    times.push(performance.now() - started)
    await source.close?.()
  }
  return { ms: median(times) }
}

async function ask(source: RowSource, pool: QueryPool, spillDir: string, rounds: number): Promise<Record<string, Values>> {
  const times = new Map<string, number[]>()
  const ends = new Map<string, Values>()
  // the first round warms up
  for (let round = 0; round <= rounds; round++) {
    for (const [name, { text, ...cut }] of Object.entries(QUESTIONS)) {
      const query = parseQuery(text, { pipes: pipeParsers })
      const started = performance.now()
      let rows = 0
      let end: Extract<QueryEvent, { type: 'end' }> | null = null
      for await (const event of runQuery({ query, source, pool, spillDir, now: BEGIN, ...cut })) {
        if (event.type === 'rows') rows += event.rows.length
        else if (event.type === 'end') end = event
      }
      if (end === null || !end.complete) throw new Error(`${name}: ${JSON.stringify(end?.reasons)}`)
      if (round > 0) times.set(name, [...(times.get(name) ?? []), performance.now() - started])
      ends.set(name, { rows, matched: end.stats.matched, 'blocks read': end.stats.blocks_read })
    }
  }
  return Object.fromEntries([...times].map(([name, list]) => [name, { ms: median(list), ...ends.get(name) }]))
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { records: { type: 'string' }, dir: { type: 'string' }, rounds: { type: 'string' } } })
  const dir = mkdtempSync(join(values.dir ?? tmpdir(), 'pullbox-search-'))
  try {
    const measured = await measureStore({ records: Number(values.records ?? 1_000_000), dir, rounds: Number(values.rounds ?? 5) })
    for (const [what, found] of Object.entries(measured)) process.stdout.write(`${JSON.stringify({ what, ...found })}\n`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
