import { CodedError } from '../errors.ts'
import { keyId } from './cbor.ts'
import { addressText, timeText } from './json-forms.ts'
import {
  AddressBytes,
  Double,
  Simple,
  Tagged,
  Timestamp,
  type Value,
  type ValueLimits,
  entriesOf,
  integerTooLong,
  isInteger,
  isTag,
  limitsOf,
} from './value.ts'

export { decodeJson } from './json-decode.ts'

/**
 * A value as JSON (RFC 8259) that reads back as the same value. What plain JSON can't say stands in an object whose first key
 * starts with `$` (docs/formats/values.md): `{"$int": "18446744073709551615"}`, `{"$bytes": "AQI="}`, `{"$double": "NaN"}`.
 * Maps keep their order. One line, no spaces; the only characters outside ASCII are those of texts.
 * @throws CodedError JSON_UNENCODABLE for what is no value, JSON_DUPLICATE_KEY, JSON_LIMIT
 */
export function encodeJson(value: Value, limits: Partial<ValueLimits> = {}): string {
  const writer = new Writer(limitsOf(limits))
  writer.value(value, 0)
  const text = writer.parts.join('')
  if (Buffer.byteLength(text) > writer.limits.bytes) tooLong(writer.limits)
  return text
}

function tooLong(limits: ValueLimits): never {
  throw new CodedError('JSON_LIMIT', `longer than ${limits.bytes} bytes`, { hint: 'raise the limit `bytes`' })
}

function refuse(message: string, hint: string): never {
  throw new CodedError('JSON_UNENCODABLE', message, { hint })
}

class Writer {
  readonly parts: string[] = []
  readonly limits: ValueLimits
  private items = 0
  private length = 0

  constructor(limits: ValueLimits) {
    this.limits = limits
  }

  value(value: Value, depth: number): void {
    if (++this.items > this.limits.items) {
      throw new CodedError('JSON_LIMIT', `more than ${this.limits.items} values`, { hint: 'raise the limit `items`' })
    }
    if (value === null) return this.put('null')
    switch (typeof value) {
      case 'boolean':
        return this.put(value ? 'true' : 'false')
      case 'number':
        return this.number(value)
      case 'bigint':
        return Number.isSafeInteger(Number(value)) ? this.put(String(value)) : this.bigint(value)
      case 'string':
        return this.put(quoted(value))
      case 'object':
        return this.object(value, depth)
      default:
        refuse(`a ${typeof value} is no value`, 'leave it out, or say null')
    }
  }

  private object(value: object, depth: number): void {
    if (value instanceof Double) return this.double(value.value)
    if (value instanceof Uint8Array) return this.form('$bytes', base64(value))
    if (value instanceof Timestamp) return this.form('$time', timeText(value))
    if (value instanceof AddressBytes) return this.form('$ip', addressText(value))
    if (value instanceof Simple) return this.put(`{"$simple":${value.value}}`)
    if (depth >= this.limits.depth) {
      throw new CodedError('JSON_LIMIT', `nested deeper than ${this.limits.depth} levels`, {
        hint: 'raise the limit `depth`; a value must not hold itself',
      })
    }
    if (value instanceof Tagged) {
      if (!isTag(value.tag)) refuse(`${value.tag} is no tag`, 'a tag is an integer of 64 bits without sign; past 2^53 - 1 a bigint')
      this.put(`{"$tag":"${value.tag}","$value":`)
      this.value(value.value, depth + 1)
      return this.put('}')
    }
    if (Array.isArray(value)) return this.list(value as Value[], depth + 1)
    const entries = entriesOf(value)
    if (entries === null) refuse('an object of a class of its own is no value', 'give a plain object or a Map')
    this.map([...entries], depth + 1)
  }

  private list(list: readonly Value[], depth: number): void {
    this.put('[')
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.put(',')
      this.value(list[i], depth)
    }
    this.put(']')
  }

  private map(entries: (readonly [Value, Value])[], depth: number): void {
    const plain = entries.every(([key]) => typeof key === 'string' && !key.startsWith('$'))
    // Keys that are all texts are apart already.
    if (!plain) this.distinct(entries)
    this.put(plain ? '{' : '{"$map":[')
    for (let i = 0; i < entries.length; i++) {
      const [key, value] = entries[i]
      if (i > 0) this.put(',')
      if (!plain) this.put('[')
      this.value(key, depth)
      this.put(plain ? ':' : ',')
      this.value(value, depth)
      if (!plain) this.put(']')
    }
    this.put(plain ? '}' : ']}')
  }

  private distinct(entries: (readonly [Value, Value])[]): void {
    if (new Set(entries.map(([key]) => keyId(key))).size < entries.length) {
      throw new CodedError('JSON_DUPLICATE_KEY', 'a map has the same key twice', {
        hint: 'an integer is the same key as a number and as a bigint',
      })
    }
  }

  private number(value: number): void {
    if (isInteger(value)) this.put(String(value))
    else this.double(value)
  }

  /** A double is told from an integer by its point or exponent; where its text has neither, it is escaped. */
  private double(value: number): void {
    const text = Object.is(value, -0) ? '-0' : String(value)
    if (/[.e]/.test(text)) this.put(text)
    else this.form('$double', text)
  }

  private bigint(value: bigint): void {
    // Printing takes time that grows faster than the length, so the length is judged first.
    if (integerTooLong(value, this.limits)) {
      throw new CodedError('JSON_LIMIT', `an integer of more than ${this.limits.bignum} bytes`, { hint: 'raise the limit `bignum`' })
    }
    this.form('$int', String(value))
  }

  private form(name: string, text: string): void {
    this.put(`{"${name}":"${text}"}`)
  }

  private put(text: string): void {
    this.length += text.length
    if (this.length > this.limits.bytes) tooLong(this.limits)
    this.parts.push(text)
  }
}

function quoted(text: string): string {
  if (!text.isWellFormed()) refuse('a text with half a surrogate pair has no UTF-8', 'send it as bytes')
  return JSON.stringify(text)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
