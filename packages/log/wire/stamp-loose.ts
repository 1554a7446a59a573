import { FLAG } from './header.ts'
import { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { note, settle } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { clockAt, monthAt, readRfc3339 } from './stamp.ts'
import { text } from './words.ts'
import { abbreviationOffset, isAbbreviation, isContested, NO_OFFSET } from './zone.ts'

/** The parts of a stamp while it is read; made for rare shapes only. */
class Parts {
  year = -1
  month = 0
  day = 0
  seconds = -1
  micros = 0
  /** Seconds east of UTC as sent, or NO_OFFSET. */
  offset = NO_OFFSET
  /** A zone's abbreviation, or ''. */
  zone = ''
  /** Only a time of day was sent. */
  dayless = false
  /** Day and month may be the other way round. */
  swappable = false
}

const digit = (b: number): boolean => b >= 48 && b <= 57
const letter = (b: number): boolean => (b | 32) >= 97 && (b | 32) <= 122

/** The number that 1..max digits make, with the count of digits in the top bits: `count << 24 | value`; 0 when none. */
function digits(bytes: Uint8Array, at: number, end: number, max: number): number {
  let p = at
  let value = 0
  while (p < end && p - at < max && digit(bytes[p])) value = value * 10 + bytes[p++] - 48
  return ((p - at) << 24) | value
}

/**
 * A time stamp in any of the shapes that devices send: with year before or after, fractions, AM and PM, named zones, a mark of
 * an unsure clock (`*` or `.` before it), numeric dates, a bare time of day. Sets time, flags and positions in `out` and gives
 * the position behind the stamp, or -1 with `out` untouched when there is none at `at`.
 * Zone text counts as part of the stamp.
 */
export function readStamp(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): number {
  let p = at
  let unsure = false
  if (p < end && (bytes[p] === 42 || bytes[p] === 46)) {
    unsure = true
    p++
    if (p < end && bytes[p] === 32) p++
  }
  if (p + 8 > end) return -1
  const parts = new Parts()
  let q = -1
  if (letter(bytes[p])) q = monthFirst(bytes, p, end, parts)
  else if (digit(bytes[p])) {
    q = isoAt(bytes, p, end, start, context, out)
    if (q >= 0) {
      if (unsure) out.flags |= FLAG.clockUnsure
      return q
    }
    q = numberFirst(bytes, p, end, parts)
  }
  if (q < 0) return -1
  if (parts.offset === NO_OFFSET) q = zoneAfter(bytes, q, end, parts)
  if (q < end && !isBreak(bytes[q])) return -1
  if (unsure) out.flags |= FLAG.clockUnsure
  out.timeStart = at
  out.timeEnd = q
  conclude(parts, at, start, context, out)
  return q
}

function isBreak(b: number): boolean {
  return b === 32 || b === 58 || b === 9 || b === 44 || b === 93 || b === 59 || b === 10 || b === 13 || b === 124
}

/** A colon that a blank or the end follows: not the one of an IPv6 address. */
function isColon(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === 58 && (at + 1 >= end || bytes[at + 1] === 32)
}

/** RFC 3339, and the same with a named zone behind it. */
function isoAt(bytes: Uint8Array, p: number, end: number, start: number, context: HeaderContext, out: Header): number {
  const q = readRfc3339(bytes, p, end, start, false, context, out)
  if (q < 0 || (out.flags & FLAG.zoneAssumed) === 0 || out.time !== out.time) return q
  const parts = new Parts()
  const after = zoneAfter(bytes, q, end, parts)
  if (parts.offset === NO_OFFSET && parts.zone === '') return q
  const local = Math.floor(out.time / 1e6) + context.zone.offsetAt(out.time / 1e6)
  const offset = parts.offset === NO_OFFSET ? abbreviationOffset(parts.zone, local, context.zone, context.received) : parts.offset
  out.timeEnd = after
  if (offset !== NO_OFFSET) {
    out.time = (local - offset) * 1e6 + (out.time - Math.floor(out.time / 1e6) * 1e6)
    out.flags &= ~FLAG.zoneAssumed
  }
  return after
}

/** `[Wdy[,] ]Mmm d[d] [yyyy ]hh:mm:ss ... [yyyy]` */
function monthFirst(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  let p = at
  parts.month = monthAt(bytes, p)
  if (parts.month === 0) {
    // A weekday before it, as ctime() and RFC 2822 have it.
    if (!isWeekday(bytes, p)) return -1
    p += 3
    if (bytes[p] === 44) p++
    if (bytes[p] !== 32) return -1
    p++
    if (p + 8 > end) return -1
    if (digit(bytes[p])) return dayFirst(bytes, p, end, parts)
    parts.month = monthAt(bytes, p)
    if (parts.month === 0) return -1
  }
  p += 3
  if (bytes[p] !== 32) return -1
  while (p < end && bytes[p] === 32 && p - at < 10) p++
  const day = digits(bytes, p, end, 2)
  if (day === 0) return -1
  parts.day = day & 0xff
  p += day >> 24
  if (bytes[p] === 44) p++
  if (bytes[p] !== 32) return -1
  while (p < end && bytes[p] === 32) p++
  const year = digits(bytes, p, end, 4)
  if (year >> 24 === 4 && bytes[p + 4] === 32) {
    parts.year = year & 0xffff
    p += 5
  }
  return timeOfDay(bytes, p, end, parts)
}

function isWeekday(bytes: Uint8Array, p: number): boolean {
  const name = String.fromCharCode(bytes[p] | 32, bytes[p + 1] | 32, bytes[p + 2] | 32)
  return name === 'mon' || name === 'tue' || name === 'wed' || name === 'thu' || name === 'fri' || name === 'sat' || name === 'sun'
}

/** `d[d] Mmm yyyy hh:mm:ss`, also with hyphens or slashes. */
function dayFirst(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const day = digits(bytes, at, end, 2)
  let p = at + (day >> 24)
  const mark = bytes[p]
  if (day === 0 || (mark !== 32 && mark !== 45 && mark !== 47) || p + 12 > end) return -1
  parts.day = day & 0xff
  parts.month = monthAt(bytes, p + 1)
  if (parts.month === 0 || bytes[p + 4] !== mark) return -1
  const year = digits(bytes, p + 5, end, 4)
  if (year >> 24 !== 4) return -1
  parts.year = year & 0xffff
  p += 9
  if (bytes[p] !== 32 && bytes[p] !== 58) return -1
  return timeOfDay(bytes, p + 1, end, parts)
}

/** Everything that starts with a digit and is not RFC 3339. */
function numberFirst(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const first = digits(bytes, at, end, 5)
  const count = first >> 24
  const p = at + count
  const mark = bytes[p]
  if (count === 4 && (mark === 32 || mark === 45 || mark === 47)) return yearFirst(bytes, at, end, parts)
  if (count > 2) return -1
  if (mark === 58) {
    parts.dayless = true
    return timeOfDay(bytes, at, end, parts)
  }
  if (mark === 47 && p + 1 < end && digit(bytes[p + 1])) return slashes(bytes, at, end, parts)
  return dayFirst(bytes, at, end, parts)
}

/** `yyyy Mmm d[d] hh:mm:ss`, `yyyy-Mmm- d hh:mm:ss`, `yyyy-m-d hh:mm:ss`, `yyyy/mm/dd hh:mm:ss` */
function yearFirst(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  parts.year = digits(bytes, at, end, 4) & 0xffff
  let p = at + 5
  if (p + 10 > end) return -1
  if (letter(bytes[p])) {
    parts.month = monthAt(bytes, p)
    p += 3
  } else {
    const month = digits(bytes, p, end, 2)
    parts.month = month & 0xff
    p += month >> 24
  }
  if (parts.month === 0 || bytes[p] !== bytes[at + 4]) return -1
  p++
  while (p < end && bytes[p] === 32 && p - at < 12) p++
  const day = digits(bytes, p, end, 2)
  if (day === 0) return -1
  parts.day = day & 0xff
  p += day >> 24
  if (bytes[p] !== 32 && bytes[p] !== 84) return -1
  return timeOfDay(bytes, p + 1, end, parts)
}

/** `dd/mm/yyyy:hh:mm:ss` or `mm/dd/yyyy:hh:mm:ss`: which, is settled later. */
function slashes(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const a = digits(bytes, at, end, 2)
  let p = at + (a >> 24) + 1
  const b = digits(bytes, p, end, 2)
  p += b >> 24
  if (b === 0 || bytes[p] !== 47) return -1
  const year = digits(bytes, p + 1, end, 4)
  if (year >> 24 !== 4) return -1
  p += 5
  if (bytes[p] !== 58 && bytes[p] !== 32) return -1
  parts.year = year & 0xffff
  parts.day = a & 0xff
  parts.month = b & 0xff
  if (parts.month > 12) {
    parts.day = b & 0xff
    parts.month = a & 0xff
  } else if (parts.day <= 12 && parts.day !== parts.month) parts.swappable = true
  return timeOfDay(bytes, p + 1, end, parts)
}

/** `hh:mm:ss`, then a fraction, `AM` or `PM` (Cisco UCM puts the fraction behind it). */
function timeOfDay(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  if (at + 8 > end) return -1
  const seconds = clockAt(bytes, at)
  if (seconds === -2) return -1
  parts.seconds = seconds
  let p = fraction(bytes, at + 8, end, parts)
  const half = p + 3 <= end && bytes[p] === 32 && (bytes[p + 2] | 32) === 109 ? bytes[p + 1] | 32 : 0
  if ((half === 97 || half === 112) && (p + 3 === end || !letter(bytes[p + 3]))) {
    const hour = Math.floor(seconds / 3600)
    if (half === 112 && hour < 12) parts.seconds += 43_200
    if (half === 97 && hour === 12) parts.seconds -= 43_200
    p = fraction(bytes, p + 3, end, parts)
  }
  return p
}

function fraction(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  if (at + 1 >= end || (bytes[at] !== 46 && bytes[at] !== 44) || !digit(bytes[at + 1])) return at
  let p = at + 1
  let scale = 100_000
  parts.micros = 0
  for (; p < end && digit(bytes[p]); p++) {
    parts.micros += (bytes[p] - 48) * scale
    scale = Math.floor(scale / 10)
  }
  // Huawei counts on behind the milliseconds: `01:00:34.270.1`.
  if (p + 1 < end && bytes[p] === 46 && digit(bytes[p + 1])) {
    p++
    while (p < end && digit(bytes[p])) p++
  }
  return p
}

/** A zone, or a year, behind the time of day; gives the position behind them, or `at`. */
function zoneAfter(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  let p = at
  if (p + 4 < end && bytes[p] === 32 && parts.year < 0) {
    const year = digits(bytes, p + 1, end, 5)
    const value = year & 0xffff
    if (year >> 24 === 4 && value >= 1970 && value < 2100 && (p + 5 === end || bytes[p + 5] === 32 || isColon(bytes, p + 5, end))) {
      parts.year = value
      p += 5
    }
  }
  const attached = numericZone(bytes, p, end, parts)
  if (attached > p) return attached
  if (p + 1 >= end || bytes[p] !== 32) return p
  const spaced = numericZone(bytes, p + 1, end, parts)
  if (spaced > p + 1) return spaced
  return namedZone(bytes, p, end, parts)
}

/** `Z`, `+hh:mm`, `+hhmm`, `(GMT+h:mm)`, `GMT+h`, `TZ-h` at exactly this place. */
function numericZone(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  let p = at
  if (p < end && bytes[p] === 90 && (p + 1 === end || isBreak(bytes[p + 1]))) {
    parts.offset = 0
    return p + 1
  }
  const bracket = bytes[p] === 40
  if (bracket) p++
  const named = p + 3 < end && (word(bytes, p, 'GMT') || word(bytes, p, 'UTC')) ? 3 : p + 2 < end && word(bytes, p, 'TZ') ? 2 : 0
  p += named
  const sign = bytes[p]
  if (p + 1 >= end || (sign !== 43 && sign !== 45)) return at
  const hours = digits(bytes, p + 1, end, 2)
  const count = hours >> 24
  if (count === 0 || (count === 1 && named === 0)) return at
  p += 1 + count
  let minutes = 0
  const colon = p < end && bytes[p] === 58 ? 1 : 0
  const m = digits(bytes, p + colon, end, 2)
  if (m >> 24 === 2) {
    minutes = m & 0xff
    p += colon + 2
  } else if (named === 0) return at
  if (bracket) {
    if (bytes[p] !== 41) return at
    p++
  }
  if ((hours & 0xff) > 23 || minutes > 59) return at
  const offset = (hours & 0xff) * 3600 + minutes * 60
  parts.offset = sign === 45 ? -offset : offset
  return p
}

function word(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** ` NAME`: two to five capitals that are known, or that a colon follows (Cisco lets the operator choose the name). */
function namedZone(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  let p = at + 1
  while (p < end && p - at <= 6 && bytes[p] >= 65 && bytes[p] <= 90) p++
  const length = p - at - 1
  if (length < 2 || length > 5) return at
  const name = text(bytes, at + 1, p)
  const colon = bytes[p] === 58 || (bytes[p] === 32 && bytes[p + 1] === 58)
  const closed = p === end || (colon && (p + 2 >= end || bytes[p + 1] === 32 || bytes[p + 2] === 32))
  const known = isAbbreviation(name)
  // Without a colon the word may be a host name: only an abbreviation that means one thing is taken for a zone.
  if (!closed && !(known && !isContested(name) && bytes[p] === 32)) return at
  if (!known && !(colon && bytes[p + (bytes[p] === 58 ? 2 : 3)] === 37)) return at
  parts.zone = name
  return p
}

function conclude(parts: Parts, at: number, start: number, context: HeaderContext, out: Header): void {
  if (parts.dayless) return dayless(parts, at, start, context, out)
  if (parts.swappable && parts.seconds >= 0) swap(parts, at, start, context, out)
  const problem = settleParts(parts, context, out)
  if (problem !== 0) note(out, start, problem, at)
}

function settleParts(parts: Parts, context: HeaderContext, out: Header): number {
  const { year, month, day, seconds, micros } = parts
  if (parts.zone === '') return settle(out, context, year, month, day, seconds, micros, parts.offset)
  // The offset of a name may depend on the day, so the time is first read as if it were UTC.
  const problem = settle(out, context, year, month, day, seconds, micros, 0)
  if (problem !== 0) return problem
  const local = Math.floor(out.time / 1e6)
  const offset = abbreviationOffset(parts.zone, local, context.zone, context.received)
  return settle(out, context, year, month, day, seconds, micros, offset)
}

/** Day and month both fit either way: the receive time decides if one of the two is within two days of it. */
function swap(parts: Parts, at: number, start: number, context: HeaderContext, out: Header): void {
  const near = (): boolean => settleParts(parts, context, out) === 0 && Math.abs(out.time - context.received) <= 2 * 86_400e6
  const asRead = near()
  const { day, month } = parts
  parts.day = month
  parts.month = day
  const swapped = near()
  if (asRead === swapped) {
    parts.seconds = -1
    out.flags |= FLAG.ambiguous
    note(out, start, PROBLEM.time_ambiguous, at)
  } else if (asRead) {
    parts.day = day
    parts.month = month
  }
}

/** A bare time of day: on the day that puts it nearest to the receive time. */
function dayless(parts: Parts, at: number, start: number, context: HeaderContext, out: Header): void {
  let best = Number.NaN
  for (let shift = -1; shift <= 1; shift++) {
    const day = new Date(context.received / 1000 + shift * 86_400_000)
    if (Number.isNaN(day.getTime())) break
    parts.year = day.getUTCFullYear()
    parts.month = day.getUTCMonth() + 1
    parts.day = day.getUTCDate()
    if (settleParts(parts, context, out) !== 0) continue
    const distance = Math.abs(out.time - context.received)
    if (!(distance >= Math.abs(best - context.received))) best = out.time
  }
  out.time = best
  out.flags |= FLAG.yearAssumed
  if (best !== best) note(out, start, PROBLEM.time_invalid, at)
}

/** A stamp as it was read. */
export interface Timestamp {
  /** Microseconds since 1970, or NaN when the text names no time that exists. */
  time: number
  /** Bits of FLAG: what was assumed. */
  flags: number
  /** Index into PROBLEMS. */
  problem: number
  /** How much of the text the stamp takes. */
  length: number
}

/** Reads the stamp that a text starts with, in any shape that {@link readStamp} knows; undefined when there is none. */
export function parseTimestamp(text: string, context: HeaderContext): Timestamp | undefined {
  const bytes = Buffer.from(text, 'latin1')
  const out = new Header()
  const end = readStamp(bytes, 0, bytes.length, 0, context, out)
  return end < 0 ? undefined : { time: out.time, flags: out.flags, problem: out.problem, length: end }
}
