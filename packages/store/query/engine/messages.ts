import type { Chunk } from '../pipe/index.ts'
import type { Parts } from './program.ts'
import type { Cut } from './scan.ts'
import type { BlockRef, Need, TimeRange, Unreadable } from './source.ts'

/** What a scanning thread needs to know of a query. */
export interface Job {
  readonly parts: Parts
  readonly need: Need
  readonly range: TimeRange
  readonly cut: Cut
  readonly now: number
  readonly rangeSeconds: number
  /** Bytes that the thread may gather before it hands its state over. */
  readonly share: number
  /** One Int32; not 0 = stop. */
  readonly stop: SharedArrayBuffer
}

/** From the pool to a thread. */
export type ToWorker =
  | { readonly type: 'open'; readonly job: number; readonly query: Job }
  | { readonly type: 'block'; readonly job: number; readonly index: number; readonly ref: BlockRef }
  | { readonly type: 'flush'; readonly job: number }
  | { readonly type: 'close'; readonly job: number }

/** From a thread to the pool. One `scanned` for each block and one `flushed`, or a `failed`. */
export type FromWorker =
  | ({ readonly type: 'scanned'; readonly job: number } & BlockResult)
  | { readonly type: 'flushed'; readonly job: number; readonly state: unknown }
  | { readonly type: 'failed'; readonly job: number; readonly code: string; readonly message: string; readonly hint: string }

/** What became of one block. */
export interface BlockResult {
  readonly index: number
  readonly rows: number
  readonly matched: number
  readonly bytes: number
  /** Rows in order; null when there are none, or when they are gathered. */
  readonly chunk: Chunk | null
  /** A part of the gathered state; undefined = none now. */
  readonly state: unknown
  readonly unreadable: Unreadable | null
  /** Stopped before it was read. */
  readonly skipped: boolean
}
