import type { IpCode } from './errors.ts'
import { IpError } from './errors.ts'

const COLON = 0x3a
const DOT = 0x2e
const PERCENT = 0x25
const SLASH = 0x2f
const ZERO = 0x30

/** Bits of `mode` in `parseInto`. None of the first two: both families. */
export const MODE = {
  /** Only v4 texts. */
  V4: 1,
  /** Only v6 texts; a bare `1.2.3.4` is refused. */
  V6: 2,
  /** `010.001.000.009` is read as decimal, and `detail.loose` says so. */
  LEADING_ZEROS: 4,
} as const

/**
 * What `parseInto` found beside the 16 bytes. Owned by the caller and used again for each text; a call writes all of it.
 */
export class ParseDetail {
  /** 4 or 6; 0 when the text was refused. */
  family: 0 | 4 | 6 = 0
  /** The zone's bytes in the input, without `%`. Equal when there is none. */
  zoneStart = 0
  zoneEnd = 0
  /** True when a leading zero was let through. */
  loose = false
  /** Offset in the input of the byte that was refused. */
  failedAt = 0
}

const HEX = /* @__PURE__ */ hexValues()

function hexValues(): Int8Array {
  const table = new Int8Array(256).fill(-1)
  for (let i = 0; i < 10; i++) table[ZERO + i] = i
  for (let i = 0; i < 6; i++) {
    table[0x61 + i] = 10 + i
    table[0x41 + i] = 10 + i
  }
  return table
}

/**
 * Reads the address in `bytes[start, end)` and writes its 16 bytes to `out[at, at + 16)`; a v4 address is written
 * mapped, `detail.family` tells it from `::ffff:a.b.c.d` (RFC 4291 2.5.5.2). Allocates nothing. The whole range has to be one address.
 * Without a `detail` the zone (RFC 4007 11) is checked and then forgotten.
 *
 * Returns 0, or the code of what is wrong, with its offset in `detail.failedAt`; `out` is then unspecified.
 * Throws only `IP_BAD_RANGE`, for a range outside of `bytes` or no room in `out`.
 */
export function parseInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  detail?: ParseDetail,
  mode = 0,
): 0 | IpCode {
  if (!(start >= 0 && start <= end && end <= bytes.length)) throw new IpError('IP_BAD_RANGE', start)
  if (!(at >= 0 && at + 16 <= out.length)) throw new IpError('IP_BAD_RANGE', at)
  if (detail !== undefined) {
    detail.family = 0
    detail.zoneStart = end
    detail.zoneEnd = end
    detail.loose = false
    detail.failedAt = start
  }
  if (start === end) return 'IP_EMPTY'
  const family = familyOf(bytes, start, end, mode)
  if (family === 4) {
    if ((mode & MODE.V6) !== 0 && (mode & MODE.V4) === 0) return fail(detail, 'IP_WRONG_FAMILY', start)
    const code = readParts(bytes, start, end, out, at + 12, detail, mode)
    if (code !== 0) return code
    for (let i = 0; i < 10; i++) out[at + i] = 0
    out[at + 10] = 255
    out[at + 11] = 255
  } else {
    if ((mode & MODE.V4) !== 0 && (mode & MODE.V6) === 0) return fail(detail, 'IP_WRONG_FAMILY', start)
    const code = readGroups(bytes, start, end, out, at, detail, mode)
    if (code !== 0) return code
  }
  if (detail !== undefined) detail.family = family
  return 0
}

/** Which of the two grammars the text is held against: the first `:` or `.` decides, so that the error is the one a reader expects. */
function familyOf(bytes: Uint8Array, start: number, end: number, mode: number): 4 | 6 {
  for (let i = start; i < end; i++) {
    const c = bytes[i]!
    if (c === COLON) return 6
    if (c === DOT) return 4
    if (c === PERCENT) break
  }
  return (mode & MODE.V6) !== 0 && (mode & MODE.V4) === 0 ? 6 : 4
}

function fail(detail: ParseDetail | undefined, code: IpCode, at: number): IpCode {
  if (detail !== undefined) detail.failedAt = at
  return code
}

