import { CodedError } from '@pullbox/log/errors'
import { findZone, firstInstant, formatTime, instants, UTC } from './zone.ts'
import type { Zone } from './zone.ts'

/** What a time on the command line is read against. */
export interface TimeBase {
  /** Microseconds since 1970. */
  readonly now: number
  /** Zone of times that carry none. */
  readonly zone: Zone
  /** Name of the terminal's zone, for `[local]`. */
  readonly local: string
}

const DAY_MS = 86_400_000
const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, min: 60e6, m: 60e6, h: 3600e6, d: 86_400e6, w: 604_800e6 }
const UNIT_NAMES = 'w, d, h, m or min, s, ms, us'
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAY = /^(?:sun|mon|tue|wed|thu|fri|sat)[a-z]*,? +/i
/** Years that can be written with four digits. */
const LEAST_US = -62_167_219_200e6
const MOST_US = Date.UTC(9999, 11, 31, 23, 59, 59, 999) * 1000 + 999

/**
 * A time as a person or a program writes it, in microseconds since 1970. Forms: `now`, `today`, `yesterday`, `2h`, `-2h`,
 * `1d6h` (before now), `10:30[:00[.123]]` (today), `2026-11-23`, `2026-11-23T10:30[:00[.123456]]` with `T` or a space and
 * `Z`, `UTC`, `+01:00` or `[Europe/Berlin]` (both: RFC 9557, and they must agree), `@1795429800[.5]`, and what syslog and
 * date(1) print (`Nov 23 10:30:00`, the year nearest to now; `Tue Nov 24 07:52:43 UTC 2026`).
 *
 * A fraction beyond microseconds is cut off. A clock time that comes twice or not at all in its zone is refused, not guessed;
 * a whole day starts at its first instant.
 * @throws CLI_TIME saying how far the text was understood
 * @throws CLI_TIME_ZONE
 */
export function parseTime(text: string, base: TimeBase): number {
  const us = readTime(text.trim(), base)
  if (!(us >= LEAST_US && us <= MOST_US)) throw bad(text, `it is outside the years 0000 to 9999; @ takes seconds since 1970`)
  return us
}

function readTime(text: string, base: TimeBase): number {
  if (text === '') throw bad(text, 'it is empty')
  const word = text.toLowerCase()
  if (word === 'now') return base.now
  if (word === 'today') return dayStart(base, 0)
  if (word === 'yesterday') return dayStart(base, -1)
  if (text.startsWith('@')) return epoch(text)
  if (/^-?\d+(?:\.\d+)? *[a-z]/i.test(text)) return base.now - duration(text)
  const rest = text.replace(WEEKDAY, '')
  if (/^\d{4}-/.test(rest)) return dated(text, rest, base)
  if (/^[a-z]{3}[a-z]* +\d/i.test(rest)) return syslog(text, rest, base)
  if (/^\d{1,2}:/.test(rest)) return clockToday(text, rest, base)
  throw bad(text, 'no part of it was understood')
}

/** `1d6h`, `-2h`, `1.5h`: microseconds. @throws CLI_TIME */
function duration(text: string): number {
  let at = text.startsWith('-') ? 1 : 0
  let sum = 0
  const part = /(\d+(?:\.\d+)?) *([a-z]+) */iy
  while (at < text.length) {
    part.lastIndex = at
    const m = part.exec(text)
    if (m === null) throw bad(text, understood(text.slice(0, at), text.slice(at)))
    // `min` before `m`; units are lower case, as `M` means a month to others.
    const unit = UNITS[m[2]]
    if (unit === undefined) throw bad(text, `"${m[2]}" is no unit (${UNIT_NAMES})`)
    sum += Number(m[1]) * unit
    at = part.lastIndex
  }
  return Math.round(sum)
}

function epoch(text: string): number {
  const m = /^@(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text)
  if (m === null) throw bad(text, 'after @ stand seconds since 1970')
  const us = Number(m[2]) * 1e6 + micros(m[3])
  return m[1] === '-' ? -us : us
}

/** What stands after a date or alone: a clock time and a zone. */
const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?/
const ZONE = /^ ?(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?(?: ?\[(!?)([^\]]*)\])?$/i

interface Clock {
  /** Microseconds since midnight. */
  readonly us: number
  readonly rest: string
}

function readClock(whole: string, text: string): Clock {
  const m = CLOCK.exec(text)
  if (m === null) throw bad(whole, understood(whole.slice(0, whole.length - text.length), text))
  const [hour, minute, second] = [Number(m[1]), Number(m[2]), Number(m[3] ?? 0)]
  if (hour > 23) throw bad(whole, `"${m[0]}": hours go from 0 to 23`)
  if (minute > 59) throw bad(whole, `"${m[0]}": minutes go from 0 to 59`)
  // A leap second is the last second: clocks that follow UTC print it, and time since 1970 has no number for it.
  if (second > 60) throw bad(whole, `"${m[0]}": seconds go from 0 to 60`)
  return { us: ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1e6 + micros(m[4]), rest: text.slice(m[0].length) }
}

