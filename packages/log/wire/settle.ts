import { FLAG } from './header.ts'
import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { daysFromCivil, isLeap, NO_OFFSET } from './zone.ts'
import type { Zone } from './zone.ts'

/** What a header reader needs to know beside the bytes. Microseconds since 1970, and the zone rule of the source. */
export interface HeaderContext {
  received: number
  zone: Zone
}

const BEFORE_MONTH = new Uint16Array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
const MONTH_LENGTH = new Uint8Array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
/** Less than half of the shortest year: whatever lies nearer than this is nearest. */
const HALF_YEAR = 182 * 86_400e6

/** Days since 1 January, of a date that exists. */
function dayOfYear(month: number, day: number, leap: boolean): number {
  return BEFORE_MONTH[month] + day - 1 + (month > 2 && leap ? 1 : 0)
}

/** Notes a problem; the first one found stays, only "no PRI" gives way to a later one. `at` is a position in the bytes. */
export function note(out: Header, start: number, problem: number, at: number): void {
  if (out.problem > 1) return
  out.problem = problem
  out.problemAt = at > start ? at - start : 0
}

/**
 * Sets `out.time` and its flags from what was read. `year` -1 means it was not sent: the year nearest to the receive time
 * holds, a tie goes to the past, and 29 February lies in leap years alone. `offset` in seconds east of UTC or NO_OFFSET.
 * Gives 0, or the number of the problem, and then `out.time` is NaN; but of a local time that occurs twice the one nearest to the
 * receive time is given also where nothing decides, with `time_ambiguous`.
 */
export function settle(
  out: Header,
  context: HeaderContext,
  year: number,
  month: number,
  day: number,
  seconds: number,
  micros: number,
  offset: number,
): number {
  out.time = Number.NaN
  if (month < 1 || month > 12 || day < 1 || day > MONTH_LENGTH[month] || seconds < 0) return PROBLEM.time_invalid
  const zone = context.zone
  const received = context.received
  if (!(received >= zone.yearFrom && received < zone.yearTo)) zone.turnTo(received)
  if (offset === NO_OFFSET) out.flags |= FLAG.zoneAssumed
  if (year >= 0) {
    if (month === 2 && day === 29 && !isLeap(year)) return PROBLEM.time_invalid
    const days = year === zone.year ? zone.yearDays + dayOfYear(month, day, zone.leap) : daysFromCivil(year, month, day)
    const local = days * 86_400 + seconds
    const utc = offset === NO_OFFSET ? zone.toUtc(local, received) : local - offset
    if (utc !== utc) return PROBLEM.time_skipped_by_zone
    out.time = utc * 1e6 + micros
    return offset === NO_OFFSET && zone.other === zone.other ? twice(out, zone, utc, received) : 0
  }
  out.flags |= FLAG.yearAssumed
  if (month === 2 && day === 29) return nearestYear(out, context, 4, month, day, seconds, micros, offset)
  const days = zone.yearDays + dayOfYear(month, day, zone.leap)
  const local = days * 86_400 + seconds
  const utc = offset === NO_OFFSET ? zone.toUtc(local, received) : local - offset
  const distance = utc * 1e6 + micros - received
  if (distance < HALF_YEAR && distance > -HALF_YEAR) {
    out.time = utc * 1e6 + micros
    return offset === NO_OFFSET && zone.other === zone.other ? twice(out, zone, utc, received) : 0
  }
  return nearestYear(out, context, 1, month, day, seconds, micros, offset)
}

/** A local time that occurs twice: the receive time decides if it is nearer to the one than half of what lies between the two. */
function twice(out: Header, zone: Zone, utc: number, received: number): number {
  if (Math.abs(utc * 1e6 - received) < Math.abs(utc - zone.other) * 0.5e6) return 0
  out.flags |= FLAG.ambiguous
  return PROBLEM.time_ambiguous
}

function nearestYear(
  out: Header,
  context: HeaderContext,
  reach: number,
  month: number,
  day: number,
  seconds: number,
  micros: number,
  offset: number,
): number {
  const { zone, received } = context
  // Around 1900, 2100 ... eight years can lie between two leap years.
  const span = reach === 1 ? 1 : 8
  let best = Number.NaN
  let skipped = false
  let other = Number.NaN
  let bestDistance = Number.POSITIVE_INFINITY
  for (let y = zone.year - span; y <= zone.year + span; y++) {
    if (day === 29 && month === 2 && !isLeap(y)) continue
    const local = daysFromCivil(y, month, day) * 86_400 + seconds
    const utc = offset === NO_OFFSET ? zone.toUtc(local, received) : local - offset
    // A local time that this year's clock skipped is judged by where it would have been.
    const time = (utc === utc ? utc : local - zone.offsetAt(local)) * 1e6 + micros
    const distance = Math.abs(time - received)
    if (distance < bestDistance) {
      bestDistance = distance
      best = time
      skipped = utc !== utc
      other = offset === NO_OFFSET ? zone.other : Number.NaN
    }
  }
  if (skipped) return PROBLEM.time_skipped_by_zone
  out.time = best
  if (other !== other) return 0
  zone.other = other
  return twice(out, zone, Math.floor(best / 1e6), received)
}
