import type { RecordView } from '@pullbox/log/record'

import type { ExplainView, LedgerCheckView, SourcesView, StatusView } from '../api/index.ts'
import type { Frame } from '../search/index.ts'

/** A frame as `search` gives it, or the error that ended the answer; the last frame is `end` or `error`. */
export type ClientFrame =
  | Frame
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly at: string; readonly hint: string }

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

export interface TailAsk {
  /** Goes on after this record; what retention has taken since comes as a `gap`. */
  readonly cursor?: string
  /** First the last so many rows that match, oldest first. */
  readonly last?: number
  /** Microseconds since 1970: first all rows from this time on. */
  readonly since?: number
  readonly tz?: string
  readonly signal?: AbortSignal
}

/** What a tail says: in write order, each record once. `cursor` is to be kept and given back after a break. */
export type TailEvent =
  | { readonly type: 'record'; readonly cursor: string; readonly record: RecordView }
  /** Records that can't be shown: taken by retention, or damaged. */
  | { readonly type: 'gap'; readonly cursor: string; readonly from: string; readonly to: string; readonly reason: string }
  /** All up to `cursor` has been looked at; nothing of it matched since the last event. */
  | { readonly type: 'progress'; readonly cursor: string }

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
  query(text: string, ask?: QueryAsk): AsyncIterable<ClientFrame>
  tail(text: string, ask?: TailAsk): AsyncIterable<TailEvent>
  /** The record with its bytes, and how each field came; null when there is none. */
  explain(id: string): Promise<ExplainView | null>
  /** Counts every record on disk again and compares with the account, from a time on or all. */
  ledgerCheck(ask?: { readonly since?: number; readonly signal?: AbortSignal }): Promise<LedgerCheckView>
  close(): Promise<void>
}
