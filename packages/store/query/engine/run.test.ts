import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareNatural, numberOf } from '../language/index.ts'
import { ListSource, QueryPool, type ListOptions, type ListRow } from './index.ts'
import { answer, BASE, inOrder, LIST_SOURCE, parse, random, shown } from './run.fixture.ts'

/** Blocks whose times overlap, with equal times here and there. */
function randomBlocks(next: () => number): ListOptions {
  const below = (n: number): number => Math.floor(next() * n)
  const blocks: ListRow[][] = []
  for (let b = 0; b < 1 + below(9); b++) {
    const start = BASE + below(20) * 1e6
    const rows: ListRow[] = []
    for (let r = 0; r < 1 + below(60); r++) {
      const fields: Record<string, string> = { _msg: `${['up', 'down', 'flap'][below(3)]} port ${below(20)}`, host: `sw${below(4)}` }
      if (next() < 0.7) fields['n'] = String(below(50) - 10)
      if (next() < 0.5) fields['user'] = ['ann', 'bob', '10', '9', 'ça'][below(5)]!
      rows.push({ time: start + below(8) * 500_000, id: `${b}.${r}`, fields })
    }
    blocks.push(rows)
  }
  return { blocks, dictionaries: ['host'] }
}

/** Rows of all blocks in the order of time, then of arrival. */
const timeText = (time: number): string => new Date(time / 1000).toISOString().replace(/\.?0*Z$/, 'Z')
const whole = ({ time, id, fields }: ListRow): [string, Record<string, string>] => [id, { _time: timeText(time), ...fields }]
const of = (row: ListRow, name: string): string => row.fields[name] ?? ''

function groupBy<T>(rows: readonly ListRow[], key: (row: ListRow) => string, value: (rows: ListRow[]) => T): [string, T][] {
  const groups = Map.groupBy(rows, key)
  return [...groups].map(([name, list]) => [name, value(list)] as [string, T]).sort((a, b) => compareNatural(a[0], b[0]))
}

function filled(fields: Record<string, string>): [string, Record<string, string>] {
  return ['', Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''))]
}

function numbers(rows: readonly ListRow[]): number[] {
  return rows.flatMap((row) => numberOf(of(row, 'n')) ?? [])
}

/** Queries beside the same thing written by hand over an array of all rows in order. */
const QUERIES: readonly [string, (rows: readonly ListRow[]) => [string, Record<string, string>][]][] = [
  ['*', (rows) => rows.map(whole)],
  ['down', (rows) => rows.filter((row) => of(row, '_msg').startsWith('down')).map(whole)],
  [
    'host:sw1 n:>5 | fields host, n | limit 7',
    (rows) =>
      rows
        .filter((row) => of(row, 'host') === 'sw1' && Number(of(row, 'n') || 'x') > 5)
        .slice(0, 7)
        .map(({ id, fields }) => [id, { host: fields['host']!, n: fields['n']! }]),
  ],
  ['* | offset 5 | limit 4 | delete _time, _msg', (rows) => rows.slice(5, 9).map(({ id, fields: { _msg, ...fields } }) => [id, fields])],
  [
    '* | limit 12 | filter host:sw0 | rename host as h | delete _*',
    (rows) =>
      rows
        .slice(0, 12)
        .filter((row) => of(row, 'host') === 'sw0')
        .map(({ id, fields: { _msg, host, ...fields } }) => [id, { ...fields, h: host! }]),
  ],
  [
    '* | count() all, count(user) users, sum(n) s',
    (rows) => {
      const list = numbers(rows)
      return [
        filled({
          all: String(rows.length),
          users: String(rows.filter((row) => of(row, 'user') !== '').length),
          s: list.length === 0 ? 'NaN' : String(list.reduce((a, b) => a + b, 0)),
        }),
      ]
    },
  ],
  [
    '* | stats by (host) count() c, min(n) low, count_uniq(user) u, count() if (n:>0) plus',
    (rows) =>
      groupBy(
        rows,
        (row) => of(row, 'host'),
        (list) => ({
          c: String(list.length),
          low: list.map((row) => of(row, 'n')).sort(compareNatural)[0]!,
          u: String(new Set(list.map((row) => of(row, 'user')).filter((text) => text !== '')).size),
          plus: String(list.filter((row) => Number(of(row, 'n') || '0') > 0).length),
        }),
      ).map(([host, values]) => filled({ host, ...values })),
  ],
  [
    '* | stats by (_time:3s) count() c',
    (rows) =>
      groupBy(
        rows,
        ({ time }) => timeText(Math.floor(time / 3e6) * 3e6),
        (list) => String(list.length),
      ).map(([_time, c]) => filled({ _time, c })),
  ],
  [
    '* | uniq by (user, host) with hits',
    (rows) =>
      groupBy(
        rows,
        (row) => `${of(row, 'user')}\t${of(row, 'host')}`,
        (list) => ({ user: of(list[0]!, 'user'), host: of(list[0]!, 'host'), hits: String(list.length) }),
      )
        .map(([, values]) => values)
        .sort((a, b) => compareNatural(a.user, b.user) || compareNatural(a.host, b.host))
        .map(filled),
  ],
  [
    '* | top 2 by (user)',
    (rows) =>
      groupBy(
        rows,
        (row) => of(row, 'user'),
        (list) => list.length,
      )
        .sort((a, b) => b[1] - a[1] || compareNatural(a[0], b[0]))
        .slice(0, 2)
        .map(([user, hits]) => filled({ user, hits: String(hits) })),
  ],
  [
    '* | stats by (host) count() c | filter c:>20 | sort by (c desc) | fields c',
    (rows) =>
      groupBy(
        rows,
        (row) => of(row, 'host'),
        (list) => list.length,
      )
        .filter(([, c]) => c > 20)
        .sort((a, b) => b[1] - a[1])
        .map(([, c]) => filled({ c: String(c) })),
  ],
]

