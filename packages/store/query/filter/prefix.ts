import { findPhrase, findPhraseBytes, literalOf, phraseOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/** `word*`, `"a phrase"*`: the text stands in the value at the start of a word. The empty prefix: the value is not empty. */
export function prefixTest(text: string): ValueTest {
  if (text === '') return { text: (value) => value !== '', bytes: (_, start, end) => start < end }
  const phrase = phraseOf(text, false)
  return {
    text: (value) => findPhrase(value, phrase) >= 0,
    bytes: (bytes, start, end) => findPhraseBytes(bytes as Buffer, start, end, phrase) >= 0,
    literal: literalOf(text),
  }
}
