import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { answerRelp, RelpServer } from '@pullbox/log/wire'

type Fields = Record<string, unknown>

interface Case {
  readonly kind?: unknown
  readonly input?: unknown
  readonly input_base64?: unknown
  readonly expected: Fields
}

const CASES = readFileSync(new URL('../../../../vectors/relp.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

/** Names that vectors/README.md lists for an answer. */
const COMPARED = ['frames', 'rest', 'error', 'frame', 'code', 'replies', 'messages']

test('every case of relp.jsonl agrees in every field that is compared', () => {
  let compared = 0
  for (const { expected, ...one } of CASES) {
    const actual = answerRelp(one)
    for (const field of COMPARED.filter((f) => f in expected)) {
      compared++
      const wanted = field === 'replies' ? withCodes(expected[field] as Fields[], actual[field] as Fields[]) : expected[field]
      assert.deepEqual(actual[field], wanted, `${field} of ${JSON.stringify(one)}`)
    }
  }
  assert.equal(CASES.length, 35)
  assert.ok(compared > 70, String(compared))
})

function withCodes(wanted: Fields[], given: Fields[]): Fields[] {
  return wanted.map(({ code_one_of: codes, ...reply }, i) => {
    if (!Array.isArray(codes)) return reply
    assert.ok(codes.includes(given[i]['code']))
    return { ...reply, code: given[i]['code'] }
  })
}

test('what else the cases say: a session to be refused, and the one place where strict readers stop', () => {
  const refused = CASES.filter((c) => c.expected['session'] === 'refuse')
  assert.equal(refused.length, 1)
  for (const one of refused) {
    const bytes = Buffer.from(String(one.input_base64), 'base64')
    const server = new RelpServer()
    server.receive(bytes, 0, bytes.length, () => assert.fail('it is not taken'))
    assert.equal(server.problem, 'not_open')
    assert.ok(server.ended)
  }
  const strict = CASES.filter((c) => 'strict_error' in c.expected)
  assert.deepEqual(
    strict.map((c) => [Buffer.from(String(c.input_base64), 'base64').toString(), answerRelp(c)['error']]),
    [['1 syslog 0 \n', null]],
  )
})
