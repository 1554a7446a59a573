import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from './seed.ts'
import { RegexpError, RegexpMatcher } from './index.ts'

test("RE2's syntax and meaning", () => {
  const cases: [string, string, boolean][] = [
    ['foo.+bar|', '', true],
    ['(?i)foo|йцу', 'a ТЕСТЙЦУК', true],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['^01|04$', 'x04', true],
    ['\\bfoo\\b', 'a foo,', true],
    ['\\bfoo\\b', 'afoo,', false],
    ['[^a]', 'é', true],
    ['^.$', '😀', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['^b$', 'a\nb', false],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['^a{2,3}$', 'aaaa', false],
    ['\\p{Greek}+', 'abcλ', true],
    ['\\PL', 'abc', false],
    ['[[:^alpha:]]', 'ab1', true],
    ['[[:alpha:]\\d]{3}', 'ab1', true],
    ['\\x41\\x{1F600}', 'A😀', true],
    ['\\Qa.b\\E+$', 'a.bbb', true],
    ['(?P<n>x)(?<m>y)', 'xy', true],
    ['a{,2}', 'a{,2}', true],
    ['[]a]', ']', true],
    ['x*', '', true],
    ['\\B', '', true],
    ['\\b', '', false],
  ]
  for (const [pattern, text, expected] of cases)
    assert.equal(new RegexpMatcher(pattern).testText(text), expected, `${pattern} on ${JSON.stringify(text)}`)
  assert.equal(new RegexpMatcher('a|b', { whole: true }).testText('ab'), false)
  assert.equal(new RegexpMatcher('a|ab', { whole: true }).testText('ab'), true)
})

test('what RE2 refuses is refused', () => {
  for (const pattern of [
    '(',
    'a**',
    '*a',
    '[a',
    'a)',
    '(?=x)',
    '(?<!x)',
    '\\1',
    '[z-a]',
    'a{1001}',
    '(?:a{500}){3}',
    '\\',
    '(?P<x',
    '\\8',
    '\\p{Nope}',
    '[[:nope:]]',
  ]) {
    assert.throws(() => new RegexpMatcher(pattern), RegexpError, pattern)
  }
  assert.throws(() => new RegexpMatcher('(?:\\pL{1000}){1}'), /too large/u)
  assert.throws(() => new RegexpMatcher('('.repeat(5000)), RegexpError)
})

test('agrees with the engine of the language where both mean the same (random, seeded)', (t) => {
  const { random, seed } = randomFrom('PULLBOX_SEED')
  t.diagnostic(`seed ${seed}`)
  // no characters beyond U+FFFF: V8 misses /[^a]$/u in "é😀"
  const atoms = ['a', 'b', '.', '[ab]', '[^a]', 'é', '\\w', '\\b', '^', '$']
  const make = (depth: number): string => {
    const kind = random(10)
    if (depth <= 0 || kind < 3) return atoms[random(atoms.length)]!
    if (kind < 5) return make(depth - 1) + make(depth - 1)
    if (kind < 7) return `(?:${make(depth - 1)}|${make(depth - 1)})`
    return `(?:${make(depth - 1)})${['*', '+', '?', '{1,3}', '*?'][random(5)]!}`
  }
  for (let i = 0; i < 3000; i++) {
    const pattern = make(3)
    const ours = new RegexpMatcher(pattern)
    const theirs = new RegExp(pattern, 'u')
    for (let k = 0; k < 5; k++) {
      const text = Array.from({ length: random(8) }, () => ['a', 'b', 'é', ' ', '\n', 'c'][random(6)]!).join('')
      assert.equal(ours.testText(text), theirs.test(text), `${pattern} on ${JSON.stringify(text)}`)
    }
  }
})

test('expressions that make backtracking explode are answered, also when states must be forgotten', () => {
  assert.equal(new RegexpMatcher('^(?:a*)*$').testText(`${'a'.repeat(100_000)}b`), false)
  assert.equal(new RegexpMatcher('(?:a|a)*(?:a|a)*c').testText('a'.repeat(100_000)), false)
  // 2^15 states are wanted, fewer are kept
  const text = Array.from({ length: 40_000 }, (_, i) => ((i * 2_654_435_761) & 64 ? 'a' : 'b')).join('')
  assert.equal(new RegexpMatcher('a(?:a|b){15}c').testText(text), false)
  assert.equal(new RegexpMatcher('a(?:a|b){15}c').testText(`${text}a${'b'.repeat(15)}c`), true)
})
