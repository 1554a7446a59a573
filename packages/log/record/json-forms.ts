import { format, fromBytes, tryParse } from '@pullbox/ip'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value, isInteger, integer, integerTooLong } from './value.ts'

/** A timestamp as RFC 3339 in UTC; the fraction as long as it needs to be. */
export function timeText(time: Timestamp): string {
  const second = 1_000_000_000n
  const rest = ((time.nanoseconds % second) + second) % second
  const date = new Date(Number((time.nanoseconds - rest) / 1_000_000n))
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`
  return `${date.toISOString().slice(0, 19)}${fraction}Z`
}

/** The timestamp of {@link timeText}; null for any other text, and outside of 64 bits. */
export function parseTime(text: string): Timestamp | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text)
  if (match === null) return null
  const milliseconds = Date.parse(`${match[1]}Z`)
  // Date.parse takes 24:00:00 and Feb 30; printing again shows what it made of them.
  if (!(milliseconds === milliseconds) || new Date(milliseconds).toISOString().slice(0, 19) !== match[1]) return null
  const nanoseconds = BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
  return Timestamp.fits(nanoseconds) ? new Timestamp(nanoseconds) : null
}

/** An address as RFC 5952 has it; one of 16 bytes that holds a mapped v4 address keeps its `::ffff:`. */
export function addressText(address: AddressBytes): string {
  return format(fromBytes(address.bytes))
}

/** An address without zone, in any spelling of its text; null for anything else. */
export function parseAddress(text: string): AddressBytes | null {
  const address = tryParse(text)
  if (address === undefined || address.zone !== '') return null
  return new AddressBytes(address.family === 4 ? address.bytes.slice(12) : address.bytes)
}

/** Bytes from padded base64; null unless it is the one spelling of them. */
export function parseBytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  // Node skips what it does not know; only the one spelling of these bytes is taken.
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : null
}

function parseInt64(text: string, maxBytes: number): number | bigint | null {
  if (!/^(?:0|-?[1-9]\d*)$/.test(text) || text.length > maxBytes * 2.5 + 2) return null
  const number = BigInt(text)
  return integerTooLong(number, { bignum: maxBytes }) ? null : integer(number)
}

function parseDouble(text: string): number | Double | null {
  if (!/^(?:NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)$/.test(text)) return null
  const value = Number(text)
  if (!Number.isFinite(value) && /\d/.test(text)) return null
  return Double.of(value)
}

function parseTag(text: string): number | bigint | null {
  if (!/^(?:0|[1-9]\d{0,19})$/.test(text)) return null
  const tag = BigInt(text)
  return tag < 2n ** 64n ? integer(tag) : null
}

/**
 * The value that an object with a first key `$...` stands for; null where it is none of the known forms, or not a whole one.
 * `maxBytes` bounds integers.
 */
export function readForm(object: ReadonlyMap<string, Value>, maxBytes: number): Value | null {
  const [name, value] = object.entries().next().value as [string, Value]
  if (object.size === 2 && name === '$tag' && object.has('$value') && typeof value === 'string') {
    const tag = parseTag(value)
    return tag === null ? null : new Tagged(tag, object.get('$value') as Value)
  }
  if (object.size !== 1) return null
  if (name === '$map') return readMap(value)
  if (name === '$simple') {
    return typeof value === 'number' && isInteger(value) && Simple.fits(value) ? new Simple(value) : null
  }
  if (typeof value !== 'string') return null
  if (name === '$int') return parseInt64(value, Math.max(8, maxBytes))
  if (name === '$double') return parseDouble(value)
  if (name === '$bytes') return parseBytes(value)
  if (name === '$time') return parseTime(value)
  return name === '$ip' ? parseAddress(value) : null
}

function readMap(value: Value): Map<Value, Value> | null {
  if (!Array.isArray(value)) return null
  const map = new Map<Value, Value>()
  for (const pair of value as Value[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return null
    map.set(pair[0] as Value, pair[1] as Value)
  }
  return map
}
