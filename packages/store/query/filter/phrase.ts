import { findPhrase, findPhraseBytes, literalOf, phraseOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/** `word`, `"a phrase"`: the text stands in the value at the borders of words. The empty phrase: the value is empty. */
export function phraseTest(text: string): ValueTest {
  if (text === '') return { text: (value) => value === '', bytes: (_, start, end) => start === end }
  const phrase = phraseOf(text)
  return {
    text: (value) => findPhrase(value, phrase) >= 0,
    bytes: (bytes, start, end) => findPhraseBytes(bytes as Buffer, start, end, phrase) >= 0,
    literal: literalOf(text),
  }
}
