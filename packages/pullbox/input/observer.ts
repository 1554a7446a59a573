import type { BatchWriter } from '@pullbox/log/record'
import type { Header } from '@pullbox/log/wire'

import type { SourceTableShared } from './source-table.ts'

/** Bytes that are kept free in a batch for what an observer appends beside one message. */
export const OBSERVER_BYTES = 4096
/** Records that an observer may append beside one message. */
export const OBSERVER_RECORDS = 4

/**
 * Watches the numbers by which senders count their messages. Lives in the receive thread. Records that it appends come from
 * the source `pullbox`, are at most {@link OBSERVER_RECORDS} with {@link OBSERVER_BYTES} in all at each call, which have room,
 * and are counted for that source by the caller. Nothing of it may throw.
 */
export interface SequenceObserver {
  /**
   * A message of the source `sourceKeyId` (an id of the listener's SourceTable) carries `header.sequence`. Called in the order
   * of arrival, before the message itself is appended. `bytes` is what the positions of `header` refer to, valid during the
   * call only; `received` is in microseconds. May append records; must not touch `header`.
   */
  sequence(sourceKeyId: number, bytes: Uint8Array, header: Header, received: number, writer: BatchWriter): void
  /** Whether `settle` has something to write now (microseconds); asked at least every 100 ms, also while nothing comes. */
  due?(now: number): boolean
  /** Writes what is due; called when there is room, which may be later than `due` said so. */
  settle?(now: number, writer: BatchWriter): void
  /** What is to be known again after a restart; asked once, when the listener has ended. Can be posted. */
  places?(): unknown
}

/**
 * Where an observer comes from: functions cannot be posted to a thread, so the worker imports the module and calls its
 * `createSequenceObserver({...options, table})`, `table` being the listener's SourceTableShared. It may add keys to the table
 * while it is created, and only then.
 */
export interface ObserverModule {
  /** What `import()` takes: a package's name or a file URL. */
  module: string
  /** Anything that can be posted. */
  options?: object
}

/** Loads the observer, or none. */
export async function loadObserver(from: ObserverModule | undefined, table: SourceTableShared): Promise<SequenceObserver | undefined> {
  if (from === undefined) return undefined
  const module = (await import(from.module)) as { createSequenceObserver(options: object): SequenceObserver }
  return module.createSequenceObserver({ ...from.options, table })
}
