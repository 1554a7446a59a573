import { NO_OFFSET } from './zone.ts'

/** The parts of a stamp while it is read; made for rare shapes only. */
export class Parts {
  year = -1
  month = 0
  day = 0
  seconds = -1
  micros = 0
  /** Seconds east of UTC as sent, or NO_OFFSET. */
  offset = NO_OFFSET
  /** A zone's abbreviation, or ''. */
  zone = ''
  /** Only a time of day was sent. */
  dayless = false
  /** Day and month may be the other way round. */
  swappable = false
}

export const digit = (b: number): boolean => b >= 48 && b <= 57
export const letter = (b: number): boolean => (b | 32) >= 97 && (b | 32) <= 122

/** The number that 1..max digits make, with the count of digits in the top bits: `count << 24 | value`; 0 when none. */
export function digits(bytes: Uint8Array, at: number, end: number, max: number): number {
  let p = at
  let value = 0
  while (p < end && p - at < max && digit(bytes[p])) value = value * 10 + bytes[p++] - 48
  return ((p - at) << 24) | value
}

/** A byte that may follow a stamp. */
export function isBreak(b: number): boolean {
  return b === 32 || b === 58 || b === 9 || b === 44 || b === 93 || b === 59 || b === 10 || b === 13 || b === 124
}

/** A colon that a blank or the end follows: not the one of an IPv6 address. */
export function isColon(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === 58 && (at + 1 >= end || bytes[at + 1] === 32)
}
