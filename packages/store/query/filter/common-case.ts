import { CodedError } from '@pullbox/log/errors'

/** More capitals than this in one phrase would make too many spellings. */
const MOST_CAPITALS = 10

/**
 * The spellings of the `_common_case` filters: as given, all lower, all upper, and each way of writing some of the capitals small.
 * Throws QUERY_TOO_MANY_CASES.
 */
export function commonCases(phrases: readonly string[]): string[] {
  const out = new Set<string>()
  for (const phrase of phrases) {
    const chars = [...phrase]
    const capitals = chars.flatMap((char, i) => (/\p{Lu}/u.test(char) ? [i] : []))
    if (capitals.length > MOST_CAPITALS) {
      throw new CodedError(
        'QUERY_TOO_MANY_CASES',
        `${JSON.stringify(phrase)} has ${capitals.length} capitals; at most ${MOST_CAPITALS} are taken`,
        { hint: 'use i(...)' },
      )
    }
    for (let mask = 0; mask < 1 << capitals.length; mask++) {
      const spelling = [...chars]
      capitals.forEach((at, k) => {
        if ((mask & (1 << k)) !== 0) spelling[at] = spelling[at]!.toLowerCase()
      })
      out.add(spelling.join(''))
    }
    out.add(phrase.toLowerCase())
    out.add(phrase.toUpperCase())
  }
  return [...out]
}
