import type { Address } from './address.ts'
import { IpError } from './errors.ts'

const COLON = 0x3a
const DOT = 0x2e
const ZERO = 0x30
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, i) => String(i))
const DECIMAL_DOT: readonly string[] = DECIMAL.map((text) => `${text}.`)

/** The longest text without zone: `ffff:` seven times and `ffff`, or six groups and a dotted tail. */
export const MOST_TEXT = 45

/** Room for one call of `format`, which fills it and copies it out before it returns; nothing is kept in it. */
const SCRATCH = Buffer.alloc(MOST_TEXT)

export type FormatStyle = 'rfc5952' | 'inet_ntop'

export type FormatOptions = {
  /**
   * `rfc5952` (default): a dotted tail for ::ffff:0:0/96 only; the zone follows.
   * `inet_ntop`: the text glibc's inet_ntop gives, which also dots `::1.2.3.4` and `::0.255.0.0` and knows no zone.
   */
  style?: FormatStyle
}

/** Prints by RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`, the first on a tie. */
export function format(address: Address, options?: FormatOptions): string {
  const bytes = address.bytes
  // Few short strings are joined faster than they are made from bytes; from 8 groups on it is the other way round.
  if (address.family === 4) return DECIMAL_DOT[bytes[12]!]! + DECIMAL_DOT[bytes[13]!]! + DECIMAL_DOT[bytes[14]!]! + DECIMAL[bytes[15]!]!
  const plain = options !== undefined && options.style === 'inet_ntop'
  const text = SCRATCH.toString('latin1', 0, writeGroups(bytes, 0, SCRATCH, 0, plain))
  return address.zone === '' || plain ? text : `${text}%${address.zone}`
}

/**
 * Prints the 16 bytes at `at` (v4 mapped) as ASCII to `out` from `start`, at most 45 bytes, and returns where it ended.
 * Allocates nothing; the caller sees to the room and to the zone.
 */
export function formatInto(bytes: Uint8Array, at: number, family: 4 | 6, out: Uint8Array, start: number, plain = false): number {
  return family === 4 ? writeParts(bytes, at + 12, out, start) : writeGroups(bytes, at, out, start, plain)
}

/** `1.2.3.4:80`, `[2001:db8::1]:80` (RFC 5952 6). Throws IP_BAD_PORT. */
export function formatWithPort(address: Address, port: number): string {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new IpError('IP_BAD_PORT', 0)
  return address.family === 4 ? `${format(address)}:${port}` : `[${format(address)}]:${port}`
}

function writeParts(bytes: Uint8Array, at: number, out: Uint8Array, start: number): number {
  let end = start
  for (let i = 0; i < 4; i++) {
    const value = bytes[at + i]!
    if (i > 0) out[end++] = DOT
    const tens = (value * 205) >> 11 // value / 10, exact below 1029
    if (value > 99) {
      const hundreds = value > 199 ? 2 : 1
      out[end++] = ZERO + hundreds
      out[end++] = ZERO + tens - hundreds * 10
    } else if (value > 9) out[end++] = ZERO + tens
    out[end++] = ZERO + value - tens * 10
  }
  return end
}

function writeGroups(bytes: Uint8Array, at: number, out: Uint8Array, start: number, plain: boolean): number {
  let gap = 8
  let gapLength = 1
  let run = 0
  for (let i = 0; i < 8; i++) {
    if ((bytes[at + 2 * i]! | bytes[at + 2 * i + 1]!) !== 0) {
      run = 0
      continue
    }
    run++
    if (run > gapLength) {
      gapLength = run
      gap = i - run + 1
    }
  }
  const mapped = gap === 0 && gapLength === 5 && bytes[at + 10] === 255 && bytes[at + 11] === 255
  const groups = mapped || (plain && gap === 0 && gapLength === 6) ? 6 : 8
  let end = start
  for (let i = 0; i < groups; i++) {
    if (i === gap) {
      out[end++] = COLON
      if (i === 0) out[end++] = COLON
      i += gapLength - 1
      continue
    }
    const value = (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!
    if (value > 0xfff) out[end++] = DIGITS[value >> 12]!
    if (value > 0xff) out[end++] = DIGITS[(value >> 8) & 15]!
    if (value > 0xf) out[end++] = DIGITS[(value >> 4) & 15]!
    out[end++] = DIGITS[value & 15]!
    if (i < 7) out[end++] = COLON
  }
  return groups === 6 ? writeParts(bytes, at + 12, out, end) : end
}
