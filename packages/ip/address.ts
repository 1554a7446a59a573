import { IpError } from './errors.ts'
import { format } from './format.ts'
import { MODE, ParseDetail, parseInto } from './parse.ts'
import { compareZones, decodeZone, encodeText } from './zone.ts'

/** An address: 16 bytes, a family and a zone. Not to be changed after it is made. */
export class Address {
  /** 16 bytes in network order; a v4 address stands mapped (`::ffff:a.b.c.d`). */
  readonly bytes: Uint8Array
  readonly family: 4 | 6
  /** As written, without `%`; '' when there is none. Bytes that are not UTF-8 stand as U+DC00 + byte. */
  readonly zone: string
  /** True when it was read by a `loose` rule. Not part of equality. */
  readonly loose: boolean

  /** Takes `bytes` over; they must be 16. */
  constructor(bytes: Uint8Array, family: 4 | 6, zone = '', loose = false) {
    this.bytes = bytes
    this.family = family
    this.zone = zone
    this.loose = loose
  }

  /** As `format`. */
  toString(): string {
    return format(this)
  }

  toJSON(): string {
    return format(this)
  }
}

export type LooseRule = 'leading-zeros'

export type ParseOptions = {
  /** Only texts of this family. */
  family?: 4 | 6
  /** What is let through and marked in `Address.loose`. `leading-zeros`: v4 parts such as `010`, read as decimal. */
  loose?: readonly LooseRule[]
}

/** The `mode` of `parseInto` for these options. */
export function modeOf(options: ParseOptions | undefined): number {
  if (options === undefined) return 0
  const family = options.family === 4 ? MODE.V4 : options.family === 6 ? MODE.V6 : 0
  return options.loose !== undefined && options.loose.includes('leading-zeros') ? family | MODE.LEADING_ZEROS : family
}

/** The bytes of a text: UTF-8. Throws IP_BAD_CHARACTER where a lone surrogate stands. */
export function bytesOf(text: string | Uint8Array): Uint8Array {
  if (typeof text !== 'string') return text
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) {
      const encoded = encodeText(text)
      if (encoded === undefined) throw new IpError('IP_BAD_CHARACTER', i)
      return encoded
    }
    bytes[i] = unit
  }
  return bytes
}

/**
 * Reads one address that fills the text (bytes are read as they are, a string as its UTF-8). Strict unless told otherwise.
 * Throws IpError with the code and the byte offset of what is wrong.
 */
export function parse(text: string | Uint8Array, options?: ParseOptions): Address {
  const bytes = bytesOf(text)
  const out = new Uint8Array(16)
  const detail = new ParseDetail()
  const code = parseInto(bytes, 0, bytes.length, out, 0, detail, modeOf(options))
  if (code !== 0) throw new IpError(code, detail.failedAt)
  return addressFrom(bytes, out, detail)
}

/** As `parse`, but gives undefined where `parse` throws. */
export function tryParse(text: string | Uint8Array, options?: ParseOptions): Address | undefined {
  const bytes = typeof text === 'string' && !text.isWellFormed() ? encodeText(text) : bytesOf(text)
  if (bytes === undefined) return undefined
  const out = new Uint8Array(16)
  const detail = new ParseDetail()
  if (parseInto(bytes, 0, bytes.length, out, 0, detail, modeOf(options)) !== 0) return undefined
  return addressFrom(bytes, out, detail)
}

/** The value of a successful `parseInto`. */
export function addressFrom(bytes: Uint8Array, out: Uint8Array, detail: ParseDetail): Address {
  const zone = detail.zoneStart === detail.zoneEnd ? '' : decodeZone(bytes, detail.zoneStart, detail.zoneEnd)
  return new Address(out, detail.family === 4 ? 4 : 6, zone, detail.loose)
}

/** An address of 4 (v4) or 16 bytes (v6), which are copied. Throws IP_BAD_RANGE for another length. */
export function fromBytes(bytes: Uint8Array): Address {
  if (bytes.length !== 4 && bytes.length !== 16) throw new IpError('IP_BAD_RANGE', bytes.length)
  const out = new Uint8Array(16)
  out.set(bytes, 16 - bytes.length)
  if (bytes.length === 16) return new Address(out, 6)
  out[10] = 255
  out[11] = 255
  return new Address(out, 4)
}

/** Total order: bytes, then family, then zone by its bytes. Negative, 0 or positive. */
export function compare(a: Address, b: Address): number {
  const left = a.bytes
  const right = b.bytes
  for (let i = 0; i < 16; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!
  }
  return a.family !== b.family ? a.family - b.family : compareZones(a.zone, b.zone)
}

/** Same bytes, family and zone. `1.2.3.4` and `::ffff:1.2.3.4` are unequal. */
export function equal(a: Address, b: Address): boolean {
  const left = a.bytes
  const right = b.bytes
  for (let i = 0; i < 16; i++) {
    if (left[i] !== right[i]) return false
  }
  return a.family === b.family && a.zone === b.zone
}

/** True for a v6 address in ::ffff:0:0/96 (RFC 4291 2.5.5.2); false for a v4 address. */
export function isMapped(address: Address): boolean {
  return address.family === 6 && hasMappedHead(address.bytes)
}

/** The v4 address in a mapped one, without its zone (v4 has none); any other address as it is. */
export function unmap(address: Address): Address {
  return isMapped(address) ? new Address(address.bytes, 4, '', address.loose) : address
}

/** True when the 16 bytes begin with those of ::ffff:0:0/96. */
export function hasMappedHead(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) {
    if (bytes[i] !== 0) return false
  }
  return bytes[10] === 255 && bytes[11] === 255
}
