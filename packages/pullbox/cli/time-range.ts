import type { Context } from './context.ts'
import { EXIT, ExitError } from './exit.ts'
import type { TimeBase } from '../time/time.ts'
import { parseTime } from '../time/time.ts'
import type { Zone } from '../time/zone.ts'
import { findZone } from '../time/zone.ts'

/** Microseconds since 1970; null = unbounded. `since` belongs to the range, `until` does not. */
export interface TimeRange {
  readonly since: number | null
  readonly until: number | null
  /** Zone of times without one and of times shown. */
  readonly zone: Zone
}

/** Gives the time of the record with that id, or null when the text is no id of a record. */
export type RecordTime = (id: string) => number | null | Promise<number | null>

/**
 * The zone that `--tz` names, else the terminal's.
 * @throws CLI_TIME_ZONE
 */
export function zoneOf(ctx: Pick<Context, 'zone'>, given: { text(name: string): string | undefined }): Zone {
  return findZone(given.text('tz') ?? ctx.zone, ctx.zone)
}

/**
 * Reads `--since`, `--until` and `--tz`. A text that is no time is tried as the id of a record.
 * @throws CLI_TIME
 * @throws CLI_TIME_RANGE when the range is empty
 */
export async function timeRange(
  ctx: Pick<Context, 'zone' | 'now'>,
  given: { text(name: string): string | undefined },
  recordTime: RecordTime = () => null,
): Promise<TimeRange> {
  const zone = zoneOf(ctx, given)
  const base: TimeBase = { now: ctx.now(), zone, local: ctx.zone }
  const read = async (name: string) => {
    const text = given.text(name)
    return text === undefined ? null : await resolveTime(text, base, recordTime)
  }
  const since = await read('since')
  const until = await read('until')
  if (since !== null && until !== null && since >= until) {
    throw new ExitError(
      EXIT.usage,
      'CLI_TIME_RANGE',
      `--since ${given.text('since')} is not before --until ${given.text('until')}: the range is empty`,
    )
  }
  return { since, until, zone }
}

/** As `parseTime`, and a record's id. @throws CLI_TIME */
export async function resolveTime(text: string, base: TimeBase, recordTime: RecordTime): Promise<number> {
  try {
    return parseTime(text, base)
  } catch (error) {
    const found = await recordTime(text)
    if (found === null) throw error
    return found
  }
}
