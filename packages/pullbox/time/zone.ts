import { CodedError } from '@pullbox/log/errors'

/** Offsets change at quarters of an hour; the last one asked for is kept, so a listing asks Intl once a quarter. */
const QUARTER_MS = 900_000

/** A zone: its name and its offset from UTC at any instant. */
export interface Zone {
  readonly name: string
  /** Seconds east of UTC at an instant in milliseconds since 1970. */
  offset(utcMs: number): number
}

/** UTC, by that name. */
export const UTC: Zone = { name: 'UTC', offset: () => 0 }

/**
 * The zone of that name: `UTC`, `Z`, `local`, an offset such as `+01:00`, or a name of the IANA database in any case.
 * @throws CLI_TIME_ZONE
 */
export function findZone(name: string, local: string): Zone {
  if (/^(utc|gmt|z)$/i.test(name)) return UTC
  if (name === 'local') return name === local ? UTC : findZone(local, 'UTC')
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(name)
  if (fixed) {
    const seconds = (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 3600 + Number(fixed[3] ?? 0) * 60)
    if (Math.abs(seconds) > 18 * 3600 || Number(fixed[3] ?? 0) > 59) throw noZone(name)
    return { name, offset: () => seconds }
  }
  return named(name)
}

function named(name: string): Zone {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch {
    throw noZone(name)
  }
  let quarter = Number.NaN
  let kept = 0
  const offset = (utcMs: number) => {
    const wanted = Math.floor(utcMs / QUARTER_MS)
    if (wanted !== quarter) {
      kept = offsetSeconds(format, utcMs)
      quarter = wanted
    }
    return kept
  }
  return { name: format.resolvedOptions().timeZone, offset }
}

function offsetSeconds(format: Intl.DateTimeFormat, utcMs: number): number {
  const text = format.formatToParts(utcMs).find((p) => p.type === 'timeZoneName')?.value ?? ''
  const m = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (!m?.[1]) return 0
  return (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 3600 + Number(m[3]) * 60 + Number(m[4] ?? 0))
}

function noZone(name: string): CodedError {
  return new CodedError('CLI_TIME_ZONE', `"${name}" is no zone`, {
    hint: 'write UTC, local, +01:00 or a name such as Europe/Berlin',
  })
}

/** The instants (milliseconds) that a clock of the zone shows as `civilMs`, earliest first: one, two in the hour that comes twice, none in the one left out. */
export function instants(zone: Zone, civilMs: number): number[] {
  const day = 86_400_000
  const offsets = new Set([zone.offset(civilMs - day), zone.offset(civilMs + day)])
  const found = [...offsets].map((o) => civilMs - o * 1000).filter((utc) => zone.offset(utc) * 1000 === civilMs - utc)
  return [...new Set(found)].sort((a, b) => a - b)
}

/** The first instant at or after what the zone's clock would show as `civilMs`: the end of the gap where that time is left out. */
export function firstInstant(zone: Zone, civilMs: number): number {
  const found = instants(zone, civilMs)
  if (found.length > 0) return found[0]
  let low = civilMs - 86_400_000
  let high = civilMs + 86_400_000
  const before = zone.offset(low)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (zone.offset(middle) === before) low = middle
    else high = middle
  }
  return high
}

/**
 * Microseconds since 1970 as ISO 8601 with the zone's offset (`Z` for UTC). `digits` of the fraction, cut off, not rounded;
 * null = 3, or 6 where they are needed. A time beyond what a date can say is shown as `@seconds`.
 */
export function formatTime(us: number, zone: Zone, digits: 0 | 3 | 6 | null): string {
  const ms = Math.floor(us / 1000)
  if (!(Math.abs(ms) <= 8.63e15)) return `@${us / 1e6}`
  const offset = zone.offset(ms)
  const micros = Math.floor(us - ms * 1000)
  const text = new Date(ms + offset * 1000).toISOString().slice(0, -1)
  const shown = digits ?? (micros === 0 ? 3 : 6)
  const fraction = shown === 0 ? text.slice(0, -4) : shown === 3 ? text : text + String(micros).padStart(3, '0')
  return fraction + (zone === UTC ? 'Z' : offsetText(offset))
}

function offsetText(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const all = Math.abs(seconds)
  const rest = all % 60 === 0 ? '' : `:${two(all % 60)}`
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(all / 3600))}:${two(Math.floor(all / 60) % 60)}${rest}`
}
