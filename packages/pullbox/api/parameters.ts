import { parseTime } from '../time/time.ts'
import type { Zone } from '../time/zone.ts'
import { findZone } from '../time/zone.ts'

// Parameters that several routes take in the same form.

/** Characters of a query. */
export const MOST_QUERY_TEXT = 16_384
export const TIME_TEXT = 'as the command line takes it: 2h, 2026-11-23T10:30Z, @1795429800'
export const ZONE_TEXT = 'IANA name of the zone of times that are written without one'

/** @throws CLI_TIME_ZONE */
export function zoneOf(name: string): Zone {
  return findZone(name, 'UTC')
}

/** Microseconds since 1970. @throws CLI_TIME */
export function timeOf(text: string, now: number, zone: Zone): number {
  return parseTime(text, { now, zone, local: 'UTC' })
}
