import type { Column, Rows } from '../rows.ts'
import type { PlainRow } from './reference.fixture.ts'

type Random = (n: number) => number

/** A column of bytes in one of the three forms; `text` decodes as the store does. */
function makeColumn(values: readonly Buffer[], form: number, random: Random): Column {
  const texts = values.map((value) => value.toString('utf8'))
  const text = (i: number): string => texts[i]!
  if (form === 0) return { text }
  if (form === 1) {
    const distinct = [...new Set(texts), 'never used']
    return { text, dictionary: { values: distinct, ids: Uint16Array.from(texts, (value) => distinct.indexOf(value)) } }
  }
  const start = new Uint32Array(values.length)
  const end = new Uint32Array(values.length)
  const parts: Buffer[] = []
  let at = 0
  const add = (part: Buffer): void => {
    parts.push(part)
    at += part.length
  }
  values.forEach((value, i) => {
    // bytes of no row, which could join with a row's to what is searched
    if (random(3) === 0) add(Buffer.from(['foo', 'f', 'error 10.0.0.1', '\n', 'Bar'][random(5)]!))
    start[i] = at
    add(value)
    end[i] = at
  })
  add(Buffer.from('foo bar error'))
  return { text, arena: { bytes: Buffer.concat(parts), start, end } }
}

const WORDS = [
  'foo',
  'Foo',
  'FOO',
  'bar',
  'error',
  'a',
  'é',
  'É',
  'тест',
  'ТЕСТ',
  '_x',
  '12',
  '10.0.0.1',
  '10.1.2.3',
  '192.168.0.7',
  '-5',
  '3.5',
  '😀',
  '\u212a',
  'İ',
  'ΟΔΟΣ',
  'οδος',
]
const GAPS = [' ', ' ', ',', '', '-', '\n', ': ', '.', '"']

function makeValue(random: Random): Buffer {
  const kind = random(10)
  if (kind === 0) return Buffer.alloc(0)
  if (kind === 1) return Buffer.from(WORDS[random(WORDS.length)]!)
  const parts: Buffer[] = []
  for (let k = 1 + random(6); k > 0; k--) {
    parts.push(Buffer.from(WORDS[random(WORDS.length)]! + GAPS[random(GAPS.length)]!))
    // bytes that are no UTF-8: a stray continuation, a cut sequence, a byte that never occurs
    if (random(25) === 0) parts.push(Buffer.from([[0x80], [0xe2, 0x82], [0xff], [0xc3]][random(4)]!))
  }
  return Buffer.concat(parts)
}

const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug', '', 'other']

/** Random rows with the fields `_msg`, `x`, `y` and `severity`, and the same rows as plain values. */
export function randomRows(random: Random, count: number): { rows: Rows; plain: PlainRow[] } {
  const time = Float64Array.from({ length: count }, () => (1_717_000_000 + random(1_000_000)) * 1e6)
  const columns = new Map<string, Column>()
  for (const name of ['_msg', 'x', 'y']) {
    columns.set(
      name,
      makeColumn(
        Array.from({ length: count }, () => makeValue(random)),
        random(3),
        random,
      ),
    )
  }
  columns.set(
    'severity',
    makeColumn(
      Array.from({ length: count }, () => Buffer.from(SEVERITIES[random(SEVERITIES.length)]!)),
      random(3),
      random,
    ),
  )
  const rows: Rows = { count, time, column: (name) => columns.get(name) ?? null, names: () => columns.keys() }
  const plain = Array.from({ length: count }, (_, i) => ({
    time: time[i]!,
    fields: new Map([...columns].map(([name, column]) => [name, column.text(i)])),
  }))
  return { rows, plain }
}

/** Text of a random filter over those fields. */
export function randomFilter(random: Random, depth = 3): string {
  const pick = (list: readonly string[]): string => list[random(list.length)]!
  const kind = random(10)
  if (depth > 0 && kind < 4) {
    const parts = Array.from({ length: 2 + random(2) }, () => randomFilter(random, depth - 1))
    return `(${parts.join(pick([' ', ' or ', ' and ']))})`
  }
  if (depth > 0 && kind === 4) return `!${randomFilter(random, depth - 1)}`
  const field = pick(['', '', '_msg:', 'x:', 'y:', 'missing:'])
  return randomLeaf(random, pick, field)
}

function randomLeaf(random: Random, pick: (list: readonly string[]) => string, field: string): string {
  const phrase = (): string => {
    const parts = Array.from({ length: 1 + random(2) }, () => pick(WORDS.filter((word) => word !== 'İ' && word !== '\u212a')))
    return JSON.stringify(parts.join(pick(GAPS)) + pick(['', '', ' ', ',']))
  }
  const few = (): string => Array.from({ length: random(4) }, () => (random(6) === 0 ? '""' : phrase())).join(', ')
  switch (random(20)) {
    case 0:
    case 1:
      return field + phrase()
    case 2:
      return `${field}${phrase()}*`
    case 3:
      return `${field}i(${phrase()})`
    case 4:
      return `${field}i(${phrase()}*)`
    case 5:
      return `${field}=${phrase()}${pick(['', '*'])}`
    case 6:
      return `${field}*${phrase()}*`
    case 7:
      return `${field}${pick(['in', 'contains_all', 'contains_any', 'seq'])}(${few()})`
    case 8:
      return `${field}${pick(['contains_common_case', 'equals_common_case'])}(${phrase()})`
    case 9:
    case 10:
      return `${field}~${JSON.stringify(pick(['fo+', '(?i)foo', '(?i)bar|err', 'foo.*bar', '^(foo|bar)', '10\\\\.[0-9]+', 'err(or)?$', '[^a-z]{4}', '\\\\berror\\\\b', 'тес.', '.+x', '']).replaceAll('\\\\', '\\'))}`
    case 11:
      return `${field}${pick(['>', '>=', '<', '<='])}${pick(['3.5', '-5', '12', '10.0.0.1', 'foo', '"тест"', '"a,"'])}`
    case 12:
      return `${field}${pick(['range[-5, 12]', 'range(3, 12)', 'string_range(a, foo)', 'len_range(2, 9)', 'len_range(0, 0)', 'ipv4_range(10.0.0.0/8)'])}`
    case 13:
      return `${pick(['x', 'y'])}:${pick(['10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0'])}`
    case 14:
      return `severity:${pick(['<=', '<', '>', '>='])}${pick(['warning', 'err', 'emerg', 'debug'])}`
    case 15:
      return `${pick(['x', 'missing', '_msg'])}:eq_field(${pick(['y', '_msg', 'missing'])})`
    case 16:
      return `{${pick(['x="foo"', 'x!="foo",y="bar"', 'x=~"fo+|" or y in ("bar", "a")', 'severity not_in (info)'])}}`
    case 17:
      return `_time:${pick(['[2024-05-30Z, 2024-06-03Z]', '>2024-06-02Z', 'day_range[08:00, 18:00)', 'week_range[Mon, Fri] offset 2h', '2024-06'])}`
    case 18:
      return `${field}""`
    default:
      return field === '' ? '*' : `${field}*`
  }
}
