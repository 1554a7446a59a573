import { literalOf } from './word.ts'

import type { ValueTest } from './matcher.ts'

/** `="value"`: the value is this text. */
export function exactTest(value: string): ValueTest {
  const wanted = Buffer.from(value, 'utf8')
  return {
    text: (other) => other === value,
    bytes: (bytes, start, end) => end - start === wanted.length && (bytes as Buffer).compare(wanted, 0, wanted.length, start, end) === 0,
    literal: literalOf(value),
  }
}
