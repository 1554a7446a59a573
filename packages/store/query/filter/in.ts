import type { ValueTest } from './matcher.ts'

/** `in(a, b)`: the value is one of these. */
export function inTest(values: readonly string[]): ValueTest {
  const wanted = new Set(values)
  let shortest = Infinity
  let longest = 0
  for (const value of values) {
    const length = Buffer.byteLength(value)
    shortest = Math.min(shortest, length)
    longest = Math.max(longest, length)
  }
  return {
    text: (value) => wanted.has(value),
    bytes: (bytes, start, end) =>
      end - start >= shortest && end - start <= longest && wanted.has((bytes as Buffer).toString('utf8', start, end)),
  }
}
