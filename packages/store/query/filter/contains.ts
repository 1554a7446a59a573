import { phraseTest } from './phrase.ts'

import type { Literal, ValueTest } from './matcher.ts'

/** `contains_all(a, b)`: each phrase stands in the value. Empty phrases do not count; nothing asked = every value. */
export function containsAllTest(phrases: readonly string[]): ValueTest {
  const tests = phrases.filter((phrase) => phrase !== '').map((phrase) => phraseTest(phrase))
  return {
    text: (value) => tests.every((test) => test.text(value)),
    bytes: (bytes, start, end) => tests.every((test) => test.bytes!(bytes, start, end)),
    literal: longest(tests),
  }
}

/** `contains_any(a, b)`: one of the phrases stands in the value. An empty phrase: every value; no phrase: none. */
export function containsAnyTest(phrases: readonly string[]): ValueTest {
  if (phrases.includes('')) return { text: () => true, bytes: () => true }
  const tests = phrases.map((phrase) => phraseTest(phrase))
  return {
    text: (value) => tests.some((test) => test.text(value)),
    bytes: (bytes, start, end) => tests.some((test) => test.bytes!(bytes, start, end)),
    literal: tests.length === 1 ? (tests[0]!.literal ?? null) : null,
  }
}

function longest(tests: readonly ValueTest[]): Literal | null {
  let best: Literal | null = null
  for (const { literal } of tests) {
    if (literal !== undefined && literal !== null && literal.bytes.length > (best?.bytes.length ?? 0)) best = literal
  }
  return best
}
