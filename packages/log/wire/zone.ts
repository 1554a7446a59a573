import { CodedError } from '../errors.ts'

const DAY = 86_400
const QUARTER = 900

/** Days from 1970-01-01 to a date of the Gregorian calendar; `month` 1..12. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** True for a leap year of the Gregorian calendar. */
export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/**
 * How the local times of one source are read when the sender names no zone. Keeps what it last worked out (the year that
 * holds the receive time, the offset of a quarter of an hour), so give each source its own; it is not shared between threads.
 */
export class Zone {
  /** As it was asked for. */
  readonly name: string
  /** True when the offset never changes. */
  readonly fixed: boolean
  /** Seconds east of UTC, where {@link Zone.fixed}. */
  readonly offset: number
  /** The civil year (UTC) that was last asked for, its first day and its bounds in microseconds. */
  year = 0
  yearDays = 0
  leap = false
  yearFrom = 0
  yearTo = 0
  /** The other reading of the local time that {@link Zone.toUtc} was last asked for, where it occurs twice, else NaN. */
  other = Number.NaN
  private readonly intl: Intl.DateTimeFormat | undefined
  private readonly offsets = new Map<number, number>()
  private quarter = Number.NaN
  private before = 0
  private after = 0

  constructor(name: string, offset: number, intl: Intl.DateTimeFormat | undefined) {
    this.name = name
    this.offset = offset
    this.fixed = intl === undefined
    this.intl = intl
  }

  /** Makes {@link Zone.year} the year (UTC) that holds `received`, in microseconds. */
  turnTo(received: number): void {
    const date = new Date(received / 1000)
    const year = Number.isNaN(date.getTime()) ? 1970 : date.getUTCFullYear()
    this.year = year
    this.yearDays = daysFromCivil(year, 1, 1)
    this.leap = isLeap(year)
    this.yearFrom = this.yearDays * DAY * 1e6
    this.yearTo = (this.yearDays + (this.leap ? 366 : 365)) * DAY * 1e6
  }

  /**
   * Seconds since 1970 (UTC) of a local time in seconds. A time that the zone skips gives NaN. Of one that occurs twice, the
   * one nearest to `near` (microseconds); a tie goes to the earlier, and {@link Zone.other} has the other one.
   */
  toUtc(local: number, near: number): number {
    if (this.fixed) return local - this.offset
    this.other = Number.NaN
    const quarter = Math.floor(local / QUARTER)
    if (quarter !== this.quarter) {
      this.quarter = quarter
      this.before = this.offsetAt(local - DAY)
      this.after = this.offsetAt(local + DAY)
    }
    const early = local - this.before
    if (this.before === this.after) return early
    const late = local - this.after
    const earlyHolds = this.offsetAt(early) === this.before
    const lateHolds = this.offsetAt(late) === this.after
    if (earlyHolds && lateHolds) {
      const distance = Math.abs(early * 1e6 - near) - Math.abs(late * 1e6 - near)
      const first = distance < 0 || (distance === 0 && early < late)
      this.other = first ? late : early
      return first ? early : late
    }
    return earlyHolds ? early : lateHolds ? late : Number.NaN
  }

  /** Seconds east of UTC at an instant, in seconds since 1970. */
  offsetAt(seconds: number): number {
    if (this.intl === undefined) return this.offset
    const quarter = Math.floor(seconds / QUARTER)
    const known = this.offsets.get(quarter)
    if (known !== undefined) return known
    if (this.offsets.size >= 1024) this.offsets.clear()
    const offset = offsetOf(this.intl, quarter * QUARTER)
    this.offsets.set(quarter, offset)
    return offset
  }
}

function offsetOf(intl: Intl.DateTimeFormat, seconds: number): number {
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) return 0
  const part: Record<string, number> = {}
  for (const { type, value } of intl.formatToParts(date)) part[type] = Number(value)
  const local = daysFromCivil(part.year, part.month, part.day) * DAY + part.hour * 3600 + part.minute * 60 + part.second
  return local - seconds
}

const FIXED = /^([+-])(\d{2}):?(\d{2})$/

/**
 * A zone rule: `UTC`, an offset such as `+01:00`, or a name of the IANA data base such as `Europe/Berlin`.
 * @throws CodedError WIRE_ZONE_UNKNOWN for anything else.
 */
