import { resolve } from 'node:path'

import type { Damage, SegmentsReader } from '@pullbox/store/records'

import type { Given } from '../../arguments.ts'
import type { Option } from '../../command.ts'
import { COMMON } from '../../command.ts'
import type { Context } from '../../context.ts'
import { EXIT, ExitError, usage } from '../../exit.ts'
import type { RecordTime } from '../../time-range.ts'
import type { Zone } from '../../../time/zone.ts'
import { formatTime, UTC } from '../../../time/zone.ts'

/** How the store is named in all `store` commands. */
export const WHICH: readonly Option[] = [
  COMMON.config,
  {
    name: 'store',
    value: 'DIR',
    completes: 'directory',
    says: 'the directory of the store, instead of the one that the configuration names',
  },
]

/**
 * The directory of the store that is meant.
 * @throws CLI_STORE_IN_MEMORY when the configuration names one that is no directory of segments
 */
export async function storeDirectory(ctx: Context, given: Given): Promise<string> {
  const named = given.text('store')
  if (named !== undefined) {
    if (given.has('config')) throw usage('the store is named twice: --store and --config')
    return resolve(ctx.cwd, named)
  }
  const { loadConfig } = await import('../../../config/index.ts')
  const file = given.text('config')
  const { config } = loadConfig({ env: ctx.env, cwd: ctx.cwd, uid: ctx.uid, ...(file === undefined ? {} : { file }) })
  if (config.store.type !== 'segments') {
    throw new ExitError(EXIT.usage, 'CLI_STORE_IN_MEMORY', `a store of type ${config.store.type} can be read by its collector only`)
  }
  return String(config.store.options.path)
}

/** Opens it for reading; close it. @throws STORE_BAD_PATH @throws STORE_NEWER_VERSION */
export async function openReader(path: string): Promise<SegmentsReader> {
  const { SegmentsReader: Reader } = await import('@pullbox/store/records')
  return new Reader({ path })
}

/** The time of the record with that id, for --since and --until. */
export function recordTimes(reader: SegmentsReader): RecordTime {
  return (id) => {
    const seq = /^\d{1,16}$/.test(id) ? Number(id) : Number.NaN
    const found = Number.isSafeInteger(seq) ? reader.get(seq) : null
    return found === null || 'unreadable' in found ? null : found.rows.time[found.row]
  }
}

/** `2026-11-24T09:43:10.114Z`, or `-` where the time is not known. */
export function timeText(us: number, zone: Zone): string {
  return Number.isFinite(us) ? formatTime(us, zone, null) : '-'
}

/** RFC 3339 in UTC, or null where the time is not known. */
export function timeJson(us: number): string | null {
  return Number.isFinite(us) ? formatTime(us, UTC, null) : null
}

/** `12 records between A and B`, with what of it is known. */
export function lostText(
  lost: { readonly records: number | null; readonly minTime: number; readonly maxTime: number },
  zone: Zone,
): string {
  const many = lost.records === null ? 'an unknown number of records' : counted(lost.records, 'record')
  const from = timeText(lost.minTime, zone)
  const to = timeText(lost.maxTime, zone)
  if (from !== '-' && to !== '-') return `${many} between ${from} and ${to}`
  if (from !== '-') return `${many} after ${from}`
  return to === '-' ? many : `${many} before ${to}`
}

/** One line that names a damage. */
export function damageText(d: Damage, zone: Zone): string {
  const where = d.to > d.from ? `bytes ${d.from}..${d.to}` : `at byte ${d.from}`
  const numbers = d.firstSeq === null ? '' : ` (${d.firstSeq}..${d.lastSeq})`
  const moved = d.movedTo === undefined ? '' : `; moved to ${d.movedTo}`
  return `${d.segment}  ${where}  ${lostText(d, zone)}${numbers}: ${d.reason}${moved}`
}

export function damageJson(d: Damage): { type: string } & Record<string, unknown> {
  return {
    type: 'damage',
    file: d.segment,
    from: d.from,
    to: d.to,
    records: d.records,
    first: d.firstSeq,
    last: d.lastSeq,
    since: timeJson(d.minTime),
    until: timeJson(d.maxTime),
    reason: d.reason,
    moved_to: d.movedTo,
  }
}

/** `1 record`, `12 records`. */
export function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
