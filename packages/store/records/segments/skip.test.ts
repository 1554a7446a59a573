import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { parseQuery, pipeParsers, runQuery, type QueryEvent, type RowSource, type TimeRange } from '@pullbox/store/query'
import { openSegments, type RecordsSource } from '@pullbox/store/records'

import { randomFrom } from '../../query/language/seed.ts'
import { LineBlocks } from './lines.fixture.ts'

// What a query leaves unread: never a row that matches, and as much as it can of the rest.

const root = mkdtempSync(join(tmpdir(), 'pullbox-skip-'))
after(() => rmSync(root, { recursive: true, force: true }))
let stores = 0
const maker = new LineBlocks()
const T0 = Date.UTC(2026, 2, 1) * 1000

async function sourceOf(blocks: readonly Uint8Array[]): Promise<RecordsSource> {
  const store = await openSegments({ path: join(root, String(++stores)), segmentBytes: 256 << 10 })
  after(() => store.close())
  for (const block of blocks) await store.append([block])
  return store.source()
}

type End = Extract<QueryEvent, { type: 'end' }>

async function ask(
  source: RowSource,
  text: string,
  more: { order?: 'newest'; limit?: number; range?: TimeRange } = {},
): Promise<{ ids: string[]; values: string[]; end: End }> {
  const ids: string[] = []
  const values: string[] = []
  let end: End | null = null
  for await (const event of runQuery({ query: parseQuery(text, { pipes: pipeParsers }), source, now: 0, ...more })) {
    if (event.type === 'end') end = event
    if (event.type !== 'rows') continue
    ids.push(...event.rows.map((row) => row.id))
    values.push(...event.rows.flatMap((row) => Object.values(row.fields)))
  }
  assert.ok(end !== null && end.complete, JSON.stringify(end))
  return { ids, values, end }
}

/** The same store, reading everything: the plan leaves nothing out. */
const unskipped = (source: RecordsSource): RowSource => ({
  plan: (range) => source.plan(range, { fields: null, requirements: { always: true } }),
  read: (ref) => source.read(ref, { fields: null, requirements: { always: true } }),
})

const stamp = (i: number): string =>
  `Mar  1 ${String((i / 3600) | 0).padStart(2, '0')}:${String(((i / 60) | 0) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}`

function manyBlocks(): Uint8Array[] {
  return Array.from({ length: 40 }, (_, b) =>
    maker.block(
      Array.from({ length: 200 }, (_unused, i) => {
        const n = b * 200 + i
        const severity = b === 7 ? 3 : 5 + (i % 3)
        return `<${8 * 4 + severity}>${stamp(n)} sw${b % 10} app${b % 4}[${n}]: session ${n} from 10.${b}.${i}.${(n * 7) % 256} port ${n % 1000} closed, 1.2.3.${b}.5 ${createHash('sha256').update(String(n)).digest('hex')}`
      }),
      T0 + b * 1e6,
      `192.0.2.${b % 5}`,
    ),
  )
}

