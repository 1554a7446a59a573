import { gapRecord, SequenceTracker } from '@pullbox/log/ledger'
import type { Gap, SequencePlace } from '@pullbox/log/ledger'
import type { BatchWriter } from '@pullbox/log/record'
import { Header } from '@pullbox/log/wire'

import { OBSERVER_BYTES, OBSERVER_RECORDS } from '../input/observer.ts'
import type { SequenceObserver } from '../input/observer.ts'
import { SourceTable } from '../input/source-table.ts'
import type { SourceTableShared } from '../input/source-table.ts'
import { appendOwn } from './own-records.ts'

/** How often, in microseconds of receive time, open gaps are looked at. */
const SETTLE_EVERY = 250_000
/** Room that one gap record needs at the most: a host and a source of 255 bytes each, escaped, and the text. */
const GAP_BYTES = OBSERVER_BYTES / OBSERVER_RECORDS

export interface ObserverOptions {
  readonly table: SourceTableShared
  readonly places: readonly SequencePlace[]
}

/** Follows the senders' own numbering in the receive thread and writes a gap record for each hole in it. */
class Observer implements SequenceObserver {
  private readonly tracker: SequenceTracker
  private readonly table: SourceTable
  private readonly header = new Header()
  private readonly waiting: Gap[] = []
  private settled = 0

  constructor(options: ObserverOptions) {
    this.table = SourceTable.open(options.table)
    this.tracker = new SequenceTracker((gap) => this.waiting.push(gap))
    for (const place of options.places) this.tracker.resume(this.table.id(Buffer.from(place.source)), place)
  }

  sequence(source: number, bytes: Uint8Array, header: Header, received: number, writer: BatchWriter): void {
    this.tracker.observe(source, bytes, header, received)
    this.settle(received, writer)
  }

  settle(now: number, writer: BatchWriter): void {
    if (now - this.settled >= SETTLE_EVERY) {
      this.settled = now
      this.tracker.settle(now)
    }
    for (let n = 0; n < OBSERVER_RECORDS && this.waiting.length > 0; n++) {
      const gap = this.waiting.shift()!
      const record = gapRecord(gap, this.name(gap.source)).subarray(0, GAP_BYTES)
      appendOwn(writer, record, 'gap', now, this.header)
    }
  }

  /** Says whether a call of `settle` would have something to write at `now`. */
  due(now: number): boolean {
    if (this.waiting.length > 0) return true
    if (now - this.settled < SETTLE_EVERY) return false
    this.settled = now
    this.tracker.settle(now)
    return this.waiting.length > 0
  }

  places(): SequencePlace[] {
    return this.tracker.places((source) => this.name(source))
  }

  private name(source: number): string {
    return Buffer.from(this.table.key(source)).toString('utf8')
  }
}

/** The export by which a listener's thread finds the observer. */
export function createSequenceObserver(options: unknown): Observer {
  return new Observer(options as ObserverOptions)
}
