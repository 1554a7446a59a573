import { comparable } from '../language/index.ts'

import type { ValueTest } from './matcher.ts'

/** `range[a, b]`, `>a` and the like: the value is a number (with or without unit, an IPv4 address, a time) from `min` to `max`, both inclusive. */
export function rangeTest(min: number, max: number): ValueTest {
  const inside = (value: string): boolean => {
    const number = comparable(value)
    return number >= min && number <= max
  }
  return {
    text: inside,
    // most text that is no number shows it by its first byte, and none is longer than 128
    bytes: (bytes, start, end) =>
      end > start && end - start <= 128 && mayBegin(bytes[start]!) && inside((bytes as Buffer).toString('utf8', start, end)),
  }
}

/** Digits, signs, a point, and the letters of inf and nan. */
function mayBegin(byte: number): boolean {
  return (byte >= 43 && byte <= 57) || byte === 105 || byte === 73 || byte === 110 || byte === 78
}