function dated(whole: string, text: string, base: TimeBase): number {
  const m = /^(\d{4})-(\d\d)-(\d\d)/.exec(text)
  if (m === null) throw bad(whole, 'a date is written 2026-11-23')
  const day = dayMs(whole, Number(m[1]), Number(m[2]), Number(m[3]))
  const after = text.slice(m[0].length)
  if (after === '' || /^ ?(?:\[|z$|utc$|gmt$)/i.test(after)) {
    const { fixed, zone } = readZone(whole, after, base)
    return firstInstant(fixed ?? zone ?? base.zone, day) * 1000
  }
  if (!/^(?:t| +)\d/i.test(after)) throw bad(whole, understood(m[0], after))
  const clock = readClock(whole, after.replace(/^(?:t| +)/i, ''))
  return place(whole, day, clock, base)
}

function clockToday(whole: string, text: string, base: TimeBase): number {
  const clock = readClock(whole, text)
  const { fixed, zone } = readZone(whole, clock.rest, base)
  const ms = Math.floor(base.now / 1000)
  const civil = ms + (fixed ?? zone ?? base.zone).offset(ms) * 1000
  return place(whole, Math.floor(civil / DAY_MS) * DAY_MS, clock, base)
}

/** `Nov 23 10:30:00`, with a year before or after the clock time where there is one. */
function syslog(whole: string, text: string, base: TimeBase): number {
  const m = /^([a-z]+) +(\d{1,2})(?: +(\d{4}))?(?:,? +|$)/i.exec(text)
  const month = m === null ? -1 : MONTHS.indexOf(m[1].slice(0, 3).toLowerCase())
  if (m === null || month < 0) throw bad(whole, `"${text.split(' ')[0]}" is no month`)
  const after = text.slice(m[0].length)
  if (after === '') throw bad(whole, understood(m[0].trim(), 'the clock time is missing'))
  const clock = readClock(whole, after)
  const late = /^(?: +([a-z]+))? +(\d{4})$/i.exec(clock.rest)
  const rest = late === null ? clock.rest : late[1] === undefined ? '' : ` ${late[1]}`
  const year = late?.[2] ?? m[3]
  const at = (y: number) => place(whole, dayMs(whole, y, month + 1, Number(m[2])), { us: clock.us, rest }, base)
  if (year !== undefined) return at(Number(year))
  return nearestYear(whole, month, Number(m[2]), base, at)
}

/** The year that brings the time nearest to now, as for messages without a year; 29 February only where there is one. */
function nearestYear(whole: string, month: number, day: number, base: TimeBase, at: (year: number) => number): number {
  const now = new Date(base.now / 1000).getUTCFullYear()
  const span = month === 1 && day === 29 ? 8 : 1
  let best = Number.NaN
  for (let year = now - span; year <= now + span; year++) {
    if (day > daysIn(year, month)) continue
    const us = at(year)
    if (!(Math.abs(us - base.now) >= Math.abs(best - base.now))) best = us
  }
  if (Number.isNaN(best)) throw bad(whole, `${MONTHS[month]} has no day ${day}`)
  return best
}

function place(whole: string, dayMs: number, clock: Clock, base: TimeBase): number {
  const { zone, fixed } = readZone(whole, clock.rest, base)
  const wallMs = dayMs + Math.floor(clock.us / 1000)
  const rest = clock.us % 1000
  if (fixed !== null) {
    const utc = wallMs - fixed.offset(wallMs) * 1000
    if (zone !== null && zone.offset(utc) !== fixed.offset(utc)) throw bad(whole, `its offset is not that of ${zone.name} at that time`)
    return utc * 1000 + rest
  }
  const used = zone ?? base.zone
  const found = instants(used, wallMs)
  if (found.length === 1) return found[0] * 1000 + rest
  if (found.length === 0) throw bad(whole, `the clocks of ${used.name} left that time out`)
  const both = found.map((ms) => formatTime(ms * 1000, used, 0)).join(' or ')
  throw bad(whole, `that time comes twice in ${used.name}: write ${both}`)
}

/** `fixed` is UTC or an offset, `zone` what stands in brackets. */
function readZone(whole: string, text: string, base: TimeBase): { fixed: Zone | null; zone: Zone | null } {
  const m = ZONE.exec(text)
  if (m === null) throw bad(whole, understood(whole.slice(0, whole.length - text.length), text))
  const fixed = m[1] === undefined ? null : findZone(m[1], base.local)
  const zone = m[3] === undefined ? null : findZone(m[3], base.local)
  // A `Z` beside a name says the instant and leaves the offset to the name (RFC 9557 3.4).
  if (fixed === UTC && zone !== null) return { fixed, zone: null }
  return { fixed, zone }
}

function dayStart(base: TimeBase, shift: number): number {
  const ms = Math.floor(base.now / 1000)
  const civil = ms + base.zone.offset(ms) * 1000
  return firstInstant(base.zone, (Math.floor(civil / DAY_MS) + shift) * DAY_MS) * 1000
}

function dayMs(whole: string, year: number, month: number, day: number): number {
  if (month < 1 || month > 12) throw bad(whole, `months go from 01 to 12`)
  const most = daysIn(year, month - 1)
  if (day < 1 || day > most) throw bad(whole, `${MONTHS[month - 1]} ${year} has ${most} days`)
  return new Date(0).setUTCFullYear(year, month - 1, day)
}

function daysIn(year: number, month: number): number {
  return new Date(new Date(0).setUTCFullYear(year, month + 1, 0)).getUTCDate()
}

function micros(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.slice(0, 6).padEnd(6, '0'))
}

function understood(read: string, rest: string): string {
  return `"${read.trim()}" was understood, "${rest.trim()}" was not`
}

function bad(text: string, why: string): CodedError {
  return new CodedError('CLI_TIME', `"${text}" is not a time: ${why}`, {
    hint: 'write 2h, 1d6h, today, 10:30, 2026-11-23T10:30+01:00, @1795429800 or "Nov 23 10:30:00"',
  })
}
