import type { BlockRows } from '@pullbox/log/record'

import { CodedError } from '@pullbox/log/errors'

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
  /** What a record must have to be picked; rows come and go in ascending order. Blocks that can't hold such a record may be left out. */
  readonly filter?: {
    readonly requirements: Need['requirements']
    readonly pick: (rows: BlockRows, among: Uint32Array) => Uint32Array
  }
  /** Called when it is known how many bytes are to be read, and after each block with its bytes. */
  readonly watch?: { planned(bytes: number): void; read(bytes: number): void }
}

const EVER: TimeRange = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }
const ALL: Need = { fields: null, requirements: { always: true } }
/** Decoded blocks that are held at a time when blocks overlap in time. */
const HELD = 32

/**
 * All records of a range that the filter picks. What can't be read comes up as `Unreadable` in its place, and the rest is still
 * given. Memory is bounded whatever the order in which records arrived: where more blocks overlap in time than are held, blocks are
 * read more than once. Throws what the filter throws of its own (QUERY_REGEXP_COSTLY).
 */
export async function* exportRecords(source: RecordsSource, options: ExportOptions = {}): AsyncGenerator<ExportRun | Unreadable> {
  const range = options.range ?? EVER
  const { filter, watch } = options
  const plan = await source.plan(range, filter === undefined ? ALL : { fields: null, requirements: filter.requirements })
  watch?.planned(plan.blocks.reduce((sum, block) => sum + block.bytes, 0))
  yield* plan.unreadable ?? []
  const work: Work = {
    source,
    range,
    pick: filter?.pick ?? ((_rows, among) => among),
    read: (ref) => watch?.read(ref.bytes),
  }
  if (options.order === 'time') yield* byTime(work, plan.blocks)
  else yield* byNumber(work, plan.blocks)
}

interface Work {
  readonly source: RecordsSource
  readonly range: TimeRange
  readonly pick: (rows: BlockRows, among: Uint32Array) => Uint32Array
  readonly read: (ref: BlockRef) => void
}

async function* byNumber(work: Work, blocks: readonly BlockRef[]): AsyncGenerator<ExportRun | Unreadable> {
  for (const ref of blocks) {
    const run = await pickFrom(work, ref)
    work.read(ref)
    if ('unreadable' in run || run.picked.length > 0) yield run
  }
}

/** The records of one block that were asked for. */
async function pickFrom(work: Work, ref: BlockRef): Promise<ExportRun | Unreadable> {
  const rows = await readWhole(work.source, ref)
  if ('unreadable' in rows) return rows
  try {
    return { rows, picked: work.pick(rows, inRange(rows, work.range)) }
  } catch (error) {
    // What the filter itself is guilty of; all else is damage that shows when a column is read.
    if (error instanceof CodedError && error.code.startsWith('QUERY_')) throw error
    return lostBlock(ref, error)
  }
}

/** The rows with everything in them checked. */
async function readWhole(source: RecordsSource, ref: BlockRef): Promise<BlockRows | Unreadable> {
  try {
    const rows = await source.read(ref, ALL)
    if (!('unreadable' in rows) && rows.count > 0) rows.bytes(0)
    return rows
  } catch (error) {
    return lostBlock(ref, error)
  }
}

function lostBlock(ref: BlockRef, error: unknown): Unreadable {
  const reason = error instanceof Error ? error.message : String(error)
  const at = error instanceof CodedError && error.at !== '' ? `, ${error.at}` : ''
  return { unreadable: true, reason: `${reason}${at}`, count: ref.count, minTime: ref.minTime, maxTime: ref.maxTime }
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

async function* byTime(work: Work, blocks: readonly BlockRef[]): AsyncGenerator<ExportRun | Unreadable> {
  const waiting = blocks.map((ref, place) => ({ ref, place })).sort((a, b) => a.ref.minTime - b.ref.minTime || a.place - b.place)
  let next = 0
  const open: Open[] = []
  const held: Open[] = []
  for (;;) {
    // Every block that may hold a record as early as the earliest known one has to be open.
    let first = earliest(open)
    while (next < waiting.length && (first === null || waiting[next].ref.minTime <= first.times[first.at])) {
      const { ref, place } = waiting[next++]
      const found = await pickFrom(work, ref)
      work.read(ref)
      if ('unreadable' in found) yield found
      else {
        const opened = ordered(ref, place, found)
        if (opened.order.length === 0) continue
        open.push(opened)
        hold(held, opened)
        first = earliest(open)
      }
    }
    if (first === null) return
    yield await run(work.source, first, limitOf(open, first, waiting[next]?.ref.minTime), held)
    if (first.at === first.order.length) {
      open.splice(open.indexOf(first), 1)
      const i = held.indexOf(first)
      if (i >= 0) held.splice(i, 1)
    }
  }
}

function ordered(ref: BlockRef, place: number, { rows, picked: order }: ExportRun): Open {
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
