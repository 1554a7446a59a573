import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CaptureMatcher } from './capture.ts'

function groups(pattern: string, text: string, from = 0): (string | null)[] | null {
  const matcher = new CaptureMatcher(pattern)
  matcher.test(text)
  const captures = matcher.find(text, from)
  if (captures === null) return null
  return matcher.names.map((_, g) => (captures[g * 2]! < 0 ? null : text.slice(captures[g * 2], captures[g * 2 + 1])))
}

test('groups are those of a backtracking engine with the same syntax', () => {
  // shapes that RE2 and ECMAScript read alike; an empty pass through a repetition is where they differ, so these hold a sign
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', 'c', '\\w')
  const { expression } = fc.letrec<{ expression: string; part: string }>((tie) => ({
    part: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(atom, fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{1,}?')).map(([a, b]) => a + b),
      tie('expression').map((inner) => `(${inner})`),
      tie('expression').map((inner) => `(?:${inner})`),
      fc.tuple(atom, tie('expression')).map(([sign, inner]) => `(${sign}(?:${inner}))?`),
      fc.constantFrom('$', '\\b'),
    ),
    expression: fc
      .array(
        fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
        { minLength: 1, maxLength: 3 },
      )
      .map((options) => options.join('|')),
  }))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é'), maxLength: 12 })
  const seed = Number(process.env['PULLBOX_SEED'] ?? '20261124')
  fc.assert(
    fc.property(expression, text, (pattern, value) => {
      const native = new RegExp(pattern, 's').exec(value)
      const ours = groups(`(?s)${pattern}`, value)
      if (native === null) assert.equal(ours, null)
      // groups in alternatives that were left are forgotten by ECMAScript only inside of loops, which have none here
      else
        assert.deepEqual(
          ours,
          native.map((group) => group ?? null),
        )
    }),
    { seed, numRuns: process.env['PULLBOX_PROVE'] ? 100_000 : 2000 },
  )
})

test('flags, names, classes and literal texts are read', () => {
  assert.deepEqual(groups('(?i)USER=(?P<user>[[:alpha:]\\]]+)', 'user=An]n x'), ['user=An]n', 'An]n'])
  assert.deepEqual(groups('(?U)a(.*)b', 'axbxb'), ['axb', 'x'])
  assert.deepEqual(groups('\\Q(a)\\E(?:b)(\\x{e9}|\\pL)', 'x(a)bé'), ['(a)bé', 'é'])
  assert.deepEqual(groups('(?m)^b$', 'a\nb\nc'), ['b'])
  assert.deepEqual(groups('^', 'abc', 1), null)
  assert.deepEqual(groups('(😀)+', 'x😀😀y'), ['😀😀', '😀'])
  assert.deepEqual(new CaptureMatcher('(a)(?P<x>b)(?:c)(?<y>d)').names, ['', '', 'x', 'y'])
  assert.throws(() => new CaptureMatcher('(a)\\1'), { name: 'RegexpError' })
})

test('an expression that backtracking cannot end ends', () => {
  const text = 'a'.repeat(5000)
  assert.equal(groups('(a|a)*(a|a)*(a*)*b', text), null)
  assert.deepEqual(groups('(a|a)*(a|aa)*$', text)!.slice(0, 1), [text])
})