test('a query opens only the blocks that its address, severity, host or time can be in', async () => {
  const source = await sourceOf(manyBlocks())
  const cases: [string, number, number][] = [
    // query, blocks that it may open at most, rows
    ['"10.77.3.4"', 1, 0],
    ['"from 10.99.1.1 port"', 1, 0],
    ['i("FROM 10.99.1.1 port")', 1, 0],
    ['="10.99.1.1"', 1, 0],
    ['seq("session", "10.99.1.1")', 1, 0],
    ['contains_any("10.99.1.1", "10.98.1.1")', 1, 0],
    ['contains_all("session", "10.99.1.1")', 1, 0],
    ['"10.3.7.229"', 1, 0],
    ['"10.3.7.153"', 3, 1],
    ['"10.3.7.153" port', 3, 1],
    ['"1.2.3.11"', 2, 200],
    ['"2.3.11.5"', 2, 200],
    ['"10.3.7.15"', 3, 0],
    ['severity:<=err', 1, 200],
    ['severity:err', 1, 200],
    ['severity:=err', 1, 200],
    ['level:in(err, crit)', 1, 200],
    ['severity:crit', 0, 0],
    ['severity:<crit', 0, 0],
    ['host:=sw3', 4, 800],
    ['host:sw3', 4, 800],
    ['host:in(sw3, sw4)', 8, 1600],
    ['{host="sw3",app="app1"}', 2, 400],
    ['host:=sw3 app:=app2', 0, 0],
    ['hostname:=sw3 "10.3.7.153"', 1, 1],
    ['source:="192.0.2.3"', 8, 1600],
    ['source:="192.0.2.9"', 0, 0],
    ['type:gap', 0, 0],
    ['_time:[2026-03-01T00:10:00Z, 2026-03-01T00:13:19Z]', 1, 200],
    ['_time:<2026-03-01T00:00:30Z', 1, 30],
    ['some.param:=10.99.1.1', 1, 0],
  ]
  for (const [text, most, rows] of cases) {
    const { ids, end } = await ask(source, text)
    assert.equal(ids.length, rows, text)
    assert.ok(end.stats.blocks_total <= most, `${text}: ${end.stats.blocks_total} blocks`)
  }
})

test('counting by columns reads columns alone', async () => {
  const source = await sourceOf(manyBlocks())
  const whole = (await source.plan({ since: -Infinity, until: Infinity }, { fields: null, requirements: { always: true } })).blocks
  const bytes = whole.reduce((n, { bytes: more }) => n + more, 0)
  for (const [text, expected] of [
    ['* | stats count() as n', ['8000']],
    ['host:=sw3 | stats count() as n', ['800']],
    ['severity:<=err | stats count() as n', ['200']],
    ['* | stats by (severity) count() as n', ['err', '200', 'notice', '2613', 'info', '2613', 'debug', '2574'].toSorted()],
    ['app:=app1 | stats by (host) count() as n', ['sw1', '400', 'sw3', '400', 'sw5', '400', 'sw7', '400', 'sw9', '400'].toSorted()],
    [
      '* | stats by (_time:1h) count() as n',
      ['3600', '3600', '800', '2026-03-01T00:00:00Z', '2026-03-01T01:00:00Z', '2026-03-01T02:00:00Z'].toSorted(),
    ],
  ] as const) {
    const { values, end } = await ask(source, text)
    assert.deepEqual(values.toSorted(), expected, text)
    assert.ok(end.stats.bytes_read < bytes / 8, `${text}: ${end.stats.bytes_read} of ${bytes} bytes`)
  }
  const { end } = await ask(source, 'session | stats count() as n')
  assert.ok(end.stats.bytes_read > bytes / 8)
})

test('the last rows are in the last blocks', async () => {
  const source = await sourceOf(manyBlocks())
  const { ids, end } = await ask(source, '*', { order: 'newest', limit: 100 })
  assert.deepEqual(
    ids,
    Array.from({ length: 100 }, (_, i) => String(8000 - i)),
  )
  assert.ok(end.stats.blocks_read <= 2, `${end.stats.blocks_read} blocks`)
  const first = await ask(source, 'session', { limit: 10 })
  assert.deepEqual(
    first.ids,
    Array.from({ length: 10 }, (_, i) => String(i + 1)),
  )
  assert.ok(first.end.stats.blocks_read <= 2)
})

