import { FLAG } from './header.ts'
import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { note, settle } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { NO_OFFSET } from './zone.ts'

const JAN = 0x6a616e
const FEB = 0x666562
const MAR = 0x6d6172
const APR = 0x617072
const MAY = 0x6d6179
const JUN = 0x6a756e
const JUL = 0x6a756c
const AUG = 0x617567
const SEP = 0x736570
const OCT = 0x6f6374
const NOV = 0x6e6f76
const DEC = 0x646563

/** Month 1..12 from three letters of any case, or 0. The caller has seen that three bytes are there. */
export function monthAt(bytes: Uint8Array, at: number): number {
  switch (((bytes[at] | 32) << 16) | ((bytes[at + 1] | 32) << 8) | (bytes[at + 2] | 32)) {
    case JAN:
      return 1
    case FEB:
      return 2
    case MAR:
      return 3
    case APR:
      return 4
    case MAY:
      return 5
    case JUN:
      return 6
    case JUL:
      return 7
    case AUG:
      return 8
    case SEP:
      return 9
    case OCT:
      return 10
    case NOV:
      return 11
    case DEC:
      return 12
    default:
      return 0
  }
}

/** Two decimal digits as a number, or a value of 100 or more when they are not digits. */
function two(bytes: Uint8Array, at: number): number {
  const a = bytes[at] - 48
  const b = bytes[at + 1] - 48
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : 100
}

/** Seconds of the day from `hh:mm:ss`, -1 when a number is out of range, -2 when it has not that form. 60 is a leap second. */
export function clockAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 2] !== 58 || bytes[at + 5] !== 58) return -2
  const h = two(bytes, at)
  const m = two(bytes, at + 3)
  const s = two(bytes, at + 6)
  if (h > 99 || m > 99 || s > 99) return -2
  return h < 24 && m < 60 && s < 61 ? h * 3600 + m * 60 + s : -1
}

/**
 * The stamp of RFC 3164 4.1.2 exactly, `Mmm dd hh:mm:ss` with a blank, a zero or a digit before the day's last digit, and a
 * blank behind it: the common case. Gives the position behind the stamp, or -1 with `out` untouched.
 */
export function readMonthStamp(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): number {
  if (at + 16 > end || bytes[at + 15] !== 32 || bytes[at + 3] !== 32 || bytes[at + 6] !== 32) return -1
  const month = monthAt(bytes, at)
  if (month === 0) return -1
  const tens = bytes[at + 4]
  const ones = bytes[at + 5] - 48
  if (ones < 0 || ones > 9) return -1
  const day = tens === 32 ? ones : tens >= 48 && tens <= 51 ? (tens - 48) * 10 + ones : -1
  const seconds = clockAt(bytes, at + 7)
  if (day < 0 || seconds < 0) return -1
  const problem = settle(out, context, -1, month, day, seconds, 0, NO_OFFSET)
  if (problem !== 0) note(out, start, problem, at)
  out.timeStart = at
  out.timeEnd = at + 15
  return at + 15
}

/** Seconds east of UTC from `+hh:mm`, `-hh:mm`, the same without colon, or `z`; NO_OFFSET where none of these stands. */
function offsetAt(bytes: Uint8Array, p: number, end: number): number {
  const sign = p < end ? bytes[p] : 0
  if (sign === 122) return 0
  if ((sign !== 43 && sign !== 45) || p + 5 > end) return NO_OFFSET
  const colon = bytes[p + 3] === 58 ? 1 : 0
  const h = two(bytes, p + 1)
  const m = p + 5 + colon <= end ? two(bytes, p + 3 + colon) : 100
  if (h > 23 || m > 59) return NO_OFFSET
  return sign === 45 ? -(h * 3600 + m * 60) : h * 3600 + m * 60
}

/**
 * The stamp of RFC 5424 6.2.3 (of RFC 3339), and what devices make of it: a comma or more than six digits in the fraction, a
 * small `z`, a `Z` behind an offset, an offset without colon, no zone. Those are read and, if `strict`, noted as `time_form`.
 * Gives the position behind the stamp, or -1 with `out` untouched when the text has not that shape.
 */
export function readRfc3339(
  bytes: Uint8Array,
  at: number,
  end: number,
  start: number,
  strict: boolean,
  context: HeaderContext,
  out: Header,
): number {
  if (at + 19 > end || bytes[at + 4] !== 45 || bytes[at + 7] !== 45) return -1
  const mark = bytes[at + 10]
  if (mark !== 84 && mark !== 32 && mark !== 116) return -1
  const century = two(bytes, at)
  const yearOfCentury = two(bytes, at + 2)
  const month = two(bytes, at + 5)
  const day = two(bytes, at + 8)
  const seconds = clockAt(bytes, at + 11)
  if (century > 99 || yearOfCentury > 99 || month > 99 || day > 99 || seconds === -2) return -1
  let odd = mark !== 84 || bytes[at + 17] === 54
  let p = at + 19
  let micros = 0
  let c = p < end ? bytes[p] : 0
  if ((c === 46 || c === 44) && p + 1 < end && (bytes[p + 1] - 48) >>> 0 <= 9) {
    odd ||= c === 44
    const from = ++p
    let scale = 100_000
    while (p < end && (c = bytes[p] - 48) >= 0 && c <= 9) {
      micros += c * scale
      scale = scale === 1 ? 0 : (scale / 10) | 0
      p++
    }
    odd ||= p - from > 6
    c = p < end ? bytes[p] : 0
  }
  let offset = NO_OFFSET
  if (c === 90) {
    offset = 0
    p++
  } else {
    offset = offsetAt(bytes, p, end)
    const length = offset === NO_OFFSET ? 0 : c === 122 ? 1 : bytes[p + 3] === 58 ? 6 : 5
    p += length
    odd ||= length !== 6
    if (length > 1 && p < end && bytes[p] === 90) {
      odd = true
      p++
    }
  }
  out.timeStart = at
  out.timeEnd = p
  const problem = settle(out, context, century * 100 + yearOfCentury, month, day, seconds, micros, offset)
  if (problem !== 0) note(out, start, problem, at)
  else if (strict && odd) note(out, start, PROBLEM.time_form, at)
  return p
}

/** Sets the time from seconds (or milliseconds, when 13 digits) since 1970 with an optional fraction; -1 when it is none. */
export function readEpoch(bytes: Uint8Array, at: number, end: number, out: Header): number {
  let p = at
  let whole = 0
  while (p < end && p - at < 14 && bytes[p] >= 48 && bytes[p] <= 57) whole = whole * 10 + bytes[p++] - 48
  const digits = p - at
  if (digits !== 10 && digits !== 13) return -1
  let micros = 0
  if (p + 1 < end && bytes[p] === 46 && bytes[p + 1] >= 48 && bytes[p + 1] <= 57) {
    let scale = digits === 10 ? 100_000 : 100
    for (p++; p < end && bytes[p] >= 48 && bytes[p] <= 57; p++) {
      micros += (bytes[p] - 48) * scale
      scale = Math.floor(scale / 10)
    }
  }
  out.time = digits === 10 ? whole * 1e6 + micros : whole * 1000 + micros
  out.timeStart = at
  out.timeEnd = p
  out.flags &= ~(FLAG.yearAssumed | FLAG.zoneAssumed)
  return p
}
