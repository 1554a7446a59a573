import { FLAG } from './header.ts'
import { Header } from './header.ts'
import type { HeaderContext } from './settle.ts'
import { clockAt, monthAt, readRfc3339 } from './stamp.ts'
import { digit, digits, isBreak, letter, Parts } from './stamp-fields.ts'
import { conclude } from './stamp-settle.ts'
import { zoneAfter } from './stamp-zone.ts'
import { abbreviationOffset, NO_OFFSET } from './zone.ts'

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

/** `d[d] Mmm yyyy hh:mm:ss`, also with hyphens or slashes; with blanks the year may be missing. */
function dayFirst(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const day = digits(bytes, at, end, 2)
  let p = at + (day >> 24)
  const mark = bytes[p]
  if (day === 0 || (mark !== 32 && mark !== 45 && mark !== 47) || p + 12 > end) return -1
  parts.day = day & 0xff
  parts.month = monthAt(bytes, p + 1)
  if (parts.month === 0 || bytes[p + 4] !== mark) return -1
  const year = digits(bytes, p + 5, end, 4)
  if (mark === 32 && year >> 24 < 4) return timeOfDay(bytes, p + 5, end, parts)
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
  if (count === 4 && (mark === 32 || mark === 45 || mark === 46 || mark === 47)) return yearFirst(bytes, at, end, parts)
  if (count > 2) return -1
  if (mark === 58) {
    parts.dayless = true
    return timeOfDay(bytes, at, end, parts)
  }
  if ((mark === 46 || mark === 47) && p + 1 < end && digit(bytes[p + 1])) return slashes(bytes, at, end, parts)
  return dayFirst(bytes, at, end, parts)
}

/** `yyyy Mmm d[d] hh:mm:ss`, `yyyy-Mmm- d hh:mm:ss`, `yyyy-m-d hh:mm:ss`, `yyyy/mm/dd hh:mm:ss`, `yyyy.mm.dd hh:mm:ss` */
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

/** `dd/mm/yyyy:hh:mm:ss` or `mm/dd/yyyy:hh:mm:ss`: which, is settled later. With dots the day comes first. */
function slashes(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const a = digits(bytes, at, end, 2)
  let p = at + (a >> 24) + 1
  const b = digits(bytes, p, end, 2)
  p += b >> 24
  const mark = bytes[at + (a >> 24)]
  if (b === 0 || bytes[p] !== mark) return -1
  const year = digits(bytes, p + 1, end, 4)
  if (year >> 24 !== 4) return -1
  p += 5
  if (bytes[p] !== 58 && bytes[p] !== 32) return -1
  parts.year = year & 0xffff
  parts.day = a & 0xff
  parts.month = b & 0xff
  if (mark === 46) return timeOfDay(bytes, p + 1, end, parts)
  if (parts.month > 12) {
    parts.day = b & 0xff
    parts.month = a & 0xff
  } else if (parts.day <= 12 && parts.day !== parts.month) parts.swappable = true
  return timeOfDay(bytes, p + 1, end, parts)
}

/** `hh:mm:ss` or `h:mm:ss`, then a fraction, `AM` or `PM` (Cisco UCM puts the fraction behind it). */
function timeOfDay(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const short = bytes[at + 1] === 58 && !parts.dayless ? 1 : 0
  if (at + 8 - short > end) return -1
  const seconds = short === 1 ? shortClock(bytes, at) : clockAt(bytes, at)
  if (seconds === -2) return -1
  parts.seconds = seconds
  let p = fraction(bytes, at + 8 - short, end, parts)
  const half = p + 3 <= end && bytes[p] === 32 && (bytes[p + 2] | 32) === 109 ? bytes[p + 1] | 32 : 0
  if ((half === 97 || half === 112) && (p + 3 === end || !letter(bytes[p + 3]))) {
    const hour = Math.floor(seconds / 3600)
    if (half === 112 && hour < 12) parts.seconds += 43_200
    if (half === 97 && hour === 12) parts.seconds -= 43_200
    p = fraction(bytes, p + 3, end, parts)
  }
  return p
}

/** Seconds of the day from `h:mm:ss`, -2 when it has not that form. */
function shortClock(bytes: Uint8Array, at: number): number {
  if (!digit(bytes[at])) return -2
  const clock = new Uint8Array(8).fill(48)
  clock.set(bytes.subarray(at, at + 7), 1)
  return clockAt(clock, 0)
}

function fraction(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  // H3C parts milliseconds by a colon, and a year follows.
  const colon = bytes[at] === 58 && at + 5 < end && digits(bytes, at + 1, end, 4) >> 24 === 3 && bytes[at + 4] === 32
  if (at + 1 >= end || (bytes[at] !== 46 && bytes[at] !== 44 && !colon) || !digit(bytes[at + 1])) return at
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