/** Four decimal parts that fill the range, to `out[at, at + 4)`. */
function readParts(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  detail: ParseDetail | undefined,
  mode: number,
): 0 | IpCode {
  let i = start
  for (let part = 0; part < 4; part++) {
    const first = i
    let value = 0
    for (; i < end; i++) {
      const digit = bytes[i]! - ZERO
      if (digit < 0 || digit > 9) break
      if (i - first === 3) return fail(detail, 'IP_BAD_PART', first)
      value = value * 10 + digit
    }
    if (i === first) {
      if (i === end) return fail(detail, 'IP_PART_COUNT', i)
      return fail(detail, bytes[i] === DOT ? 'IP_BAD_PART' : 'IP_BAD_CHARACTER', i)
    }
    if (bytes[first] === ZERO && i - first > 1) {
      if ((mode & MODE.LEADING_ZEROS) === 0) return fail(detail, 'IP_LEADING_ZERO', first)
      if (detail !== undefined) detail.loose = true
    }
    if (value > 255) return fail(detail, 'IP_BAD_PART', first)
    out[at + part] = value
    if (part === 3) break
    if (i === end) return fail(detail, 'IP_PART_COUNT', i)
    if (bytes[i] !== DOT) return fail(detail, bytes[i] === PERCENT ? 'IP_PART_COUNT' : 'IP_BAD_CHARACTER', i)
    i++
  }
  if (i === end) return 0
  const c = bytes[i]!
  return fail(detail, c === DOT ? 'IP_PART_COUNT' : c === PERCENT ? 'IP_ZONE_ON_V4' : 'IP_BAD_CHARACTER', i)
}

/** The groups, the v4 tail and the zone of a v6 address (RFC 4291 2.2), to `out[at, at + 16)`. */
function readGroups(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  detail: ParseDetail | undefined,
  mode: number,
): 0 | IpCode {
  let i = start
  let written = 0
  let gap = -1 // how many bytes stand before "::"
  if (bytes[i] === COLON) {
    if (i + 1 === end || bytes[i + 1] !== COLON) return fail(detail, 'IP_BAD_GROUP', i)
    gap = 0
    i += 2
  }
  while (i < end) {
    const first = i
    let value = 0
    let digit = 0
    while (i < end && (digit = HEX[bytes[i]!]!) >= 0) {
      if (i - first === 4) return fail(detail, 'IP_BAD_GROUP', first)
      value = (value << 4) | digit
      i++
    }
    const c = i < end ? bytes[i]! : -1
    if (c === DOT) {
      if (written > 12) return fail(detail, 'IP_GROUP_COUNT', first)
      const tail = percentOr(bytes, first, end)
      const code = readParts(bytes, first, tail, out, at + written, detail, mode)
      if (code !== 0) return code
      written += 4
      i = tail
      break
    }
    if (i === first) {
      if (c === PERCENT && gap === written) break
      return fail(detail, c === COLON ? 'IP_DOUBLE_COLON' : 'IP_BAD_CHARACTER', i)
    }
    if (written === 16) return fail(detail, 'IP_GROUP_COUNT', first)
    out[at + written] = value >> 8
    out[at + written + 1] = value & 255
    written += 2
    if (c === -1 || c === PERCENT) break
    if (c !== COLON) return fail(detail, 'IP_BAD_CHARACTER', i)
    i++
    if (i === end || bytes[i] === PERCENT) return fail(detail, 'IP_BAD_GROUP', i)
    if (bytes[i] === COLON) {
      if (gap >= 0) return fail(detail, 'IP_DOUBLE_COLON', i - 1)
      gap = written
      i++
    }
  }
  if (gap < 0 ? written !== 16 : written === 16) return fail(detail, gap < 0 ? 'IP_GROUP_COUNT' : 'IP_DOUBLE_COLON', i)
  if (gap >= 0) widen(out, at, gap, written)
  return i === end ? 0 : readZone(bytes, i + 1, end, detail)
}

function percentOr(bytes: Uint8Array, from: number, end: number): number {
  let i = from
  while (i < end && bytes[i] !== PERCENT) i++
  return i
}

/** Moves what stood behind "::" to the end and fills the middle with zeros. */
function widen(out: Uint8Array, at: number, gap: number, written: number): void {
  const shift = 16 - written
  for (let k = written - 1; k >= gap; k--) out[at + k + shift] = out[at + k]!
  for (let k = gap; k < gap + shift; k++) out[at + k] = 0
}

function readZone(bytes: Uint8Array, start: number, end: number, detail: ParseDetail | undefined): 0 | IpCode {
  if (start === end) return fail(detail, 'IP_BAD_ZONE', start)
  for (let i = start; i < end; i++) {
    const c = bytes[i]!
    if (c <= 0x20 || c === 0x7f || c === PERCENT || c === SLASH) return fail(detail, 'IP_BAD_ZONE', i)
  }
  if (detail !== undefined) {
    detail.zoneStart = start
    detail.zoneEnd = end
  }
  return 0
}