test('times out of order: blocks are judged by their least and greatest time', async () => {
  const at = (minute: number): string =>
    `<13>Mar  1 ${String(Math.trunc(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00 h a: minute ${minute}`
  const { random } = randomFrom('PULLBOX_SEED')
  const minutes = Array.from({ length: 30 }, (_, b) => Array.from({ length: 20 }, () => (b * 7 + random(b % 5 === 0 ? 900 : 20)) % 1440))
  const source = await sourceOf(minutes.map((list, b) => maker.block(list.map(at), T0 + b)))
  for (let q = 0; q < 20; q++) {
    const since = random(1440)
    const until = since + 1 + random(100)
    const inside = (minute: number): boolean => minute >= since && minute < until
    const range = { since: T0 + since * 60e6, until: T0 + until * 60e6 }
    const touching = minutes.filter((list) => Math.max(...list) >= since && Math.min(...list) < until).length
    for (const order of [undefined, 'newest'] as const) {
      const { ids, end } = await ask(source, '*', { range, ...(order === undefined ? {} : { order }) })
      const expected = minutes
        .flat()
        .map((minute, i) => ({ minute, id: String(i + 1), i }))
        .filter((r) => inside(r.minute))
      expected.sort((a, b) => a.minute - b.minute || a.i - b.i)
      if (order === 'newest') expected.reverse()
      assert.deepEqual(
        ids,
        expected.map((r) => r.id),
      )
      assert.equal(end.stats.blocks_total, touching)
    }
  }
})

const PARTS = [
  '10.0.0.7',
  '10.0.0.77',
  '110.0.0.7',
  '1.2.3.4.5',
  '2.3.4.5',
  '0.0.7',
  '10.0.0.7:53',
  '10.0.0.7/24',
  '2001:db8::7',
  '2001:DB8::7',
  '::ffff:10.0.0.7',
  'fe80::1%eth0',
  'aa:bb:cc:dd:ee:07',
  'foo',
  '7',
  '10',
  'é',
]
const GLUE = ['', ' ', '.', ':', '-', 'x', '_', '€', '1', ',', '/', '\xff']
const HEADS = [
  '<13>',
  '<13>Mar  1 00:00:00 ',
  '<13>Mar  1 00:00:00 h tag: ',
  '<13>Mar  1 00:00:00 h t',
  '<13>1 2026-03-01T00:00:00Z h a 1 m [d p="',
  '<13>1 2026-03-01T00:00:00Z h a - - - ',
  '',
]

test('no block is left out that a filter on addresses matches (random, seeded)', async (t) => {
  const { random, seed } = randomFrom('PULLBOX_SEED')
  t.diagnostic(`seed ${seed}`)
  const pick = (list: readonly string[]): string => list[random(list.length)]!
  const text = (most: number): string => Array.from({ length: 1 + random(most) }, () => pick(PARTS) + pick(GLUE)).join('')
  const rounds = process.env['PULLBOX_PROVE'] === '1' ? 400 : 12
  let left = 0
  let found = 0
  for (let n = 0; n < rounds; n++) {
    const blocks = Array.from({ length: 12 }, () =>
      maker.block(
        Array.from({ length: 1 + random(3) }, () => Buffer.from(pick(HEADS) + text(3), random(2) === 0 ? 'latin1' : 'utf8')),
        T0,
      ),
    )
    const source = await sourceOf(blocks)
    const all = unskipped(source)
    for (let q = 0; q < 12; q++) {
      const words = JSON.stringify(pick(PARTS) + (random(2) === 0 ? '' : pick(GLUE) + pick(PARTS)).replaceAll('\xff', ''))
      const field = pick(['', '', '', 'd.p:', 'host:', 'msg_id:', 'tag:'])
      const query =
        field +
        pick([
          words,
          `${words}*`,
          `i(${words})`,
          `=${words}`,
          `=${words}*`,
          `*${words}*`,
          `seq(${words})`,
          `in(${words})`,
          `contains_all(${words})`,
          `contains_any(${words}, foo)`,
          `contains_common_case(${words})`,
          `equals_common_case(${words})`,
        ])
      const expected = await ask(all, query)
      const actual = await ask(source, query)
      assert.deepEqual(actual.ids, expected.ids, query)
      left += expected.end.stats.blocks_total - actual.end.stats.blocks_total
      found += expected.ids.length
    }
  }
  assert.ok(left > rounds * 12 && found > rounds, `left out ${left}, found ${found}`)
})
