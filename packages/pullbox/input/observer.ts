import type { BatchWriter } from '@pullbox/log/record'
import type { Header } from '@pullbox/log/wire'

/** Bytes that are kept free in a batch for what an observer appends beside one message. */
export const OBSERVER_BYTES = 4096
/** Records that an observer may append beside one message. */
export const OBSERVER_RECORDS = 4

/**
 * Watches the numbers by which senders count their messages. Lives in the receive thread and is called in the order of
 * arrival, before the message itself is appended.
 */
export interface SequenceObserver {
  /**
   * A message of the source `sourceKeyId` (an id of the listener's SourceTable) carries `header.sequence`. `bytes` is what the
   * positions of `header` refer to, valid during the call only; `received` is in microseconds. May append gap records from
   * the source `pullbox` to the writer: at most {@link OBSERVER_RECORDS} with {@link OBSERVER_BYTES} in all, which have room;
   * they are counted for that source by the caller. Must not throw and must not touch `header`.
   */
  sequence(sourceKeyId: number, bytes: Uint8Array, header: Header, received: number, writer: BatchWriter): void
}

/**
 * Where an observer comes from: functions cannot be posted to a thread, so the worker imports the module and calls its
 * `createSequenceObserver(options)`.
 */
export interface ObserverModule {
  /** What `import()` takes: a package's name or a file URL. */
  module: string
  /** Anything that can be posted. */
  options?: unknown
}

/** Loads the observer, or none. */
export async function loadObserver(from: ObserverModule | undefined): Promise<SequenceObserver | undefined> {
  if (from === undefined) return undefined
  const module = (await import(from.module)) as { createSequenceObserver(options: unknown): SequenceObserver }
  return module.createSequenceObserver(from.options)
}
