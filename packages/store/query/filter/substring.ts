import { literalOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/** `*part*`: the text stands anywhere in the value. The empty part: every value. */
export function substringTest(part: string): ValueTest {
  const wanted = Buffer.from(part, 'utf8')
  return {
    text: (value) => value.includes(part),
    bytes: (bytes, start, end) => (bytes as Buffer).subarray(start, end).includes(wanted),
    literal: literalOf(part),
  }
}
