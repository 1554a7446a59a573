import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { answerIpv6, type Ipv6Case } from '@pullbox/ip'

type Line = Ipv6Case & { source: string; input: string; expected: Record<string, unknown> }

// `contested` is a remark about the case; the rest of the names are fields of the answer.
const REMARKS = new Set(['contested'])

const lines = readFileSync(new URL('../../vectors/ipv6.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((text) => JSON.parse(text) as Line)

test('all of ipv6.jsonl', () => {
  const wrong: string[] = []
  let valid = 0
  let prefixes = 0
  let fields = 0
  for (const [number, line] of lines.entries()) {
    const { expected, ...question } = line
    const actual = answerIpv6(question) as Record<string, unknown>
    for (const [name, value] of Object.entries(expected)) {
      if (REMARKS.has(name)) continue
      fields++
      if (actual[name] !== value)
        wrong.push(`case ${number} ${JSON.stringify(line.input)} ${name}: ${String(actual[name])}, expected ${String(value)}`)
    }
    if (actual['valid'] === true) valid++
    if (typeof actual['prefix_length'] === 'number') prefixes++
  }
  assert.deepEqual(wrong, [])
  assert.equal(lines.length, 433)
  assert.equal(valid, 194)
  assert.ok(prefixes > 0)
  assert.ok(fields > 433 + 194 * 6 - 1)
})

test('a refusal tells the code and the column', () => {
  const answer = answerIpv6({ input_base64: Buffer.from('2001::FFD3::57ab').toString('base64'), given: { kind: 'address' } })
  assert.deepEqual(answer, { valid: false, error_kind: 'IP_DOUBLE_COLON', error_column: 10 })
})
