import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery, severityRank, type FilterNode } from '../language/index.ts'
import { randomFrom } from '../language/seed.ts'
import { randomFilter, randomRows } from './columns.fixture.ts'
import { compileFilter, fieldsOf, requirements, Selection, timeRange, type Need } from './index.ts'
import { lowerAscii } from './lower.ts'
import { matchesRow, type PlainRow } from './reference.fixture.ts'

import type { Rows } from '../rows.ts'

function parse(text: string): FilterNode {
  return parseQuery(text, { now: 1_717_500_000_000_000 }).filter
}

function select(node: FilterNode, rows: Rows, selected = Selection.all(rows.count)): number[] {
  compileFilter(node).apply(rows, selected)
  const out: number[] = []
  selected.forEach((row) => out.push(row))
  return out
}

/** Could rows hold what is needed? Judged on the bytes that the columns hold. */
function satisfied(need: Need, rows: Rows): boolean {
  if ('always' in need) return true
  if ('all' in need) return need.all.every((part) => satisfied(part, rows))
  if ('any' in need) return need.any.some((part) => satisfied(part, rows))
  const field = 'severity' in need ? need.severity.field : 'equals' in need ? need.equals.field : need.field
  const column = rows.column(field)
  for (let i = 0; column !== null && i < rows.count; i++) {
    if (holds(need, column.text(i))) return true
  }
  return false
}

function holds(need: Exclude<Need, { always: true } | { all: unknown } | { any: unknown }>, text: string): boolean {
  if ('equals' in need) return text === need.equals.value
  if ('literal' in need) return Buffer.from(lowerAscii(text)).includes(need.literal)
  if ('address' in need) return new RegExp(`(?<!\\d)${Buffer.from(need.address).toString().replaceAll('.', '\\.')}(?!\\d)`, 'u').test(text)
  const rank = severityRank(text)
  return rank !== null && rank >= need.severity.min && rank <= need.severity.max
}

test('compiled filters find what the plain reading finds, and what is told to the store holds (random, seeded)', (t) => {
  const { random, seed } = randomFrom('PULLBOX_SEED')
  t.diagnostic(`seed ${seed}`)
  const runs = process.env['PULLBOX_PROVE'] === '1' ? 60_000 : 3000
  let found = 0
  for (let n = 0; n < runs; n++) {
    const { rows, plain } = randomRows(random, 1 + random(random(10) === 0 ? 200 : 40))
    const text = randomFilter(random)
    const node = parse(text)
    const expected = plain.flatMap((row, i) => (matchesRow(node, row) ? [i] : []))
    const actual = select(node, rows)
    const wrong = plain.findIndex((_, i) => actual.includes(i) !== expected.includes(i))
    assert.equal(wrong, -1, `${text} on ${JSON.stringify([...(plain[wrong]?.fields ?? [])])}: ${actual.includes(wrong)}`)
    found += expected.length
    judgeHints(node, rows, plain, expected, text)
    // only rows that were selected stay selected, also when they are few
    const some = new Selection(rows.count)
    for (let k = random(4); k > 0; k--) some.set(random(rows.count))
    assert.deepEqual(
      select(node, rows, some.copy()),
      expected.filter((i) => some.has(i)),
      text,
    )
  }
  assert.ok(found > runs)
})

function judgeHints(node: FilterNode, rows: Rows, plain: readonly PlainRow[], expected: readonly number[], text: string): void {
  const { since, until } = timeRange(node)
  for (const i of expected) assert.ok(plain[i]!.time >= since && plain[i]!.time < until, `time range of ${text}`)
  if (expected.length > 0) assert.ok(satisfied(structuredClone(requirements(node)), rows), `requirements of ${text}`)
  const read = fieldsOf(node)
  const only: Rows = { ...rows, column: (name) => (read.has(name) ? rows.column(name) : null) }
  assert.deepEqual(select(node, only), expected, `fields of ${text}`)
}

test('selection: every operation against a set of numbers', () => {
  for (const size of [0, 1, 31, 32, 33, 100]) {
    const a = new Selection(size)
    const b = new Selection(size)
    for (let i = 0; i < size; i++) {
      if (i % 3 === 0) a.set(i)
      if (i % 2 === 0) b.set(i)
    }
    const rows = (s: Selection): number[] => {
      const out: number[] = []
      s.forEach((i) => out.push(i))
      assert.equal(s.count(), out.length)
      assert.equal(s.isEmpty(), out.length === 0)
      return out
    }
    const all = Array.from({ length: size }, (_, i) => i)
    const with_ = (change: (s: Selection) => void): number[] => {
      const s = a.copy()
      change(s)
      return rows(s)
    }
    assert.deepEqual(rows(Selection.all(size)), all)
    assert.deepEqual(
      with_((s) => s.not()),
      all.filter((i) => i % 3 !== 0),
    )
    assert.deepEqual(
      with_((s) => s.and(b)),
      all.filter((i) => i % 6 === 0),
    )
    assert.deepEqual(
      with_((s) => s.or(b)),
      all.filter((i) => i % 3 === 0 || i % 2 === 0),
    )
    assert.deepEqual(
      with_((s) => s.andNot(b)),
      all.filter((i) => i % 3 === 0 && i % 2 !== 0),
    )
    assert.deepEqual(
      with_((s) => s.filter((i) => i > 31)),
      all.filter((i) => i % 3 === 0 && i > 31),
    )
    if (size > 0)
      assert.deepEqual(
        with_((s) => s.clear(0)),
        all.filter((i) => i % 3 === 0 && i !== 0),
      )
  }
})

