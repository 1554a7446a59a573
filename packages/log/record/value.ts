/**
 * Typed nested values: what a field of a record may hold. Each value has one normal form in memory, the one the decoders
 * give; the encoders also take the other spellings named here.
 *
 * - integer: a `number` where it is a safe integer (not -0), else a `bigint`
 * - double: any other `number` (fractions, NaN, infinities, -0, whole numbers past 2^53), or a {@link Double} around a safe integer
 * - text: a well-formed `string`; bytes: `Uint8Array`; list: an array
 * - map: a `Map`; encoders also take a plain object as a map of texts
 * - {@link Timestamp}, {@link AddressBytes}, {@link Tagged} and {@link Simple} for the rest
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Double
  | Timestamp
  | AddressBytes
  | Tagged
  | Simple
  | readonly Value[]
  | ValueMap
  | { readonly [name: string]: Value }

/** A map with keys of any kind. No two keys have the same bytes in CBOR. */
export type ValueMap = ReadonlyMap<Value, Value>

/** A double that would read as an integer if it stood as a plain number. */
export class Double {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  /** The normal form of a double: a plain number wherever that is not read as an integer. */
  static of(value: number): number | Double {
    return isInteger(value) ? new Double(value) : value
  }
}

const MIN_TIME = -(2n ** 63n)
const MAX_TIME = 2n ** 63n - 1n

/** A point in time: nanoseconds since 1970 in UTC, leap seconds not counted, in 64 bits with sign (the years 1677 to 2262). */
export class Timestamp {
  readonly nanoseconds: bigint

  /** @throws RangeError when it does not fit in 64 bits */
  constructor(nanoseconds: bigint) {
    if (!Timestamp.fits(nanoseconds)) throw new RangeError(`${nanoseconds} ns do not fit in 64 bits with sign`)
    this.nanoseconds = nanoseconds
  }

  static fits(nanoseconds: bigint): boolean {
    return nanoseconds >= MIN_TIME && nanoseconds <= MAX_TIME
  }
}

/** An address of the Internet Protocol as it is sent: 4 or 16 bytes. Parsing and printing is in `@pullbox/ip`. */
export class AddressBytes {
  readonly bytes: Uint8Array

  /** @throws RangeError unless 4 or 16 bytes are given */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== 4 && bytes.length !== 16) throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`)
    this.bytes = bytes
  }
}

/** A value with a CBOR tag that has no type of its own here; kept as it came (RFC 8949 3.4). */
export class Tagged {
  readonly tag: number | bigint
  readonly value: Value

  constructor(tag: number | bigint, value: Value) {
    this.tag = tag
    this.value = value
  }
}

/** True for the number of a tag: an integer of 64 bits without sign. */
export function isTag(tag: number | bigint): boolean {
  return (typeof tag === 'bigint' || Number.isSafeInteger(tag)) && tag >= 0 && tag < 2n ** 64n
}

/** A simple value without a type of its own here: 0..19, 23 (undefined) or 32..255 (RFC 8949 3.3). */
export class Simple {
  readonly value: number

  /** @throws RangeError for another number; 20, 21 and 22 are false, true and null */
  constructor(value: number) {
    if (!Simple.fits(value)) throw new RangeError(`${value} is no simple value that stands for itself`)
    this.value = value
  }

  static fits(value: number): boolean {
    return Number.isInteger(value) && value >= 0 && value < 256 && !(value > 19 && value < 32 && value !== 23)
  }
}

/** True where a plain number is read as an integer. */
export function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

/** The normal form of an integer. */
export function integer(value: bigint): number | bigint {
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

/** Name and value pairs of a map or a plain object; null for anything else. */
export function entriesOf(value: object): Iterable<readonly [Value, Value]> | null {
  if (value instanceof Map) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return null
  return Object.entries(value as Record<string, Value>)
}

/** Bounds for reading and writing values; what exceeds one is refused by name. */
export interface ValueLimits {
  /** Lists, maps and tags inside each other, in levels. At most {@link MAX_DEPTH}. */
  depth: number
  /** Length of the encoded form, in bytes. */
  bytes: number
  /** Values in all, the outermost and keys included. */
  items: number
  /** Length of an integer past 64 bits, in bytes of its magnitude. */
  bignum: number
}

/** Deepest nesting that a limit may allow, in levels; keeps recursion well inside the stack. */
export const MAX_DEPTH = 256

/** What is allowed unless the caller says otherwise. */
export const VALUE_LIMITS: Readonly<ValueLimits> = { depth: 64, bytes: 16 << 20, items: 1_000_000, bignum: 256 }

/** The limits of a call: the usual ones where it names none. */
export function limitsOf(given: Partial<ValueLimits>): ValueLimits {
  const limits = { ...VALUE_LIMITS, ...given }
  limits.depth = Math.min(limits.depth, MAX_DEPTH)
  return limits
}

/** True for an integer of more bytes than the limit `bignum`; up to 64 bits are always taken. */
export function integerTooLong(number: bigint, limits: Pick<ValueLimits, 'bignum'>): boolean {
  if (limits.bignum === Infinity) return false
  const magnitude = number < 0n ? -1n - number : number
  return magnitude >> BigInt(8 * Math.max(8, limits.bignum)) > 0n
}
