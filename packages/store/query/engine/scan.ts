import { CodedError } from '@pullbox/log/errors'
import { chunkOf, everyRow, viewOf, type Batch, type Chunk, type View } from '../pipe/index.ts'
import type { Program } from './program.ts'
import { isUnreadable, type BlockRef, type Need, type RowSource, type TimeRange, type Unreadable } from './source.ts'

/** Rows of one block are numbered from the block's place in the plan times this. */
export const ROWS_PER_BLOCK = 2 ** 32

/** What one block gave. */
export interface Scanned {
  /** Rows that were looked at. */
  readonly rows: number
  /** Rows in the range that match the filter, before any pipe. */
  readonly matched: number
  readonly bytes: number
  /** The rows after the local pipes; null when there are none. */
  readonly batch: Batch | null
  readonly unreadable: Unreadable | null
  /** Gives the block's memory back; the batch is of no use afterwards. */
  readonly release: () => void
}

/**
 * Reads one block and runs the local part of a query over it. Damage makes it unreadable, also damage that shows only when a column is
 * read. Throws only what the query itself is guilty of, such as QUERY_REGEXP_COSTLY.
 */
export async function scanBlock(source: RowSource, ref: BlockRef, need: Need, range: TimeRange, program: Program): Promise<Scanned> {
  try {
    const read = await source.read(ref, need)
    if (isUnreadable(read)) return lost(ref, read)
    const view = viewOf(read)
    const picked = program.condition({ view, picked: inRange(view.time, ref, range, view.count) })
    const matched = picked.length
    let batch: Batch = { view, picked }
    if (matched > 0) touch(view, need, picked.subarray(0, 1))
    for (const stage of program.local) {
      if (batch.picked.length === 0) break
      batch = stage.transform(batch)
    }
    return {
      rows: view.count,
      matched,
      bytes: read.bytesRead ?? ref.bytes,
      batch: batch.picked.length === 0 ? null : batch,
      unreadable: null,
      release: () => read.release?.(),
    }
  } catch (error) {
    if (error instanceof CodedError && error.code.split('_')[0] === 'QUERY') throw error
    return lost(ref, { unreadable: true, reason: (error as Error).message, count: ref.count, minTime: ref.minTime, maxTime: ref.maxTime })
  }
}

/** Has every column decoded that later steps read: damage must show before a gathering pipe has taken half of the rows. */
function touch(view: View, { fields }: Need, row: Uint32Array): void {
  for (const name of fields ?? view.names(row)) view.column(name)?.text(row[0]!)
}

function lost(ref: BlockRef, unreadable: Unreadable): Scanned {
  return { rows: 0, matched: 0, bytes: ref.bytes, batch: null, unreadable, release: () => undefined }
}

function inRange(time: Float64Array, { minTime, maxTime }: BlockRef, { since, until }: TimeRange, count: number): Uint32Array {
  if (minTime >= since && maxTime < until) return everyRow(count)
  const picked = new Uint32Array(count)
  let many = 0
  for (let i = 0; i < count; i++) if (time[i]! >= since && time[i]! < until) picked[many++] = i
  return picked.subarray(0, many)
}

/** How rows are given on: in the order of time within the block, and no more than `most` of them. */
export interface Cut {
  readonly newest: boolean
  readonly most: number
}

/** The rows of a batch in order, as a chunk. `index` is the block's place in the plan. */
export function orderedChunk(batch: Batch, index: number, { newest, most }: Cut): Chunk {
  const picked = inOrder(batch, newest).subarray(0, most)
  return chunkOf({ view: batch.view, picked }, { fields: null, ids: true, base: index * ROWS_PER_BLOCK })
}

function inOrder({ view: { time }, picked }: Batch, newest: boolean): Uint32Array {
  let ascending = true
  for (let k = 1; k < picked.length && ascending; k++) ascending = time[picked[k - 1]!]! <= time[picked[k]!]!
  const copy = picked.slice()
  if (!ascending) copy.sort((a, b) => time[a]! - time[b]! || a - b)
  return newest ? copy.reverse() : copy
}
