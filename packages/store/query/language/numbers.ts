/**
 * Numbers as LogsQL writes and compares them: integers and floats with `_` between digits, 0x 0b 0o, inf and nan; byte sizes (`1.5KiB`, factors of
 * 1000 or 1024); durations (`1h30m`, in nanoseconds); dotted IPv4 addresses (as 32-bit integers) and RFC 3339 times (nanoseconds since 1970).
 */

const BYTES: Record<string, number> = {
  B: 1,
  K: 1e3,
  KB: 1e3,
  Ki: 1024,
  KiB: 1024,
  M: 1e6,
  MB: 1e6,
  Mi: 2 ** 20,
  MiB: 2 ** 20,
  G: 1e9,
  GB: 1e9,
  Gi: 2 ** 30,
  GiB: 2 ** 30,
  T: 1e12,
  TB: 1e12,
  Ti: 2 ** 40,
  TiB: 2 ** 40,
}

const DAY = 86_400e9
const DURATIONS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: DAY,
  w: 7 * DAY,
  y: 365 * DAY,
}

const PLAIN = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u
const BASED = /^([+-]?)0(?:[xX][0-9a-fA-F]+|[bB][01]+|[oO][0-7]+)$/u
const SIZES = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGT](?:iB|i|B)?|B))+$/u
const SIZE = /([\d.]+)([A-Za-z]+)/gu
const TIMES = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w|y))+$/u
const TIME = /([\d.]+)([a-zµμ]+)/gu
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/u
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:\d{2})?$/u
/** No number in text is longer; what is longer is not looked at. */
const LONGEST = 128

/** Plain number: decimal, with exponent, or based; no unit. Null when the text is none. */
export function plainNumber(text: string): number | null {
  if (text.length === 0 || text.length > LONGEST) return null
  const c = text.charCodeAt(0)
  if (c > 57 || c < 43) return /^(?:inf(?:inity)?|nan)$/iu.test(text) ? (text[0] === 'n' || text[0] === 'N' ? NaN : Infinity) : null
  const digits = text.includes('_') ? (/^_|_$|__|_[^0-9a-fA-F]/u.test(text) ? null : text.replaceAll('_', '')) : text
  if (digits === null) return null
  if (PLAIN.test(digits)) return Number(digits)
  if (BASED.test(digits)) {
    const sign = digits[0] === '-' ? -1 : 1
    return sign * Number(/^[+-]/u.test(digits) ? digits.slice(1) : digits)
  }
  if (/^[+-]inf(?:inity)?$/iu.test(digits)) return digits[0] === '-' ? -Infinity : Infinity
  return null
}

function sum(text: string, form: RegExp, part: RegExp, units: Record<string, number>): number | null {
  if (text.length > LONGEST) return null
  const digits = text.includes('_') ? text.replaceAll(/(?<=\d)_(?=\d)/gu, '') : text
  if (!form.test(digits)) return null
  let total = 0
  for (const [, count, unit] of digits.matchAll(part)) total += scaled(Number(count), units[unit!]!)
  return digits[0] === '-' ? -total : total
}

/** `count * unit`, without the last bit lost where the product is a whole number written with a fraction. */
function scaled(count: number, unit: number): number {
  const product = count * unit
  const whole = Math.round(product)
  return Math.abs(product - whole) < Math.abs(product) * 4e-16 ? whole : product
}

/** A byte size with unit, in bytes; null when the text is none. */
export function sizeOf(text: string): number | null {
  return sum(text, SIZES, SIZE, BYTES)
}

/** A duration with units, in nanoseconds; null when the text is none. */
export function durationOf(text: string): number | null {
  return sum(text, TIMES, TIME, DURATIONS)
}

/** A dotted IPv4 address as an unsigned 32-bit integer; null when the text is none. */
export function ipv4Of(text: string): number | null {
  const found = text.length > 15 ? null : IPV4.exec(text)
  if (found === null) return null
  let out = 0
  for (let i = 1; i <= 4; i++) {
    const part = Number(found[i])
    if (part > 255) return null
    out = out * 256 + part
  }
  return out
}

/** A full RFC 3339 time, in nanoseconds since 1970 (rounded to a double); without zone = UTC. Null when the text is none. */
export function rfc3339Of(text: string): number | null {
  const found = text.length > 40 ? null : RFC3339.exec(text)
  if (found === null) return null
  const [, year, month, day, hour, minute, second, fraction, zone] = found
  const ms = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!)
  const back = new Date(ms)
  if (back.getUTCMonth() !== +month! - 1 || back.getUTCDate() !== +day! || +hour! > 23 || +minute! > 59) return null
  const nanos = fraction === undefined ? 0 : Number(fraction.padEnd(9, '0'))
  return ms * 1e6 + nanos - zoneOffset(zone) * 60e9
}

/** Minutes that a zone written as `Z`, `+hh:mm` or `-hh:mm` is ahead of UTC. */
export function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return zone[0] === '-' ? -minutes : minutes
}

/** A number with or without unit (size or duration); null when the text is none. */
export function numberOf(text: string): number | null {
  const plain = plainNumber(text)
  if (plain !== null) return plain
  const c = text.charCodeAt(0)
  if (!((c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46)) return null
  return durationOf(text) ?? sizeOf(text)
}

/** Any text that counts as a number in comparisons: `numberOf`, an RFC 3339 time or an IPv4 address. NaN when the text is none. */
export function comparable(text: string): number {
  return numberOf(text) ?? rfc3339Of(text) ?? ipv4Of(text) ?? NaN
}

const UNITS: [string, number][] = [
  ['y', 365 * DAY],
  ['w', 7 * DAY],
  ['d', DAY],
  ['h', 3600e9],
  ['m', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
]

/** Text of a duration in nanoseconds that reads back to the same duration (up to the precision of doubles). */
export function printDuration(ns: number): string {
  if (ns === 0) return '0s'
  let rest = Math.abs(ns)
  let out = ns < 0 ? '-' : ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count === 0) continue
    out += `${count}${unit}`
    rest -= count * size
  }
  return out
}
