import type { Need as Requirement } from '../filter/index.ts'
import type { Rows } from '../rows.ts'

/** A half-open range of time, microseconds since 1970: `since <= t < until`. Infinities stand for open ends. */
export interface TimeRange {
  readonly since: number
  readonly until: number
}

/** What a query wants of the blocks; it lets a source leave out blocks and columns, never rows that match. */
export interface Need {
  /**
   * The fields that will be read; null = all. `_time` is in it only when its text is wanted: `Rows.time` is always there. An empty
   * set is a query that only counts.
   */
  readonly fields: ReadonlySet<string> | null
  /**
   * What a block must hold so that a row can match: the answer of `requirements(filter)` of `query/filter`, structured-cloneable. A source that has block filters may leave out blocks that cannot hold it; one that has none ignores it.
   */
  readonly requirements: Requirement
}

/** One block of a plan. Plain data: it travels to worker threads, where another source of the same store reads it. */
export interface BlockRef {
  /** Names the block to its source: a number, a text, or plain data such as {file, at}. Opaque to the engine. */
  readonly id: unknown
  /** The least and the greatest time of its records, microseconds, both inclusive. */
  readonly minTime: number
  readonly maxTime: number
  /** How many records it holds. */
  readonly count: number
  /** Its size as it is read (on disk: compressed), for progress. */
  readonly bytes: number
}

/** The rows of one block, in the order of the block. */
export interface BlockRows extends Rows {
  /** The record id of row `i`, the text by which `show` finds it. */
  id(i: number): string
  /** Bytes that reading it took, where that is less than the block (sections left out); absent = `BlockRef.bytes`. */
  readonly bytesRead?: number
  /** Gives the memory of the rows back, where that can be done at once; called when nothing of them is used any more. */
  release?(): void
}

/** A block, or a part of one, that can't be read. It makes the answer incomplete; it never ends the query. */
export interface Unreadable {
  readonly unreadable: true
  /** Why, in words: "checksum of section 2 does not match, bytes 4096..8192 of 000012.seg". */
  readonly reason: string
  /** How many records are lost to this query, and between which times (microseconds, inclusive). */
  readonly count: number
  readonly minTime: number
  readonly maxTime: number
}

/** The blocks that may hold rows of a range. */
export interface Plan {
  /**
   * In an order that stays the same for the same store (the order of arrival): rows of equal time come out in this order. A block
   * that lies across the edge of the range is listed whole; the engine leaves out the rows outside.
   */
  readonly blocks: readonly BlockRef[]
  /** What is known to be missing from the range already now: unreadable blocks, retention. */
  readonly unreadable?: readonly Unreadable[]
  /** Other reasons why the answer will be incomplete, in words. */
  readonly reasons?: readonly string[]
}

/** The values of one field in one block with their counts, from the block's statistics. Counts add up to the block's count. */
export interface ValueCounts {
  readonly values: readonly string[]
  readonly counts: ArrayLike<number>
}

/**
 * The contract between the engine and what keeps records. `plan` is a snapshot: each block of it stays readable until `close`, or
 * reads as `Unreadable`. Methods may be called many at a time. They don't throw for damage; a thrown error is taken as
 * `Unreadable` of the whole block, with the error's message as the reason.
 */
export interface RowSource {
  plan(range: TimeRange, need: Need): Promise<Plan> | Plan
  /** Only columns of `need.fields` need to be there; `column()` of another name may be null. Best if a column is decoded when first asked for. */
  read(ref: BlockRef, need: Need): Promise<BlockRows | Unreadable>
  /** Optional, for counting without decoding a column: null when the block has no such statistics. */
  valueCounts?(ref: BlockRef, field: string): Promise<ValueCounts | null>
  close?(): Promise<void>
}

/**
 * How a worker thread opens its own source: `module` is the URL of a module that exports `openSource(options): Promise<RowSource>`;
 * `options` is structured-cloneable. Block refs of one source of a store must be readable by all sources of that store.
 */
export interface SourceDescriptor {
  readonly module: string
  readonly options: unknown
}

/** The export that a source's module must have. */
export type OpenSource = (options: unknown) => Promise<RowSource>

export function isUnreadable(answer: BlockRows | Unreadable): answer is Unreadable {
  return (answer as { unreadable?: unknown }).unreadable === true
}
