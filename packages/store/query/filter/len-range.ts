import type { ValueTest } from './matcher.ts'

/** `len_range(min, max)`: the length of the value in Unicode code points, both bounds inclusive. A missing value has length 0. */
export function lenRangeTest(min: number, max: number): ValueTest {
  return {
    text: (value) => {
      let length = 0
      for (const _ of value) length++
      return length >= min && length <= max
    },
    bytes: (bytes, start, end) => {
      if (end - start < min) return false
      let length = 0
      // continuation bytes begin no character
      for (let i = start; i < end; i++) if ((bytes[i]! & 0xc0) !== 0x80) length++
      return length >= min && length <= max
    },
  }
}
