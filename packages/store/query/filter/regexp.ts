import { RegexpError, RegexpMatcher } from '../language/index.ts'
import { CodedError } from '@pullbox/log/errors'
import { regexpLiterals } from './regexp-literals.ts'
import { literalOf } from './word.ts'

import type { Literal, ValueTest } from './matcher.ts'
import type { RegexpLiterals } from './regexp-literals.ts'

/**
 * `~"expression"`: the value holds a match, by RE2's rules, in time linear in its length. With `whole`, the match is the whole value.
 * Throws QUERY_SYNTAX for a bad expression.
 */
export function regexpTest(pattern: string, whole = false): ValueTest {
  let matcher: RegexpMatcher
  try {
    matcher = new RegexpMatcher(pattern, { whole })
  } catch (error) {
    if (error instanceof RegexpError) throw new CodedError('QUERY_SYNTAX', `bad regular expression: ${error.message}`)
    throw error
  }
  return {
    text: (value) => matcher.testText(value),
    bytes: (source, start, end) => matcher.test(source, start, end),
    literal: literalIn(regexpLiterals(matcher.tree)),
  }
}

/** The longer of the texts that each match holds as it is, or in any case. */
function literalIn({ exact, lower }: RegexpLiterals): Literal | null {
  const folded = lower.reduce((best, run) => (run.length > best.length ? run : best), '')
  return folded.length > exact.length ? literalOf(folded, true) : literalOf(exact)
}
