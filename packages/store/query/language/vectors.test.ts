import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseQuery, printFilter } from './index.ts'
import { pipeParsers } from '../pipe/index.ts'
import { statsFunctions } from '../stats/index.ts'
import { answerCompareCase, answerFilterCase, answerParseCase } from './vectors.ts'

interface Case {
  kind: string
  input: any
  expected: any
}

const cases: Case[] = readFileSync(new URL('../../../../vectors/logsql.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case)
const ofKind = (kind: string): Case[] => cases.filter((one) => one.kind === kind)

test('filter: each case selects the rows that the source selects', () => {
  const all = ofKind('filter')
  assert.ok(all.length > 900)
  for (const one of all) assert.deepEqual(answerFilterCase(one), one.expected, JSON.stringify(one.input.query ?? one.input.filter))
})

test('compare: each case is ordered as in the source', () => {
  const all = ofKind('compare')
  assert.ok(all.length > 10)
  for (const one of all) assert.equal(answerCompareCase(one).less, one.expected.less, JSON.stringify(one.input))
})

test('parse_error: each case is refused', () => {
  const all = ofKind('parse_error')
  assert.ok(all.length > 400)
  for (const one of all) assert.equal(answerParseCase(one).error, true, JSON.stringify(one.input))
})

test('parse_ok: each case without a pipe that is not built is read', (t) => {
  const all = ofKind('parse_ok')
  let notBuilt = 0
  const wrong: string[] = []
  for (const one of all) {
    const answer = answerParseCase(one)
    if (answer.code === 'QUERY_PIPE_NOT_BUILT') notBuilt++
    // the pipes' own tests judge their syntax; here the rest counts
    else if (answer.error === true && one.input.what === 'query' && !one.input.text.includes('|')) wrong.push(one.input.text)
  }
  t.diagnostic(
    `${all.length - notBuilt} of ${all.length} read; ${notBuilt} (${((100 * notBuilt) / all.length).toFixed(1)} %) hold a pipe that is not built`,
  )
  assert.deepEqual(wrong, [])
})

test('canonical texts of the source mean the same filter as the text they stand for', () => {
  const options = { now: 1.7e15, pipes: pipeParsers, statsFunctions: statsFunctions.keys() }
  // the source also moves stream filters to the front and takes out expressions that match everything
  const optimised = /\{|~['"]?\.[*+]/u
  let compared = 0
  for (const one of ofKind('parse_ok')) {
    const { canonical } = one.expected
    if (one.input.what !== 'query' || typeof canonical !== 'string' || one.input.text.includes('|') || optimised.test(one.input.text))
      continue
    assert.equal(
      printFilter(parseQuery(one.input.text, options).filter),
      printFilter(parseQuery(canonical, options).filter),
      one.input.text,
    )
    compared++
  }
  assert.ok(compared > 150, String(compared))
})