test('no text is decoded for rows that cannot match, and a dictionary is judged once a value', () => {
  const bytes = Buffer.from('first line\nsecond needle\nthird\nneedles\n')
  let decoded = 0
  const starts = [0, 11, 25, 31]
  const ends = [10, 24, 30, 38]
  const column = {
    text: (i: number) => {
      decoded++
      return bytes.toString('utf8', starts[i], ends[i])
    },
    arena: { bytes, start: Uint32Array.from(starts), end: Uint32Array.from(ends) },
  }
  const rows: Rows = { count: 4, time: new Float64Array(4), column: () => column, names: () => ['_msg'] }
  assert.deepEqual(select(parse('needle'), rows), [1])
  assert.deepEqual(select(parse('i(NEEDLE*)'), rows), [1, 3])
  assert.deepEqual(select(parse('~"(?i)NEED.es"'), rows), [3])
  assert.equal(decoded, 0)
  // across the end of a row nothing is found
  assert.deepEqual(select(parse('*"line\\nsecond"*'), rows), [])
})

test('requirements: literals in lower case, equality, alternatives', () => {
  const literal = (text: string, field = '_msg'): Need => ({ literal: lowerAscii(text), field })
  assert.deepEqual(requirements(parse('Error host:=sw1 _time:5m')), {
    all: [literal('error'), { equals: { field: 'host', value: 'sw1' } }, literal('sw1', 'host')],
  })
  assert.deepEqual(requirements(parse('~"conn(ection)? reset|broken pipe"')), {
    any: [{ all: [literal('conn'), literal(' reset')] }, literal('broken pipe')],
  })
  assert.deepEqual(requirements(parse('~"(?i)Session [0-9]+ closed"')), { all: [literal('session '), literal(' closed')] })
  assert.deepEqual(requirements(parse('!error')), { always: true })
  assert.deepEqual(requirements(parse('error or x')), { always: true })
  assert.deepEqual(requirements(parse('app:in(a, "")')), { always: true })
})

test('time range: the tightest hull', () => {
  const at = (text: string): number => Date.parse(text) * 1000
  assert.deepEqual(timeRange(parse('_time:2024-05Z x _time:>=2024-05-10Z')), {
    since: at('2024-05-10T00:00:00Z'),
    until: at('2024-06-01T00:00:00Z'),
  })
  assert.deepEqual(timeRange(parse('_time:2024-05-01Z or _time:2024-05-03Z')), {
    since: at('2024-05-01T00:00:00Z'),
    until: at('2024-05-04T00:00:00Z'),
  })
  assert.deepEqual(timeRange(parse('!_time:<2024-05-01Z')), { since: at('2024-05-01T00:00:00Z'), until: Infinity })
  assert.deepEqual(timeRange(parse('x or _time:2024Z')), { since: -Infinity, until: Infinity })
})

test('what cannot be run says so', () => {
  assert.throws(() => compileFilter(parse('x:value_type(uint64)')), { code: 'QUERY_NOT_BUILT' })
  assert.throws(() => compileFilter(parse('contains_common_case("ABCDEFGHIJKL")')), { code: 'QUERY_TOO_MANY_CASES' })
  const query = { options: {}, filter: parse('a'), pipes: [{ op: 'fields' }], pipeTexts: ['fields x'] }
  const node: FilterNode = { op: 'in', field: 'x', set: { kind: 'query', query } }
  assert.throws(() => compileFilter(node), { code: 'QUERY_NOT_BUILT' })
  const column = { text: (i: number) => ['a', 'b'][i]! }
  const selected = Selection.all(2)
  compileFilter(node, { resolve: (asked) => (asked === query ? ['b'] : undefined) }).apply(
    { count: 2, time: new Float64Array(2), column: () => column, names: () => ['x'] },
    selected,
  )
  assert.equal(selected.has(0), false)
  assert.equal(selected.has(1), true)
})

test('addresses: both families, mapped forms, and text beside', () => {
  const values = [
    '10.1.2.3',
    '11.0.0.1',
    '::ffff:10.9.9.9',
    '2001:db8::1',
    '2001:DB8:0::2',
    '2001:db9::1',
    'net 10.0.0.0/8 up',
    '',
    '10.1.2.3.4',
  ]
  const rows: Rows = {
    count: values.length,
    time: new Float64Array(values.length),
    column: () => ({ text: (i) => values[i]! }),
    names: () => ['ip'],
  }
  assert.deepEqual(select(parse('ip:10.0.0.0/8'), rows), [0, 2, 6])
  assert.deepEqual(select(parse('ip:2001:db8::/32'), rows), [3, 4])
  assert.deepEqual(select(parse('ip:ipv6_range("2001:db8::/32")'), rows), [3, 4])
  assert.deepEqual(select(parse('ip:ipv6_range(10.0.0.0, 10.255.255.255)'), rows), [0, 2])
  assert.deepEqual(select(parse('ip:ipv4_range(10.0.0.0/8)'), rows), [0])
})
