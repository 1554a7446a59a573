import type { CodedError } from '@pullbox/log/errors'

import type { ExplainView, LedgerCheckView, SourcesView, StatusView } from '../api/index.ts'
import type { Frame } from '../search/index.ts'
import type { TailAsk, TailEvent } from '../tail/index.ts'

/** A frame as `search` gives it, or the error that ended the answer; the last frame is `end` or `error`. */
export type ClientFrame =
  | Frame
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly at: string; readonly hint: string }

export interface LedgerAsk {
  /** Microseconds since 1970. */
  readonly since?: number
  readonly signal?: AbortSignal
  /** Hears how many bytes of all are read, where they are read here; a collector says nothing before it has the answer. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface QueryAsk {
  /** Microseconds since 1970: `since <= t < until`. */
  readonly since?: number
  readonly until?: number
  readonly limit?: number
  readonly order?: 'oldest' | 'newest'
  readonly tz?: string
  readonly now?: number
  readonly signal?: AbortSignal
}

export type { TailAsk, TailEvent } from '../tail/index.ts'

export interface ClientTailAsk extends TailAsk {
  /** The connection broke, for the n-th time in a row, and is tried again after so many milliseconds, from the last event's cursor. */
  readonly onBreak?: (why: CodedError, delay: number, times: number) => void
  /** It goes on, with the collector at this address. */
  readonly onResume?: (at: string) => void
}

/**
 * Asks the running collector if there is one (`via` = collector), else the store itself, read-only. Both give the same answers;
 * what only a collector knows (held, listeners) is 0 or empty without one. Errors are CodedErrors.
 */
export interface Client {
  readonly via: 'collector' | 'store'
  /** Address of the collector, or path of the store. */
  readonly at: string
  status(): Promise<StatusView>
  sources(): Promise<SourcesView>
  /**
   * What keeps an answer from beginning (a query that cannot be read, a collector that is not there) is thrown by the iteration; what
   * ends it in the middle is its last frame, `error`. The abort of the signal gives an `end` that is not complete, or is thrown.
   */
  query(text: string, ask?: QueryAsk): AsyncIterable<ClientFrame>
  /** Follows until the signal; see `ClientTailAsk` for breaks of the connection. */
  tail(text: string, ask?: ClientTailAsk): AsyncIterable<TailEvent>
  /** The record with its bytes, and how each field came; null when there is none. */
  explain(id: string): Promise<ExplainView | null>
  /** Counts every record on disk again and compares with the account, from a time on or all. */
  ledgerCheck(ask?: LedgerAsk): Promise<LedgerCheckView>
  close(): Promise<void>
}
