import { findPhrase, findPhraseBytes, literalOf, phraseOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/** `seq(a, b)`: the phrases stand in the value one after the other, not overlapping. Empty phrases do not count; nothing asked = every value. */
export function sequenceTest(texts: readonly string[]): ValueTest {
  const phrases = texts.filter((text) => text !== '').map((text) => phraseOf(text))
  const longest = phrases.reduce((best, phrase) => (phrase.text.length > best.length ? phrase.text : best), '')
  return {
    text: (value) => {
      let from = 0
      return phrases.every((phrase) => {
        const at = findPhrase(value, phrase, from)
        from = at + phrase.text.length
        return at >= 0
      })
    },
    bytes: (bytes, start, end) => {
      let from = start
      return phrases.every((phrase) => {
        const at = findPhraseBytes(bytes as Buffer, start, end, phrase, from)
        from = at + phrase.bytes.length
        return at >= 0
      })
    },
    literal: literalOf(longest),
  }
}