export function zone(name: string): Zone {
  if (name === 'UTC' || name === 'Z') return new Zone('UTC', 0, undefined)
  const m = FIXED.exec(name)
  if (m !== null && Number(m[2]) < 24 && Number(m[3]) < 60) {
    const seconds = Number(m[2]) * 3600 + Number(m[3]) * 60
    return new Zone(name, m[1] === '-' ? -seconds : seconds, undefined)
  }
  try {
    const intl = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    return new Zone(name, 0, intl)
  } catch (cause) {
    const hint = "Give 'UTC', an offset such as '+01:00', or an IANA name such as 'Europe/Berlin'."
    throw new CodedError('WIRE_ZONE_UNKNOWN', `No zone is called ${JSON.stringify(name)}`, { hint, cause })
  }
}

const HOUR = 3600

/** Abbreviations that one offset stands behind, in seconds east of UTC. */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  UCT: 0,
  Z: 0,
  WET: 0,
  WEST: HOUR,
  CET: HOUR,
  MET: HOUR,
  MEZ: HOUR,
  CEST: 2 * HOUR,
  MEST: 2 * HOUR,
  MESZ: 2 * HOUR,
  EET: 2 * HOUR,
  EEST: 3 * HOUR,
  SAST: 2 * HOUR,
  MSK: 3 * HOUR,
  TRT: 3 * HOUR,
  PKT: 5 * HOUR,
  NPT: 5.75 * HOUR,
  WIB: 7 * HOUR,
  ICT: 7 * HOUR,
  SGT: 8 * HOUR,
  HKT: 8 * HOUR,
  AWST: 8 * HOUR,
  JST: 9 * HOUR,
  KST: 9 * HOUR,
  ACST: 9.5 * HOUR,
  ACDT: 10.5 * HOUR,
  AEST: 10 * HOUR,
  AEDT: 11 * HOUR,
  NZST: 12 * HOUR,
  NZDT: 13 * HOUR,
  BRT: -3 * HOUR,
  ART: -3 * HOUR,
  NST: -3.5 * HOUR,
  NDT: -2.5 * HOUR,
  ADT: -3 * HOUR,
  EDT: -4 * HOUR,
  EST: -5 * HOUR,
  CDT: -5 * HOUR,
  MDT: -6 * HOUR,
  MST: -7 * HOUR,
  PDT: -7 * HOUR,
  PST: -8 * HOUR,
  AKDT: -8 * HOUR,
  AKST: -9 * HOUR,
  HST: -10 * HOUR,
}

/** Abbreviations that more than one country uses, with what each means by it. */
const CONTESTED: Readonly<Record<string, readonly number[]>> = {
  AST: [-4 * HOUR, 3 * HOUR],
  BST: [HOUR, 6 * HOUR],
  CST: [-6 * HOUR, 8 * HOUR, -5 * HOUR],
  GST: [4 * HOUR, -2 * HOUR],
  IST: [5.5 * HOUR, 2 * HOUR, HOUR],
  SST: [-11 * HOUR, 8 * HOUR],
}

/** No offset: the abbreviation is unknown, or it is contested and nothing decides. */
export const NO_OFFSET = 0x7fff_ffff

/** True when the text is a zone abbreviation that this reader knows, contested ones included. */
export function isAbbreviation(text: string): boolean {
  return Object.hasOwn(ABBREVIATIONS, text) || Object.hasOwn(CONTESTED, text)
}

/** True when several countries use the abbreviation for different offsets. */
export function isContested(text: string): boolean {
  return Object.hasOwn(CONTESTED, text)
}

/**
 * Seconds east of UTC that an abbreviation stands for at a local time (seconds), or {@link NO_OFFSET}. A contested one counts
 * only if the source's own rule has that offset then, or if exactly one meaning puts the time within half an hour of `received`.
 */
export function abbreviationOffset(text: string, local: number, rule: Zone, received: number): number {
  if (Object.hasOwn(ABBREVIATIONS, text)) return ABBREVIATIONS[text]
  if (!Object.hasOwn(CONTESTED, text)) return NO_OFFSET
  const meanings = CONTESTED[text]
  for (const offset of meanings) if (rule.offsetAt(local - offset) === offset) return offset
  const near = meanings.filter((offset) => Math.abs((local - offset) * 1e6 - received) <= 1800e6)
  return near.length === 1 ? near[0] : NO_OFFSET
}
