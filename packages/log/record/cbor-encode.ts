import { CodedError } from '../errors.ts'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value, type ValueLimits, entriesOf, isInteger, limitsOf } from './value.ts'

/** Tags that have a type of their own in memory. 52, 54: RFC 9164; 1001: RFC 9581; 2, 3: RFC 8949 3.4.3. */
export const TAG = { bigPositive: 2, bigNegative: 3, ipv4: 52, ipv6: 54, time: 1001 } as const

const UINT = 0
const NEGINT = 1
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5
const TAGGED = 6

const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6
const FLOAT16 = 0xf9
const FLOAT32 = 0xfa
const FLOAT64 = 0xfb

const MAX_ARGUMENT = 2n ** 64n - 1n
const START_BYTES = 256
const utf8 = new TextEncoder()

/**
 * The deterministic encoding of a value (RFC 8949 4.2.1): the shortest form of each head and float, definite lengths, map keys in
 * the order of their bytes. Equal values give equal bytes. The bytes belong to the caller.
 * @throws CodedError CBOR_UNENCODABLE for what is no value, CBOR_DUPLICATE_KEY, CBOR_TOO_DEEP, CBOR_TOO_MANY, CBOR_TOO_LONG, CBOR_TOO_LARGE
 */
export function encodeCbor(value: Value, limits: Partial<ValueLimits> = {}): Uint8Array {
  const writer = new Writer(limitsOf(limits))
  writer.value(value, 0)
  writer.finish()
  return writer.bytes.slice(0, writer.used)
}

function fail(code: string, message: string, hint = ''): never {
  throw new CodedError(code, message, { hint })
}

class Writer {
  bytes = new Uint8Array(START_BYTES)
  used = 0
  private view = new DataView(this.bytes.buffer)
  private readonly limits: ValueLimits
  private items = 0

  constructor(limits: ValueLimits) {
    this.limits = limits
  }

  value(value: Value, depth: number): void {
    if (++this.items > this.limits.items) fail('CBOR_TOO_MANY', `more than ${this.limits.items} values`, 'raise the limit `items`')
    if (value === null) return this.byte(NULL)
    switch (typeof value) {
      case 'boolean':
        return this.byte(value ? TRUE : FALSE)
      case 'number':
        return isInteger(value) ? this.int(value) : this.float(value)
      case 'bigint':
        return this.bigint(value)
      case 'string':
        return this.text(value)
      case 'object':
        return this.object(value, depth)
      default:
        fail('CBOR_UNENCODABLE', `a ${typeof value} is no value`, 'leave it out, or say null')
    }
  }

  /** Holds the limit of bytes exactly; while writing it is held within the length of one head. */
  finish(): void {
    if (this.used > this.limits.bytes) fail('CBOR_TOO_LONG', `longer than ${this.limits.bytes} bytes`, 'raise the limit `bytes`')
  }

  private object(value: object, depth: number): void {
    if (value instanceof Uint8Array) return this.string(BYTES, value)
    if (value instanceof Double) return this.float(value.value)
    if (value instanceof Simple) return value.value < 24 ? this.byte(0xe0 | value.value) : this.pair(0xf8, value.value)
    if (value instanceof AddressBytes) {
      this.head(TAGGED, value.bytes.length === 4 ? TAG.ipv4 : TAG.ipv6)
      return this.string(BYTES, value.bytes)
    }
    if (depth >= this.limits.depth) {
      fail('CBOR_TOO_DEEP', `nested deeper than ${this.limits.depth} levels`, 'raise the limit `depth`; a value must not hold itself')
    }
    if (value instanceof Timestamp) return this.object(new Tagged(TAG.time, timeMap(value)), depth)
    if (value instanceof Tagged) {
      this.tag(value.tag)
      return this.value(value.value, depth + 1)
    }
    if (Array.isArray(value)) {
      this.head(LIST, value.length)
      for (const one of value as Value[]) this.value(one, depth + 1)
      return
    }
    const entries = entriesOf(value)
    if (entries === null) fail('CBOR_UNENCODABLE', `an object of class ${className(value)} is no value`, 'give a plain object or a Map')
    this.map(entries, depth + 1)
  }

  /** Writes the entries as they come, then puts them in the order of their keys' bytes. */
  private map(entries: Iterable<readonly [Value, Value]>, depth: number): void {
    const list = [...entries]
    this.head(MAP, list.length)
    const base = this.used
    const places: { start: number; keyEnd: number; end: number }[] = []
    let sorted = true
    for (const [key, value] of list) {
      const start = this.used
      this.value(key, depth)
      const keyEnd = this.used
      this.value(value, depth)
      const place = { start, keyEnd, end: this.used }
      if (places.length > 0 && this.compareKeys(places[places.length - 1], place) >= 0) sorted = false
      places.push(place)
    }
    if (sorted) return
    places.sort((a, b) => this.compareKeys(a, b))
    const written = this.bytes.slice(base, this.used)
    let at = base
    for (let i = 0; i < places.length; i++) {
      const { start, end } = places[i]
      if (i > 0 && compare(written, places[i - 1], written, places[i], base) === 0) {
        fail('CBOR_DUPLICATE_KEY', 'a map has the same key twice', 'an integer is the same key as a number and as a bigint')
      }
      this.bytes.set(written.subarray(start - base, end - base), at)
      at += end - start
    }
  }

