import { CodedError } from '../errors.ts'
import { doubleText, keyText, quotedText } from './bracket-words.ts'
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

export { decodeBracket } from './bracket-decode.ts'
export { type SdElement, elementsOfValue, encodeStructuredData, valueOfElements } from './bracket-structured.ts'

/**
 * A value as bracketed text (docs/formats/bracket.md): `[msg="failed" valid=f remote_ip=192.0.2.1 remote_port=34780]`. It reads
 * back as the same value with `decodeBracket`. One line, whatever the texts hold; one spelling for each value, where maps keep their order.
 * @throws CodedError BRACKET_UNENCODABLE for what is no value, BRACKET_DUPLICATE_KEY, BRACKET_LIMIT
 */
export function encodeBracket(value: Value, limits: Partial<ValueLimits> = {}): string {
  const writer = new Writer(limitsOf(limits))
  writer.value(value, 0)
  const text = writer.parts.join('')
  if (Buffer.byteLength(text) > writer.limits.bytes) writer.tooLong()
  return text
}

function refuse(message: string, hint: string): never {
  throw new CodedError('BRACKET_UNENCODABLE', message, { hint })
}

class Writer {
  readonly parts: string[] = []
  readonly limits: ValueLimits
  private items = 0
  private length = 0

  constructor(limits: ValueLimits) {
    this.limits = limits
  }

  tooLong(): never {
    this.limit(`longer than ${this.limits.bytes} bytes`, 'raise the limit `bytes`')
  }

  private limit(message: string, hint: string): never {
    throw new CodedError('BRACKET_LIMIT', message, { hint })
  }

  value(value: Value, depth: number): void {
    this.count()
    if (value === null) return this.put('null')
    switch (typeof value) {
      case 'boolean':
        return this.put(value ? 't' : 'f')
      case 'number':
        return this.put(isInteger(value) ? String(value) : doubleText(value))
      case 'bigint':
        return this.bigint(value)
      case 'string':
        return this.put(quotedText(wellFormed(value)))
      case 'object':
        return this.object(value, depth)
      default:
        refuse(`a ${typeof value} is no value`, 'leave it out, or say null')
    }
  }

  private object(value: object, depth: number): void {
    if (value instanceof Double) return this.put(doubleText(value.value))
    if (value instanceof Uint8Array) return this.put(`b"${base64(value)}"`)
    if (value instanceof Timestamp) return this.put(timeText(value))
    if (value instanceof AddressBytes) return this.put(addressText(value))
    if (value instanceof Simple) return this.put(`%${value.value}`)
    if (depth >= this.limits.depth) {
      this.limit(`nested deeper than ${this.limits.depth} levels`, 'raise the limit `depth`; a value must not hold itself')
    }
    if (value instanceof Tagged) {
      if (!isTag(value.tag)) refuse(`${value.tag} is no tag`, 'a tag is an integer of 64 bits without sign; past 2^53 - 1 a bigint')
      this.put(`#${value.tag}:`)
      return this.value(value.value, depth + 1)
    }
    if (Array.isArray(value)) return this.list(value as Value[], depth + 1)
    const entries = entriesOf(value)
    if (entries === null) refuse('an object of a class of its own is no value', 'give a plain object or a Map')
    this.map(entries, depth + 1)
  }

  private list(list: readonly Value[], depth: number): void {
    this.put('(')
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.put(' ')
      this.value(list[i], depth)
    }
    this.put(')')
  }

  private map(entries: Iterable<readonly [Value, Value]>, depth: number): void {
    const keys = new Set<string>()
    this.put('[')
    for (const [key, value] of entries) {
      if (keys.size > 0) this.put(' ')
      this.key(key, depth)
      const id = keyId(key)
      if (keys.has(id)) {
        throw new CodedError('BRACKET_DUPLICATE_KEY', 'a map has the same key twice', {
          hint: 'an integer is the same key as a number and as a bigint',
        })
      }
      keys.add(id)
      this.put('=')
      this.value(value, depth)
    }
    this.put(']')
  }

  private key(key: Value, depth: number): void {
    if (typeof key === 'string') {
      this.count()
      return this.put(keyText(wellFormed(key)))
    }
    this.put('=')
    this.value(key, depth)
  }

  private bigint(value: bigint): void {
    // Printing takes time that grows faster than the length, so the length is judged first.
    if (integerTooLong(value, this.limits)) this.limit(`an integer of more than ${this.limits.bignum} bytes`, 'raise the limit `bignum`')
    this.put(String(value))
  }

  private count(): void {
    if (++this.items > this.limits.items) this.limit(`more than ${this.limits.items} values`, 'raise the limit `items`')
  }

  private put(text: string): void {
    this.length += text.length
    if (this.length > this.limits.bytes) this.tooLong()
    this.parts.push(text)
  }
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) refuse('a text with half a surrogate pair has no UTF-8', 'send it as bytes')
  return text
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
