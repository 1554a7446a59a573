import { CodedError } from '@pullbox/log/errors'
import type { Chunk } from './chunk.ts'
import type { Batch } from './view.ts'

/** Fields that later steps read; null = all. */
export type Fields = ReadonlySet<string> | null

/** Temporary storage for what does not fit into memory. Files are gone after `close`; what a crash leaves behind is never read again. */
export interface Spill {
  /** A new file to write runs to. */
  create(): Promise<SpillFile>
  close(): Promise<void>
}

/** One temporary file: written once from start to end, then read anywhere. */
export interface SpillFile {
  /** Appends and tells the offset of what was written. */
  append(bytes: Uint8Array): Promise<number>
  read(offset: number, length: number): Promise<Uint8Array>
  /** Closes and deletes it. */
  remove(): Promise<void>
}

/** Memory that one query may hold in one thread, in bytes. */
export class Budget {
  readonly limit: number
  /** The most that was held. */
  peak = 0
  private held = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes held now. Setting it counts without judging. */
  get used(): number {
    return this.held
  }

  set used(bytes: number) {
    this.held = bytes
    if (bytes > this.peak) this.peak = bytes
  }

  /** Counts `bytes` more (or fewer). Throws QUERY_MEMORY_LIMIT when the limit is passed. */
  add(bytes: number, what: string, hint: string): void {
    this.used += bytes
    if (bytes > 0 && this.used > this.limit) throw memoryLimit(this.limit, what, hint)
  }
}

export function memoryLimit(limit: number, what: string, hint: string): CodedError {
  return new CodedError('QUERY_MEMORY_LIMIT', `${what} needs more than the ${limit} bytes of memory that this query may use`, { hint })
}

/** What a stage is made with when a query starts. */
export interface StageContext {
  /** Microseconds since 1970. */
  readonly now: number
  /** The range that the query looks at, in seconds; 0 when it is open. Rates are per second of it. */
  readonly rangeSeconds: number
  readonly budget: Budget
  /** null = nothing may be spilled; what does not fit ends the query. */
  readonly spill: Spill | null
}

/** Changes rows one by one, without memory of earlier ones: it runs where the rows are read. */
export interface LocalStage {
  readonly kind: 'local'
  transform(batch: Batch): Batch
}

/** Cuts a stream of rows that has an order. */
export interface StreamStage {
  readonly kind: 'stream'
  transform(batch: Batch): Batch
  /** No row that comes later will pass. */
  readonly done: boolean
}

/**
 * Reads all rows, then gives its own. Many of one kind can run beside each other: each one's state goes into one of them by
 * `mergeState`. Nothing is kept of a batch after `push` returned.
 */
export interface GatherStage {
  readonly kind: 'gather'
  /** Bytes held now. */
  readonly bytes: number
  push(batch: Batch, base: number): void | Promise<void>
  /** What was gathered since the last call, structured-cloneable; the stage is empty afterwards. */
  exportState(): unknown
  mergeState(state: unknown): void | Promise<void>
  /** The rows in their order. Called once. */
  finish(): AsyncIterable<Chunk> | Iterable<Chunk>
  /** Gives memory and temporary files back; also after an error or a break. */
  close(): Promise<void>
}

export type Stage = LocalStage | StreamStage | GatherStage
