import { CodedError } from '../errors.ts'
import { TAG, encodeCbor } from './cbor-encode.ts'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value, type ValueLimits, integer, isInteger, limitsOf } from './value.ts'

export { encodeCbor } from './cbor-encode.ts'

const UINT = 0
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5
const TAGGED = 6
const INDEFINITE = -1
const BREAK = 0xff

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The one value that `bytes` hold (RFC 8949), in its normal form. All well-formed input is read, also where it is not in the
 * preferred form; strings are copies. A map with two equal keys is refused (RFC 8949 5.6), as is text that is not UTF-8.
 * @throws CodedError CBOR_... with the offset of the byte in `at`
 */
export function decodeCbor(bytes: Uint8Array, limits: Partial<ValueLimits> = {}): Value {
  const { value, end } = decodeCborFirst(bytes, 0, limits)
  if (end !== bytes.length) fail('CBOR_TRAILING', `${bytes.length - end} bytes follow the value`, end)
  return value
}

/**
 * The first value of a sequence (RFC 8742) from offset `start`, and the offset after it. The limits hold for this one value.
 * @throws CodedError CBOR_... with the offset of the byte in `at`
 */
export function decodeCborFirst(bytes: Uint8Array, start = 0, limits: Partial<ValueLimits> = {}): { value: Value; end: number } {
  const reader = new Reader(bytes, start, limitsOf(limits))
  const value = reader.value(0)
  return { value, end: reader.at }
}

function fail(code: string, message: string, at: number, hint = ''): never {
  throw new CodedError(code, message, { at: `byte ${at}`, hint })
}

class Reader {
  at: number
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly limits: ValueLimits
  private readonly end: number
  private items = 0

