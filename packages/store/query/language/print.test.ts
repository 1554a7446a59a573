import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CodedError } from '@pullbox/log/errors'
import { pipeParsers } from '../pipe/index.ts'
import { statsFunctions } from '../stats/index.ts'
import { parseQuery, printQuery, type Query } from './index.ts'
import { randomFrom } from './seed.ts'

const options = { now: 1_717_030_923_000_123, pipes: pipeParsers, statsFunctions: statsFunctions.keys() }

function read(text: string): Query | null {
  try {
    return parseQuery(text, { ...options, statsFunctions: statsFunctions.keys() })
  } catch (error) {
    assert.ok(error instanceof CodedError, `${text}: ${String(error)}`)
    assert.match(error.code, /^QUERY_/u)
    return null
  }
}

function roundtrip(text: string): boolean {
  const query = read(text)
  if (query === null) return false
  const printed = printQuery(query)
  assert.deepEqual(read(printed), query, `${text} -> ${printed}`)
  return true
}

const vectors = readFileSync(new URL('../../../../vectors/logsql.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { kind: string; input: { query?: string; text?: string; what?: string } })

test('what is printed reads back to the same tree: all queries of the vectors', () => {
  let count = 0
  for (const { input } of vectors) {
    const text = input.query ?? (input.what === 'query' ? input.text : undefined)
    if (typeof text === 'string' && roundtrip(text)) count++
  }
  assert.ok(count > 1200, String(count))
})

test('token soups: read or refused with a code, never a crash; what is read prints and reads back', (t) => {
  const { random, seed } = randomFrom('PULLBOX_SEED')
  t.diagnostic(`seed ${seed}`)
  const pieces = (
    `foo bar _msg _time _stream _stream_id severity warning "a b" 'x' \`y\` " ' ( ) [ ] { } , : | * = != =~ !~ ~ > >= < <= ! - not and or in seq i re range ` +
    `len_range string_range ipv4_range ipv6_range eq_field contains_all contains_any contains_common_case exact value_type day_range week_range offset now 5m 1h ` +
    `2024-05-01 2024-05-01T10:00:00Z 08:00 Mon Fri 10 1.5KB inf 10.0.0.0/8 ::1 fields uniq by limit sort stats count() as if options (a|b)+ \\ # é 😀`
  ).split(' ')
  const runs = process.env['PULLBOX_PROVE'] === '1' ? 400_000 : 15_000
  let readable = 0
  for (let n = 0; n < runs; n++) {
    let text = ''
    for (let k = 1 + random(12); k > 0; k--) text += pieces[random(pieces.length)]! + (random(3) === 0 ? '' : ' ')
    if (roundtrip(text)) readable++
  }
  assert.ok(readable > runs / 100, String(readable))
})

test('damaged queries: a character of a vector taken out, doubled or replaced', (t) => {
  const { random, seed } = randomFrom('PULLBOX_SEED')
  t.diagnostic(`seed ${seed}`)
  const texts = vectors
    .map(({ input }) => input.query ?? input.text)
    .filter((text): text is string => typeof text === 'string' && text !== '')
  for (let n = 0; n < 8000; n++) {
    const text = texts[random(texts.length)]!
    const at = random(text.length)
    const replacement = ['', text[at]! + text[at]!, '"', '(', ')', '*', ':', '\\', '\0', '\ud800', '|', ','][random(12)]!
    roundtrip(text.slice(0, at) + replacement + text.slice(at + 1))
  }
})
