import { parseInto } from '@pullbox/ip'
import { ipv4Of } from '../language/index.ts'

import type { ValueTest } from './matcher.ts'

/** `ipv4_range(a, b)`: the whole value is a dotted IPv4 address from `min` to `max` (32-bit integers, inclusive). */
export function ipv4RangeTest(min: number, max: number): ValueTest {
  const inside = (value: string): boolean => {
    const address = ipv4Of(value)
    return address !== null && address >= min && address <= max
  }
  return {
    text: inside,
    bytes: (bytes, start, end) => end - start >= 7 && end - start <= 15 && inside((bytes as Buffer).toString('latin1', start, end)),
  }
}

/**
 * `ipv6_range(a, b)`: the whole value is an address from `min` to `max` (32 hexadecimal digits, inclusive). IPv4 counts as its mapped form
 * (RFC 4291 2.5.5.2); a zone is not looked at.
 */
export function ipv6RangeTest(min: string, max: string): ValueTest {
  const low = Buffer.from(min, 'hex')
  const high = Buffer.from(max, 'hex')
  const address = Buffer.alloc(16)
  const inside = (bytes: Uint8Array, start: number, end: number): boolean =>
    end - start >= 2 &&
    end - start <= 64 &&
    parseInto(bytes, start, end, address, 0) === 0 &&
    address.compare(low) >= 0 &&
    address.compare(high) <= 0
  return {
    text: (value) => {
      const bytes = Buffer.from(value, 'utf8')
      return inside(bytes, 0, bytes.length)
    },
    bytes: inside,
  }
}
