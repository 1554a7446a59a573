import type { ValueTest } from './matcher.ts'

/** `string_range(a, b)`, `<text` and the like: from `min` (inclusive) up to `max` (exclusive; null = open), by code points. A missing value is the least. */
export function stringRangeTest(min: string, max: string | null): ValueTest {
  const low = Buffer.from(min, 'utf8')
  const high = max === null ? null : Buffer.from(max, 'utf8')
  const inside = (bytes: Buffer, start: number, end: number): boolean =>
    bytes.compare(low, 0, low.length, start, end) >= 0 && (high === null || bytes.compare(high, 0, high.length, start, end) < 0)
  return {
    // the order of UTF-8 bytes is the order of code points
    text: (value) => {
      const bytes = Buffer.from(value, 'utf8')
      return inside(bytes, 0, bytes.length)
    },
    bytes: (bytes, start, end) => inside(bytes as Buffer, start, end),
  }
}
