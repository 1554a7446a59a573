import type { RecordView } from '@pullbox/log/record'
import { CodedError } from '@pullbox/log/errors'

import type { PlainRow } from '../search/index.ts'

/** Most rows that `last` may ask for. */
export const MOST_LAST = 100_000

export interface TailAsk {
  /** Goes on after this record; what retention has taken since comes as a `gap`. Not together with `last` or `since`. */
  readonly cursor?: string
  /** First the last so many rows that match, oldest first; with `since`, of those from that time on. */
  readonly last?: number
  /** Microseconds since 1970: first all rows from this time on. What is written after the tail began is given whatever its time. */
  readonly since?: number
  /** IANA name of the zone of times that the query writes without one; UTC when absent. */
  readonly tz?: string
  readonly signal?: AbortSignal
}

/** What a tail says: in write order, each record once. `cursor` is to be kept and given back after a break. */
export type TailEvent =
  /** `record` is a row of type "row" where a pipe changes the fields. */
  | { readonly type: 'record'; readonly cursor: string; readonly record: RecordView | PlainRow }
  /** Records that can't be shown, by their ids, both inclusive: taken by retention, or damaged. */
  | { readonly type: 'gap'; readonly cursor: string; readonly from: string; readonly to: string; readonly reason: string }
  /** All up to `cursor` has been looked at; nothing of it matched since the last event. The first event, so that a break at once loses nothing. */
  | { readonly type: 'progress'; readonly cursor: string }

/** Where a tail stands: all up to record `seq` is settled, and up to `head` only rows from `since` on are wanted. */
export interface Place {
  readonly seq: number
  readonly head: number
  readonly since: number
}

export function cursorText({ seq, head, since }: Place): string {
  return seq < head && since > -Infinity ? `${seq}.${head}.${since}` : String(seq)
}

/** @throws TAIL_CURSOR */
export function readCursor(text: string): Place {
  const parts = /^(\d{1,16})(?:\.(\d{1,16})\.(-?\d{1,17}))?$/.exec(text)
  const [seq = NaN, head = 0, since = -Infinity] = (parts ?? []).slice(1).map((part) => (part === undefined ? undefined : Number(part)))
  if (!Number.isSafeInteger(seq)) {
    throw new CodedError('TAIL_CURSOR', `${JSON.stringify(text)} is no cursor of a tail`, {
      at: 'cursor',
      hint: 'give back a cursor as the tail gave it, or the id of a record',
    })
  }
  return { seq, head, since }
}

/** @throws TAIL_START */
export function checkStart({ cursor, last, since }: TailAsk): void {
  const start = (message: string, at: string, hint: string): CodedError => new CodedError('TAIL_START', message, { at, hint })
  if (cursor !== undefined && (last !== undefined || since !== undefined)) {
    throw start('a cursor already says where to begin', last === undefined ? 'since' : 'last', 'leave out the cursor, or last and since')
  }
  if (last !== undefined && !(Number.isInteger(last) && last >= 0 && last <= MOST_LAST)) {
    throw start(`last is a whole number up to ${MOST_LAST}, not ${last}`, 'last', 'use search for more')
  }
  if (since !== undefined && !Number.isFinite(since)) throw start('since is no time', 'since', '')
}