/** Sorts keep rows of equal keys in the order of arrival, whatever the order of reading. */
const SORTS: readonly [string, (a: ListRow, b: ListRow) => number, number, number][] = [
  ['* | sort by (n)', (a, b) => compareNatural(of(a, 'n'), of(b, 'n')), 0, Infinity],
  [
    '* | sort by (host desc, n) limit 9 offset 2',
    (a, b) => -compareNatural(of(a, 'host'), of(b, 'host')) || compareNatural(of(a, 'n'), of(b, 'n')),
    2,
    11,
  ],
  ['* | sort by (_time desc) limit 20', (a, b) => b.time - a.time, 0, 20],
  ['* | last 3 by (user)', (a, b) => -compareNatural(of(a, 'user'), of(b, 'user')), 0, 3],
]

test('the engine gives what plain code over arrays gives, with and without threads', async (t) => {
  const seed = Number(process.env['PULLBOX_SEED'] ?? '20261124')
  t.diagnostic(`seed ${seed}`)
  const next = random(seed)
  const rounds = process.env['PULLBOX_PROVE'] ? 200 : 3
  let checked = 0
  for (let round = 0; round < rounds; round++) {
    const options = randomBlocks(next)
    const pool = new QueryPool({ source: { module: LIST_SOURCE, options }, workers: 2 })
    try {
      for (const order of ['oldest', 'newest'] as const) {
        for (const [text, expected] of QUERIES) {
          const wanted = expected(inOrder(options, order === 'newest'))
          for (const threads of [null, pool]) {
            const { rows, end } = await answer({ query: parse(text), source: new ListSource(options), order, pool: threads })
            assert.deepEqual(shown(rows), wanted, `round ${round}, ${order}, threads ${threads !== null}: ${text}`)
            assert.equal(end.complete, true)
            checked++
          }
        }
      }
      for (const [text, compare, from, to] of SORTS) {
        const wanted = options.blocks
          .flat()
          .map((row, place) => ({ row, place }))
          .sort((a, b) => compare(a.row, b.row) || a.place - b.place)
          .slice(from, to)
        for (const threads of [null, pool]) {
          const { rows } = await answer({ query: parse(text), source: new ListSource(options), pool: threads })
          assert.deepEqual(
            shown(rows),
            wanted.map(({ row }) => whole(row)),
            `round ${round}, threads ${threads !== null}: ${text}`,
          )
          checked++
        }
      }
    } finally {
      await pool.close()
    }
  }
  t.diagnostic(`${checked} answers compared`)
})