  constructor(bytes: Uint8Array, start: number, limits: ValueLimits) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = start
    this.limits = limits
    this.end = Math.min(bytes.length, start + limits.bytes)
  }

  value(depth: number): Value {
    const from = this.at
    const first = this.byte()
    if (++this.items > this.limits.items) fail('CBOR_TOO_MANY', `more than ${this.limits.items} values`, from, 'raise the limit `items`')
    const major = first >> 5
    const info = first & 31
    if (major === 7) return this.simple(info, from)
    if (major < BYTES) return this.int(major, info, from)
    const length = this.argument(info, from, major !== TAGGED)
    if (major <= TEXT) return this.string(major, length, from)
    if (depth >= this.limits.depth) {
      fail('CBOR_TOO_DEEP', `nested deeper than ${this.limits.depth} levels`, from, 'raise the limit `depth`, or send flatter values')
    }
    if (major === LIST) return this.list(length, depth + 1, from)
    if (major === MAP) return this.map(length, depth + 1, from)
    return this.tagged(length, depth + 1, from)
  }

  /** The argument as a number, {@link INDEFINITE} where allowed, or a bigint past 2^53. */
  private argument(info: number, from: number, indefinite = false): number | bigint {
    if (info < 24) return info
    if (info === 24) return this.byte()
    if (info === 25) return this.view.getUint16(this.take(2))
    if (info === 26) return this.view.getUint32(this.take(4))
    if (info === 27) {
      const at = this.take(8)
      const high = this.view.getUint32(at)
      return high < 0x20_0000 ? high * 0x1_0000_0000 + this.view.getUint32(at + 4) : this.view.getBigUint64(at)
    }
    if (info === 31 && indefinite) return INDEFINITE
    fail('CBOR_MALFORMED', `0x${this.bytes[from].toString(16)} starts no value (additional information ${info})`, from)
  }

  private int(major: number, info: number, from: number): number | bigint {
    const n = this.argument(info, from)
    if (major === UINT) return n
    if (typeof n === 'bigint') return -1n - n
    // -1 - (2^53 - 1) is past the safe integers, and a bigint in the normal form.
    return n < Number.MAX_SAFE_INTEGER ? -1 - n : -1n - BigInt(n)
  }

  private string(major: number, length: number | bigint, from: number): string | Uint8Array {
    if (length !== INDEFINITE) return major === TEXT ? this.text(length, from) : this.run(length).slice()
    const texts: string[] = []
    const parts: Uint8Array[] = []
    let total = 0
    while (this.peek() !== BREAK) {
      const at = this.at
      const first = this.byte()
      if (first >> 5 !== major || (first & 31) === 31) {
        fail('CBOR_MALFORMED', `a ${major === TEXT ? 'text' : 'byte'} string in pieces holds another kind of value`, at)
      }
      const piece = this.argument(first & 31, at)
      if (major === TEXT) texts.push(this.text(piece, at))
      else total += parts[parts.push(this.run(piece)) - 1].length
    }
    this.at++
    if (major === TEXT) return texts.join('')
    const whole = new Uint8Array(total)
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  private text(length: number | bigint, from: number): string {
    const run = this.run(length)
    try {
      return utf8.decode(run)
    } catch (cause) {
      throw new CodedError('CBOR_TEXT', 'a text string is not UTF-8', { at: `byte ${from}`, hint: 'send it as a byte string', cause })
    }
  }

  private list(length: number | bigint, depth: number, from: number): Value[] {
    const list: Value[] = []
    if (length === INDEFINITE) {
      while (this.peek() !== BREAK) list.push(this.value(depth))
      this.at++
      return list
    }
    for (let left = this.count(length, 1, from); left > 0; left--) list.push(this.value(depth))
    return list
  }

  private map(length: number | bigint, depth: number, from: number): Map<Value, Value> {
    const map = new Map<Value, Value>()
    const keys = new Set<string>()
    const entry = () => {
      const at = this.at
      const key = this.value(depth)
      const id = keyId(key)
      if (keys.has(id)) fail('CBOR_DUPLICATE_KEY', 'a map has the same key twice', at, 'each key may stand once')
      keys.add(id)
      map.set(key, this.value(depth))
    }
    if (length === INDEFINITE) {
      while (this.peek() !== BREAK) entry()
      this.at++
      return map
    }
    for (let left = this.count(length, 2, from); left > 0; left--) entry()
    return map
  }

  private tagged(tag: number | bigint, depth: number, from: number): Value {
    const value = this.value(depth)
    if (value instanceof Uint8Array) {
      if (tag === TAG.bigPositive || tag === TAG.bigNegative) return this.bignum(tag, value, from)
      if (tag === TAG.ipv4 && value.length === 4) return new AddressBytes(value)
      if (tag === TAG.ipv6 && value.length === 16) return new AddressBytes(value)
    }
    if (tag === TAG.time && value instanceof Map) return timestamp(value) ?? new Tagged(tag, value)
    return new Tagged(tag, value)
  }

  private bignum(tag: number, bytes: Uint8Array, from: number): number | bigint {
    if (bytes.length > this.limits.bignum) {
      fail(
        'CBOR_TOO_LARGE',
        `an integer of ${bytes.length} bytes; at most ${this.limits.bignum} are read`,
        from,
        'raise the limit `bignum`',
      )
    }
    const n = bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`)
    return integer(tag === TAG.bigPositive ? n : -1n - n)
  }

  private simple(info: number, from: number): Value {
    if (info === 20 || info === 21) return info === 21
    if (info === 22) return null
    if (info < 24) return new Simple(info)
    if (info === 25) return Double.of(this.view.getFloat16(this.take(2)))
    if (info === 26) return Double.of(this.view.getFloat32(this.take(4)))
    if (info === 27) return Double.of(this.view.getFloat64(this.take(8)))
    if (info === 31) fail('CBOR_MALFORMED', 'a break where a value is due', from)
    const value = info === 24 ? this.byte() : 0
    if (value < 32) fail('CBOR_MALFORMED', 'a reserved form of simple value', from)
    return new Simple(value)
  }

  /** A number of elements, each of which takes at least `size` bytes; refused before anything is made when it can't fit. */
  private count(length: number | bigint, size: number, from: number): number {
    const count = Number(length)
    if (count * size > this.end - this.at) this.cut(from, `${length} elements`)
    return count
  }

  private run(length: number | bigint): Uint8Array {
    if (length > this.end - this.at) this.cut(this.at, `${length} bytes of a string`)
    const from = this.at
    this.at += Number(length)
    return this.bytes.subarray(from, this.at)
  }

  private take(length: number): number {
    const at = this.at
    if (at + length > this.end) this.cut(at, `${length} bytes`)
    this.at += length
    return at
  }

  private byte(): number {
    const at = this.take(1)
    return this.bytes[at]
  }

  private peek(): number {
    if (this.at >= this.end) this.cut(this.at, 'a value or a break')
    return this.bytes[this.at]
  }

  private cut(at: number, due: string): never {
    if (this.end < this.bytes.length)
      fail('CBOR_TOO_LONG', `the value is longer than ${this.limits.bytes} bytes`, at, 'raise the limit `bytes`')
    fail('CBOR_CUT', `the input ends where ${due} should be`, at, 'the rest was lost or has not come yet')
  }
}

/** What makes two keys equal: their bytes in the deterministic encoding; short cuts where that is plain. */
export function keyId(key: Value): string {
  if (typeof key === 'string') return `t${key}`
  if (typeof key === 'number' && isInteger(key)) return `n${key}`
  if (typeof key === 'bigint' && Number.isSafeInteger(Number(key))) return `n${key}`
  return `c${hex(encodeCbor(key, { depth: Infinity, items: Infinity, bytes: Infinity, bignum: Infinity }))}`
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Seconds under 1 and nanoseconds under -9 (RFC 9581 3); null where the map says anything else or more. */
function timestamp(map: Map<Value, Value>): Timestamp | null {
  const seconds = map.get(1)
  const rest = map.get(-9) ?? 0
  if (map.size !== (map.has(-9) ? 2 : 1)) return null
  if (typeof seconds !== 'bigint' && !(typeof seconds === 'number' && isInteger(seconds))) return null
  if (typeof rest !== 'number' || !isInteger(rest) || rest < 0 || rest >= 1e9) return null
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(rest)
  return Timestamp.fits(nanoseconds) ? new Timestamp(nanoseconds) : null
}
