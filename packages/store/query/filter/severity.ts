import { severityRank } from '../language/index.ts'

import type { ValueTest } from './matcher.ts'

/** Our extension `severity:<=warning`: the value is a severity (its name in any case, or its digit) whose rank lies from `min` to `max`, inclusive; 0 is the worst. */
export function severityTest(min: number, max: number): ValueTest {
  return {
    text: (value) => {
      const rank = value.length > 16 ? null : severityRank(value)
      return rank !== null && rank >= min && rank <= max
    },
  }
}
