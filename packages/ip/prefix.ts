import { Address, bytesOf, modeOf, type ParseOptions } from './address.ts'
import { IpError } from './errors.ts'
import { format } from './format.ts'
import { ParseDetail, parseInto } from './parse.ts'

const SLASH = 0x2f
const PERCENT = 0x25
const ZERO = 0x30

/** A prefix: the first `length` bits of an address. Not to be changed after it is made. */
export class Prefix {
  /** 16 bytes, zero beyond the prefix; a v4 prefix stands mapped. */
  readonly bytes: Uint8Array
  readonly family: 4 | 6
  /** Bits, 0 to 32 (v4) or 0 to 128 (v6). */
  readonly length: number

  /** Takes `bytes` over; they must be 16, with no bit set beyond the length. */
  constructor(bytes: Uint8Array, family: 4 | 6, length: number) {
    this.bytes = bytes
    this.family = family
    this.length = length
  }

  /** As `formatPrefix`. */
  toString(): string {
    return formatPrefix(this)
  }

  toJSON(): string {
    return formatPrefix(this)
  }
}

export type PrefixOptions = ParseOptions & {
  /** Clears bits beyond the length; without it they are IP_HOST_BITS. */
  mask?: boolean
}

/** Reads `address/length`. Throws IpError; a zone is IP_ZONE_IN_PREFIX, no `/` IP_LENGTH_MISSING. */
export function parsePrefix(text: string | Uint8Array, options?: PrefixOptions): Prefix {
  const bytes = bytesOf(text)
  const slash = bytes.indexOf(SLASH)
  const end = slash < 0 ? bytes.length : slash
  const out = new Uint8Array(16)
  const detail = new ParseDetail()
  const code = parseInto(bytes, 0, end, out, 0, detail, modeOf(options))
  if (code !== 0) throw new IpError(code, detail.failedAt)
  if (detail.zoneStart !== detail.zoneEnd) throw new IpError('IP_ZONE_IN_PREFIX', bytes.indexOf(PERCENT))
  if (slash < 0) throw new IpError('IP_LENGTH_MISSING', bytes.length)
  const family = detail.family === 4 ? 4 : 6
  const length = readLength(bytes, slash + 1, family)
  return masked(out, family, length, options?.mask === true, slash + 1)
}

/** The prefix of `length` bits that holds the address; its zone is dropped. Throws IP_BAD_LENGTH. */
export function prefixOf(address: Address, length: number): Prefix {
  if (!Number.isInteger(length) || length < 0 || length > (address.family === 4 ? 32 : 128)) throw new IpError('IP_BAD_LENGTH', 0)
  return masked(address.bytes.slice(), address.family, length, true, 0)
}

/** `address/length` by RFC 5952. */
export function formatPrefix(prefix: Prefix): string {
  return `${format(new Address(prefix.bytes, prefix.family))}/${prefix.length}`
}

/**
 * True when the address is in the prefix. The families have to be the same: `::ffff:1.2.3.4` is in no v4 prefix until it
 * is `unmap`ped. The zone is not looked at: a prefix holds the addresses of every zone.
 */
export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false
  const bits = prefix.family === 4 ? prefix.length + 96 : prefix.length
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) {
    if (prefix.bytes[i] !== address.bytes[i]) return false
  }
  const rest = bits & 7
  return rest === 0 || (prefix.bytes[whole]! ^ address.bytes[whole]!) >> (8 - rest) === 0
}

function readLength(bytes: Uint8Array, start: number, family: 4 | 6): number {
  const digits = bytes.length - start
  if (digits === 0 || digits > 3) throw new IpError('IP_BAD_LENGTH', start)
  let length = 0
  for (let i = start; i < bytes.length; i++) {
    const digit = bytes[i]! - ZERO
    if (digit < 0 || digit > 9) throw new IpError('IP_BAD_LENGTH', i)
    length = length * 10 + digit
  }
  if ((bytes[start] === ZERO && digits > 1) || length > (family === 4 ? 32 : 128)) throw new IpError('IP_BAD_LENGTH', start)
  return length
}

function masked(bytes: Uint8Array, family: 4 | 6, length: number, mask: boolean, at: number): Prefix {
  const bits = family === 4 ? length + 96 : length
  for (let i = bits >> 3; i < 16; i++) {
    const kept = i === bits >> 3 ? (0xff00 >> (bits & 7)) & 0xff : 0
    if ((bytes[i]! & ~kept) === 0) continue
    if (!mask) throw new IpError('IP_HOST_BITS', at)
    bytes[i] = bytes[i]! & kept
  }
  return new Prefix(bytes, family, length)
}
