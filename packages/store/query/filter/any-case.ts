import { lowerText } from './lower.ts'
import { asciiRun, findPhrase, findPhraseBytes, literalOf, phraseOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/**
 * `i(word)` and, with `tail` false, `i(word*)`: as a phrase and a prefix, in any case. The empty phrase: the value is empty; the empty prefix: it is not.
 */
export function anyCaseTest(text: string, tail: boolean): ValueTest {
  if (text === '') return { text: (value) => (value === '') === tail, bytes: (_, start, end) => (start === end) === tail }
  const lower = lowerText(text)
  const phrase = phraseOf(lower, tail)
  const run = asciiRun(lower)
  const test: ValueTest = {
    text: (value) => findPhrase(lowerText(value), phrase) >= 0,
    literal: literalOf(run, true),
  }
  if (run !== lower) return test
  return { ...test, lowered: true, bytes: (bytes, start, end) => findPhraseBytes(bytes as Buffer, start, end, phrase) >= 0 }
}
