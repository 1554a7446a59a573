import { FLAG } from './header.ts'
import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { note, settle } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import type { Parts } from './stamp-fields.ts'
import { abbreviationOffset } from './zone.ts'

/** Sets time, flags and problem from what was read of a stamp at `at`. */
export function conclude(parts: Parts, at: number, start: number, context: HeaderContext, out: Header): void {
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
