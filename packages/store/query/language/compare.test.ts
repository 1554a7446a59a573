import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareNatural, lessNatural } from './index.ts'

test('numbers go by value, other text naturally, the empty text first', () => {
  const sorted = ['', '-5', '0.5', '3', '1e3', '1.5K', '5s', '1h', 'a', 'v1.9', 'v1.10', 'v2']
  assert.deepEqual([...sorted].reverse().sort(compareNatural), sorted)
  assert.equal(lessNatural('10.0.0.9', '10.0.0.10'), true)
  assert.equal(compareNatural('1h', '60m'), 0)
  assert.equal(lessNatural('2025-01-15T10:20:30.09Z', '2025-01-15T10:20:30.1Z'), true)
})

test('the order is consistent: antisymmetric and transitive', () => {
  const value = fc.oneof(
    fc.constantFrom(
      '',
      '1h',
      '5s',
      '2x',
      '1K',
      'inf',
      'nan',
      '-',
      '+',
      '.',
      '007',
      '7',
      '7.0',
      '2025-01-15T10:20:30Z',
      '10.0.0.1',
      '11',
      'v1.2',
    ),
    fc.string({ unit: fc.constantFrom('1', '0', '9', 'a', '.', '-', 'é', '😀', '\uffff', ':'), maxLength: 6 }),
  )
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      assert.equal(Math.sign(compareNatural(a, b)), -Math.sign(compareNatural(b, a)) + 0)
      if (compareNatural(a, b) <= 0 && compareNatural(b, c) <= 0) assert.ok(compareNatural(a, c) <= 0, JSON.stringify([a, b, c]))
    }),
    { numRuns: 3000 },
  )
})