  private compareKeys(a: { start: number; keyEnd: number }, b: { start: number; keyEnd: number }): number {
    return compare(this.bytes, a, this.bytes, b, 0)
  }

  private int(n: number): void {
    if (n >= 0) this.head(UINT, n)
    else this.head(NEGINT, -1 - n)
  }

  private bigint(n: bigint): void {
    const negative = n < 0n
    const magnitude = negative ? -1n - n : n
    if (magnitude <= MAX_ARGUMENT) return this.head(negative ? NEGINT : UINT, magnitude)
    let hex = magnitude.toString(16)
    if (hex.length % 2 === 1) hex = `0${hex}`
    if (hex.length / 2 > this.limits.bignum) {
      fail('CBOR_TOO_LARGE', `an integer of ${hex.length / 2} bytes; at most ${this.limits.bignum} are written`, 'raise the limit `bignum`')
    }
    this.head(TAGGED, negative ? TAG.bigNegative : TAG.bigPositive)
    this.string(BYTES, Buffer.from(hex, 'hex'))
  }

  private tag(tag: number | bigint): void {
    const whole = typeof tag === 'bigint' || Number.isSafeInteger(tag)
    if (!whole || tag < 0 || tag > MAX_ARGUMENT) fail('CBOR_UNENCODABLE', `${tag} is no tag`, 'a tag is an integer of 64 bits')
    this.head(TAGGED, tag)
  }

  private text(text: string): void {
    if (!text.isWellFormed()) fail('CBOR_UNENCODABLE', 'a text with half a surrogate pair has no UTF-8', 'send it as bytes')
    this.string(TEXT, utf8.encode(text))
  }

  private string(major: number, bytes: Uint8Array): void {
    this.head(major, bytes.length)
    this.room(bytes.length)
    this.bytes.set(bytes, this.used)
    this.used += bytes.length
  }

  /** The shortest of the three floats that gives back the same double (RFC 8949 4.2.2, rule 2); one NaN. */
  private float(value: number): void {
    this.room(9)
    this.view.setFloat16(this.used + 1, value)
    if (Number.isNaN(value) || this.view.getFloat16(this.used + 1) === value) {
      if (Number.isNaN(value)) this.view.setUint16(this.used + 1, 0x7e00)
      this.bytes[this.used] = FLOAT16
      this.used += 3
      return
    }
    const single = Math.fround(value) === value
    this.bytes[this.used] = single ? FLOAT32 : FLOAT64
    if (single) this.view.setFloat32(this.used + 1, value)
    else this.view.setFloat64(this.used + 1, value)
    this.used += single ? 5 : 9
  }

  private head(major: number, argument: number | bigint): void {
    this.room(9)
    const at = this.used
    const type = major << 5
    if (argument < 24) this.put(type | Number(argument), 0)
    else if (argument < 0x100) {
      this.view.setUint8(at + 1, Number(argument))
      this.put(type | 24, 1)
    } else if (argument < 0x1_0000) {
      this.view.setUint16(at + 1, Number(argument))
      this.put(type | 25, 2)
    } else if (argument < 0x1_0000_0000) {
      this.view.setUint32(at + 1, Number(argument))
      this.put(type | 26, 4)
    } else {
      this.view.setBigUint64(at + 1, BigInt(argument))
      this.put(type | 27, 8)
    }
  }

  private put(first: number, more: number): void {
    this.bytes[this.used] = first
    this.used += 1 + more
  }

  private pair(a: number, b: number): void {
    this.byte(a)
    this.byte(b)
  }

  private byte(byte: number): void {
    this.room(1)
    this.bytes[this.used++] = byte
  }

  private room(length: number): void {
    const wanted = this.used + length
    // Heads ask for their longest form; finish() holds the limit exactly.
    if (wanted - 9 > this.limits.bytes) fail('CBOR_TOO_LONG', `longer than ${this.limits.bytes} bytes`, 'raise the limit `bytes`')
    if (wanted <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(wanted, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.used))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}

function timeMap(time: Timestamp): Map<Value, Value> {
  const rest = ((time.nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const map = new Map<Value, Value>([[1, (time.nanoseconds - rest) / 1_000_000_000n]])
  if (rest !== 0n) map.set(-9, rest)
  return map
}

function compare(
  a: Uint8Array,
  ka: { start: number; keyEnd: number },
  b: Uint8Array,
  kb: { start: number; keyEnd: number },
  base: number,
): number {
  return Buffer.compare(a.subarray(ka.start - base, ka.keyEnd - base), b.subarray(kb.start - base, kb.keyEnd - base))
}

function className(value: object): string {
  return (value.constructor as { name?: string } | undefined)?.name ?? 'unknown'
}
