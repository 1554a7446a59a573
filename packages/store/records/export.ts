import type { BlockRows } from '@pullbox/log/record'

import type { BlockRef, Need, TimeRange, Unreadable } from '../query/engine/source.ts'
import type { RecordsSource } from './contract.ts'

/** Some records of one block, in the order in which they are to be written out. */
export interface ExportRun {
  /** `rows.bytes(i)` is record i exactly as it came, `rows.id(i)` its number; valid until the next run is asked for. */
  readonly rows: BlockRows
  readonly picked: Uint32Array
}

export interface ExportOptions {
  /** Half-open range of time; all when left out. */
  readonly range?: TimeRange
  /** `write`: by number; `time`: by time, records of equal time by number. Default `write`. */
  readonly order?: 'write' | 'time'
}

const EVER: TimeRange = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }
const ALL: Need = { fields: null, requirements: { always: true } }
/** Decoded blocks that are held at a time when blocks overlap in time. */
const HELD = 32

/**
 * All records of a range. What can't be read comes up as `Unreadable` in its place, and the rest is still given. Memory is bounded
 * whatever the order in which records arrived: where more blocks overlap in time than are held, blocks are read more than once.
 */
export async function* exportRecords(source: RecordsSource, options: ExportOptions = {}): AsyncGenerator<ExportRun | Unreadable> {
  const range = options.range ?? EVER
  const plan = await source.plan(range, ALL)
  yield* plan.unreadable ?? []
  if (options.order === 'time') yield* byTime(source, plan.blocks, range)
  else yield* byNumber(source, plan.blocks, range)
}

async function* byNumber(source: RecordsSource, blocks: readonly BlockRef[], range: TimeRange): AsyncGenerator<ExportRun | Unreadable> {
  for (const ref of blocks) {
    const rows = await readWhole(source, ref)
    if ('unreadable' in rows) yield rows
    else yield { rows, picked: inRange(rows, range) }
  }
}

/** The rows with everything in them checked. */
async function readWhole(source: RecordsSource, ref: BlockRef): Promise<BlockRows | Unreadable> {
  try {
    const rows = await source.read(ref, ALL)
    if (!('unreadable' in rows) && rows.count > 0) rows.bytes(0)
    return rows
  } catch (error) {
    return {
      unreadable: true,
      reason: error instanceof Error ? error.message : String(error),
      count: ref.count,
      minTime: ref.minTime,
      maxTime: ref.maxTime,
    }
  }
}

function inRange(rows: BlockRows, range: TimeRange): Uint32Array {
  const { time, count } = rows
  const picked = new Uint32Array(count)
  let n = 0
  for (let i = 0; i < count; i++) if (time[i] >= range.since && time[i] < range.until) picked[n++] = i
  return picked.subarray(0, n)
}

/** A block that the merge is in the middle of. */
interface Open {
  readonly ref: BlockRef
  /** Its place in write order. */
  readonly place: number
  rows: BlockRows | null
  /** Rows in order of time, and their times in that order. */
  readonly order: Uint32Array
  readonly times: Float64Array
  at: number
}

async function* byTime(source: RecordsSource, blocks: readonly BlockRef[], range: TimeRange): AsyncGenerator<ExportRun | Unreadable> {
  const waiting = blocks.map((ref, place) => ({ ref, place })).sort((a, b) => a.ref.minTime - b.ref.minTime || a.place - b.place)
  let next = 0
  const open: Open[] = []
  const held: Open[] = []
  for (;;) {
    // Every block that may hold a record as early as the earliest known one has to be open.
    let first = earliest(open)
    while (next < waiting.length && (first === null || waiting[next].ref.minTime <= first.times[first.at])) {
      const { ref, place } = waiting[next++]
      const rows = await readWhole(source, ref)
      if ('unreadable' in rows) yield rows
      else {
        const opened = ordered(ref, place, rows, range)
        if (opened.order.length === 0) continue
        open.push(opened)
        hold(held, opened)
        first = earliest(open)
      }
    }
    if (first === null) return
    yield await run(source, first, limitOf(open, first, waiting[next]?.ref.minTime), held)
    if (first.at === first.order.length) {
      open.splice(open.indexOf(first), 1)
      const i = held.indexOf(first)
      if (i >= 0) held.splice(i, 1)
    }
  }
}

function ordered(ref: BlockRef, place: number, rows: BlockRows, range: TimeRange): Open {
  const order = inRange(rows, range)
  const { time } = rows
  let ascending = true
  for (let k = 1; k < order.length && ascending; k++) ascending = time[order[k - 1]] <= time[order[k]]
  if (!ascending) order.sort((a, b) => time[a] - time[b] || a - b)
  return { ref, place, rows, order, times: Float64Array.from(order, (i) => time[i]), at: 0 }
}

function hold(held: Open[], block: Open): void {
  held.push(block)
  if (held.length > HELD) (held.shift() as Open).rows = null
}

const before = (a: Open, b: Open) => a.times[a.at] < b.times[b.at] || (a.times[a.at] === b.times[b.at] && a.place < b.place)

function earliest(open: readonly Open[]): Open | null {
  let first: Open | null = null
  for (const o of open) if (first === null || before(o, first)) first = o
  return first
}

/** How far the block may be given before another one has its turn: up to this time, and at it only when its place is first. */
function limitOf(open: readonly Open[], first: Open, waiting: number | undefined): { time: number; inclusive: boolean } {
  let time = waiting ?? Number.POSITIVE_INFINITY
  let inclusive = waiting === undefined
  for (const o of open) {
    if (o === first || o.times[o.at] > time) continue
    inclusive = o.times[o.at] < time ? first.place < o.place : inclusive && first.place < o.place
    time = o.times[o.at]
  }
  return { time, inclusive }
}

async function run(
  source: RecordsSource,
  block: Open,
  limit: { time: number; inclusive: boolean },
  held: Open[],
): Promise<ExportRun | Unreadable> {
  const from = block.at
  do block.at++
  while (block.at < block.order.length && (block.times[block.at] < limit.time || (limit.inclusive && block.times[block.at] === limit.time)))
  if (block.rows === null) {
    const rows = await readWhole(source, block.ref)
    if ('unreadable' in rows) {
      const lost = { ...rows, count: block.order.length - from }
      block.at = block.order.length
      return lost
    }
    block.rows = rows
    hold(held, block)
  }
  return { rows: block.rows, picked: block.order.subarray(from, block.at) }
}
