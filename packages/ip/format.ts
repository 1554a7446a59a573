import type { Address } from './address.ts'
import { IpError } from './errors.ts'

const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, i) => String(i))
const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16))
const HEX_PADDED: readonly string[] = HEX.map((text) => text.padStart(2, '0'))

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
  if (address.family === 4) return formatParts(address.bytes, 12)
  const plain = options !== undefined && options.style === 'inet_ntop'
  const text = formatGroups(address.bytes, plain)
  return address.zone === '' || plain ? text : `${text}%${address.zone}`
}

/** `1.2.3.4:80`, `[2001:db8::1]:80` (RFC 5952 6). Throws IP_BAD_PORT. */
export function formatWithPort(address: Address, port: number): string {
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new IpError('IP_BAD_PORT', 0)
  return address.family === 4 ? `${format(address)}:${port}` : `[${format(address)}]:${port}`
}

function formatParts(bytes: Uint8Array, at: number): string {
  return DECIMAL[bytes[at]!]! + '.' + DECIMAL[bytes[at + 1]!]! + '.' + DECIMAL[bytes[at + 2]!]! + '.' + DECIMAL[bytes[at + 3]!]!
}

function group(bytes: Uint8Array, at: number): string {
  const high = bytes[at]!
  return high === 0 ? HEX[bytes[at + 1]!]! : HEX[high]! + HEX_PADDED[bytes[at + 1]!]!
}

function formatGroups(bytes: Uint8Array, plain: boolean): string {
  let best = -1
  let bestLength = 1
  let run = 0
  for (let i = 0; i < 8; i++) {
    if (bytes[2 * i] !== 0 || bytes[2 * i + 1] !== 0) {
      run = 0
      continue
    }
    run++
    if (run > bestLength) {
      bestLength = run
      best = i - run + 1
    }
  }
  if (best === 0) {
    if (bestLength === 5 && bytes[10] === 255 && bytes[11] === 255) return '::ffff:' + formatParts(bytes, 12)
    if (bestLength === 6 && plain) return '::' + formatParts(bytes, 12)
  }
  const gapEnd = best < 0 ? 0 : best + bestLength
  let text = ''
  for (let i = 0; i < (best < 0 ? 0 : best); i++) text += i === 0 ? group(bytes, 0) : ':' + group(bytes, 2 * i)
  if (best >= 0) text += '::'
  for (let i = gapEnd; i < 8; i++) text += i === gapEnd ? group(bytes, 2 * i) : ':' + group(bytes, 2 * i)
  return text
}
