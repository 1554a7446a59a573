import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value, entriesOf, isInteger } from './value.ts'
import { TAG } from './cbor-encode.ts'
import { timeText } from './json-forms.ts'

/**
 * A value in CBOR's diagnostic notation (RFC 8949 8), for people to look at; it isn't read back. Bytes are hexadecimal. A value
 * that came from a decoder is no deeper than its limits, which this relies on.
 */
export function diagnostic(value: Value): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return isInteger(value) ? String(value) : double(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `h'${Buffer.from(value).toString('hex')}'`
  if (value instanceof Double) return double(value.value)
  if (value instanceof Simple) return value.value === 23 ? 'undefined' : `simple(${value.value})`
  if (value instanceof Tagged) return `${value.tag}(${diagnostic(value.value)})`
  if (value instanceof Timestamp) return `${TAG.time}(/ ${timeText(value)} / ${value.nanoseconds} ns)`
  if (value instanceof AddressBytes) return `${value.bytes.length === 4 ? TAG.ipv4 : TAG.ipv6}(${diagnostic(value.bytes)})`
  if (Array.isArray(value)) return `[${(value as Value[]).map(diagnostic).join(', ')}]`
  const entries = [...(entriesOf(value) ?? [])]
  return `{${entries.map(([key, one]) => `${diagnostic(key)}: ${diagnostic(one)}`).join(', ')}}`
}

function double(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return Number.isFinite(value) && !/[.e]/.test(text) ? `${text}.0` : text
}
