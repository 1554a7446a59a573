import { literalOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/** `="value"*`: the value begins with this text. The empty text: every value. */
export function exactPrefixTest(prefix: string): ValueTest {
  const wanted = Buffer.from(prefix, 'utf8')
  return {
    text: (value) => value.startsWith(prefix),
    bytes: (bytes, start, end) =>
      end - start >= wanted.length && (bytes as Buffer).compare(wanted, 0, wanted.length, start, start + wanted.length) === 0,
    literal: literalOf(prefix),
  }
}
