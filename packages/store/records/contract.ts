import type { BlockHeader, BlockRows } from '@pullbox/log/record'
import type { BlockRef, Need, RowSource, TimeRange, Unreadable } from '../query/engine/source.ts'

/** What an append promises. */
export interface Appended {
  /** Numbers of the first and the last record; `lastSeq = firstSeq - 1` when there were no records. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** Bytes written for it. */
  readonly bytes: number
  /** When the sync had returned, microseconds since 1970. */
  readonly syncedAt: number
}

export interface AppendOptions {
  /**
   * The account of all sources, counting every record of this append and of all appends before it. It is written after the blocks
   * and synced with them. It is left out when an append that was still under way at the call fails, as it would count too much.
   */
  readonly ledger?: Uint8Array
}

/** The account as its owner knows it at some moment. */
export interface Checkpoint {
  readonly payload: Uint8Array
  /** The last record that the payload counts: `lastSeq` of the newest append that its owner has entered. */
  readonly through: number
}

/** The account as it can be told from the store alone. */
export interface LedgerSnapshot {
  /** The newest checkpoint that can be read, or null. */
  readonly base: Uint8Array | null
  /** The last record that `base` counts; 0 without one. */
  readonly through: number
  /** Records after `through`, by source key ('' = without one). */
  readonly since: ReadonlyMap<string, number>
  /** Records after `through` whose source can't be read any more. */
  readonly unreadable: number
}

/** Something that is missing from the store, or can't be read in it. Times are microseconds since 1970, NaN when not known. */
export interface Damage {
  /** File name of the segment. */
  readonly segment: string
  /** Bytes of the segment, `from <= b < to`; equal when records are missing without a trace. */
  readonly from: number
  readonly to: number
  /** How many records, or null when that can't be told; their numbers, when known. */
  readonly records: number | null
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  readonly minTime: number
  readonly maxTime: number
  readonly reason: string
  /** Where the bytes were put, when they were moved aside. */
  readonly movedTo?: string
}

/** A block as it is stored, or the part of it that was asked for. */
export interface StoredBlock {
  readonly header: BlockHeader
  /** All rows of the block; damage is thrown as BLOCK_SECTION_DAMAGED when the section that it hit is needed. */
  readonly rows: BlockRows
  /** The rows that were asked for: `from <= i < to`. Row i is the record `header.firstSeq + i`. */
  readonly from: number
  readonly to: number
}

/** What follows a cursor, in write order. */
export interface Following {
  readonly blocks: readonly StoredBlock[]
  /** What can't be read between the cursor and `next`. */
  readonly unreadable: readonly Unreadable[]
  /** The cursor to go on from: the last record number that this answer covers. Equal to the given one when there is nothing new. */
  readonly next: number
}

export interface StoredRecord {
  readonly seq: number
  readonly header: BlockHeader
  readonly rows: BlockRows
  /** The record's row in `rows`. */
  readonly row: number
}

export interface Retention {
  /** Records received longer ago may go. */
  readonly days?: number
  /** Most bytes that the store may take. */
  readonly bytes?: number
  /** Microseconds since 1970. */
  readonly now: number
}

export interface Retained {
  /** What went, oldest first. */
  readonly segments: readonly string[]
  readonly records: number
  readonly bytes: number
}

export interface RecordsStats {
  readonly records: number
  readonly blocks: number
  /** Bytes on disk (or in memory). */
  readonly bytes: number
  readonly segments: number
  /** Number of the oldest record that is there, and of the newest; `lastSeq = firstSeq - 1` when empty. Records below `firstSeq` went by retention. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** Least and greatest time; NaN when empty. */
  readonly minTime: number
  readonly maxTime: number
  readonly damages: number
  /** Bytes that may still be written; Infinity when there is no bound, NaN when the system does not say. */
  readonly freeBytes: number
}

/** What queries read, whose rows also give the records' bytes. */
export interface RecordsSource extends RowSource {
  read(ref: BlockRef, need: Need): Promise<BlockRows | Unreadable>
}

/**
 * Keeps records. The unit is the encoded block; each record gets a number from one counter that grows for ever, also across
 * restarts, without gaps. A record's id is that number in decimal.
 *
 * Times may come in any order: they are put in order where they are read. One process at a time may append.
 */
export interface RecordsStore {
  /**
   * Writes the blocks and resolves when they are synced: they are there after any crash. Many may be under way; they are written in
   * the order of the calls and share syncs. The store numbers the records in the blocks' headers; the bytes belong to it until the
   * promise settles. Blocks of no records are not kept.
   *
   * Fails with STORE_DISK_FULL, STORE_READ_ONLY, STORE_WRITE_FAILED, STORE_BAD_BLOCK or STORE_CLOSED. Then nothing of this append is
   * promised, everything before it is unharmed, the store stays readable, and a later append may succeed.
   */
  append(blocks: Uint8Array[], options?: AppendOptions): Promise<Appended>
  /** What queries read: all synced records, and those to come. */
  source(): RecordsSource
  /** Records numbered above `seq` in write order, whole blocks until there are at least `limit` records or no more. */
  after(seq: number, limit: number): Following
  /** The record of that number; null when there is none (yet, or any more). */
  get(seq: number): StoredRecord | Unreadable | null
  /** Deletes what the limits allow, oldest first, whole segments; the one being written stays. */
  retain(limits: Retention): Promise<Retained>
  stats(): RecordsStats
  /** What is known to be damaged. */
  damages(): readonly Damage[]
  ledgerSnapshot(): LedgerSnapshot
  /** Waits for what was appended, then lets go of the store. A second call waits for the first. */
  close(): Promise<void>
}

/** Where a block lies. */
export interface Place {
  /** File name of the segment. */
  readonly segment: string
  /** Bytes of the segment, `from <= b < to`. */
  readonly from: number
  readonly to: number
  readonly firstSeq: number
  readonly lastSeq: number
}

/** Some records that follow each other in write order: a block, or numbers that can't be read. */
export interface Span {
  readonly firstSeq: number
  readonly lastSeq: number
  /** The block, for `source().read`; null when no record of it can be wanted, or when there is none. */
  readonly ref: BlockRef | null
  /** Why there is no block. */
  readonly unreadable: Unreadable | null
}

/** Records that another thread or process may be writing at the same time. Whole blocks are seen only; nothing is changed. */
export interface RecordsReader extends Pick<RecordsStore, 'source' | 'after' | 'get' | 'stats' | 'damages' | 'ledgerSnapshot' | 'close'> {
  /** Takes in what was written and deleted since; `bound` moves the last record that may be shown. */
  refresh(bound?: number): void
  /** As of `stats()`, at no cost. */
  readonly firstSeq: number
  readonly lastSeq: number
  place(seq: number): Place | null
  /**
   * What is stored above `seq` in write order, or up to `seq` from the last to the first (then without what can't be read). Blocks
   * that hold nothing of the range or of `need` come without `ref`. Filters are read as the iteration goes on.
   */
  spans(seq: number, direction: 'after' | 'before', range: TimeRange, need: Need): Iterable<Span>
}
