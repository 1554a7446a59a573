import { RegexpError, RegexpMatcher } from '../language/index.ts'
import { CodedError } from '@pullbox/log/errors'
import { regexpLiterals } from './regexp-literals.ts'

import type { ValueTest } from './matcher.ts'

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
  const { exact } = regexpLiterals(matcher.tree)
  const bytes = exact === '' ? null : Buffer.from(exact, 'utf8')
  return {
    text: (value) => matcher.testText(value),
    bytes: (source, start, end) => matcher.test(source, start, end),
    literal: bytes === null || exact.includes('\ufffd') ? null : { bytes, anyCase: false },
  }
}
