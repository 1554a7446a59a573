import type { BatchWriter } from '@pullbox/log/record'
import { BATCH_RECORDS, BatchWriter as Writer, KIND } from '@pullbox/log/record'
import { Header, parseHeader, zone } from '@pullbox/log/wire'

import { createRing, RingProducer } from '../input/ring.ts'
import type { RingShared } from '../input/ring.ts'
import { OWN, SourceTable } from '../input/source-table.ts'

const ARENA_BYTES = 1 << 20
const CONTEXT = { received: 0, zone: zone('UTC') }

/** Appends a record that Pullbox says itself: RFC 5424 text from the source `pullbox`, marked as what it is. There must be room. */
export function appendOwn(writer: BatchWriter, bytes: Uint8Array, kind: keyof typeof KIND, received: number, header: Header): void {
  parseHeader(bytes, 0, bytes.length, CONTEXT, header)
  writer.append(bytes, 0, bytes.length, header, writer.source(Buffer.from(OWN)), received, bytes.length)
  writer.batch.kind[writer.batch.count - 1] = KIND[kind]
}

/** The input for records that the collector writes about itself: gaps after an unclean stop, audits. Used by one thread. */
export class OwnRecords {
  readonly ring: RingShared
  readonly table = SourceTable.create()
  private readonly producer: RingProducer
  private readonly header = new Header()

  constructor(doorbell: SharedArrayBuffer) {
    this.ring = createRing({ slots: 4, records: BATCH_RECORDS, arenaBytes: ARENA_BYTES }, doorbell)
    this.producer = new RingProducer(this.ring)
  }

  /** Hands the records on as one batch, at most {@link BATCH_RECORDS} and 1 MiB; false when the ring is full: try again later. */
  write(kind: keyof typeof KIND, records: readonly Uint8Array[], received: number): boolean {
    const batch = this.producer.claim()
    if (batch === null) return false
    const writer = new Writer(batch)
    for (const bytes of records) appendOwn(writer, bytes, kind, received, this.header)
    this.table.add(this.table.id(Buffer.from(OWN)), records.length)
    this.producer.commit()
    return true
  }

  close(): void {
    this.producer.close()
  }
}
