import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anything } from './bracket.arbitrary.ts'
import { decodeBracket, encodeBracket } from './bracket.ts'
import { AddressBytes, Tagged, type Value } from './value.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'

/** Another spelling of the same value than the canonical one; `pick(n)` chooses one of n ways. */
function spell(value: Value, pick: (ways: number) => number): string {
  const gap = () => [' ', '  \t', ',', ' , ', ',\t'][pick(5)]
  const edge = () => ['', ' ', '\t '][pick(3)]
  const joined = (parts: string[]) => edge() + parts.reduce((all, part) => (all === '' ? part : all + gap() + part), '') + edge()
  if (typeof value === 'boolean') return [value ? 't' : 'f', String(value)][pick(2)]
  if (typeof value === 'string') return spellText(value, pick)
  if (value instanceof AddressBytes && value.bytes.length === 16 && pick(2) === 0) {
    const hex = Buffer.from(value.bytes).toString('hex')
    return (hex.match(/.{4}/g) as string[]).join(':').toUpperCase()
  }
  if (value === 0) return ['0', '-0'][pick(2)]
  if (Array.isArray(value)) return `(${joined((value as Value[]).map((one) => spell(one, pick)))})`
  if (value instanceof Tagged) return `#${value.tag}:${spell(value.value, pick)}`
  if (!(value instanceof Map)) return encodeBracket(value)
  const entries = [...(value as Map<Value, Value>)].map(([key, one]) => {
    const quoted = typeof key === 'string' && pick(2) === 0
    return `${quoted ? '' : '='}${spell(key, pick)}=${spell(one, pick)}`
  })
  return `[${joined(entries)}]`
}

/** Each character raw where the grammar allows it, or behind one of its escapes. */
function spellText(text: string, pick: (ways: number) => number): string {
  const parts = Array.from(text, (one) => {
    const code = one.codePointAt(0) as number
    const hex = `\\u{${code.toString(16).toUpperCase()}}`
    const zeros = `\\u{${code.toString(16).padStart(6, '0')}}`
    const raw = one === '"' || one === '\\' ? `\\${one}` : code < 0x20 ? hex : one
    return [raw, raw, hex, zeros][pick(4)]
  })
  return `"${parts.join('')}"`
}

test('property: every spelling is read as the same value and written in the canonical one', () => {
  const check = (value: Value, choices: number[]) => {
    let at = 0
    const text = spell(value, (ways) => choices[at++ % choices.length] % ways)
    assert.deepEqual(decodeBracket(text), value, text)
    assert.equal(encodeBracket(decodeBracket(text)), encodeBracket(value))
  }
  fc.assert(fc.property(anything, fc.array(fc.nat({ max: 59 }), { minLength: 1, maxLength: 40 }), check), {
    numRuns: PROVE ? 50_000 : 1000,
  })
})
