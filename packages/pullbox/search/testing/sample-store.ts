import { Batch, BatchWriter, createPlainFilterBuilder, encodeBlock, KIND } from '@pullbox/log/record'
import { Header, parseHeader, zone } from '@pullbox/log/wire'
import type { SegmentsStore } from '@pullbox/store/records'
import { openSegments } from '@pullbox/store/records'

/** One message as a listener would have taken it. */
export interface SampleMessage {
  readonly bytes: Uint8Array | string
  readonly source?: string
  /** Microseconds since 1970; the sample store's clock when left out. */
  readonly received?: number
  readonly kind?: keyof typeof KIND
}

/** A block of messages, read as the collector reads them. */
export function sampleBlock(messages: readonly SampleMessage[], now: number): Uint8Array {
  const writer = new BatchWriter(Batch.alloc(Math.max(16, messages.length), 4 << 20))
  const header = new Header()
  for (const { bytes: given, source = '10.0.0.7', received = now, kind = 'record' } of messages) {
    const bytes = typeof given === 'string' ? Buffer.from(given) : given
    parseHeader(bytes, 0, bytes.length, { received, zone: zone('UTC') }, header)
    if (Number.isNaN(header.time)) header.time = received
    writer.append(
      bytes,
      0,
      bytes.length,
      header,
      writer.source(Buffer.from(kind === 'record' ? source : 'pullbox')),
      received,
      bytes.length,
    )
    writer.batch.kind[writer.batch.count - 1] = KIND[kind]
  }
  return encodeBlock(writer.batch, { level: 'raw', filter: createPlainFilterBuilder(), listener: 'udp 127.0.0.1:5514' })
}

/** A store on disk with these messages, one block a list; the caller closes it. */
export async function sampleStore(path: string, now: number, ...blocks: (readonly SampleMessage[])[]): Promise<SegmentsStore> {
  const store = await openSegments({ path })
  for (const block of blocks) await store.append([sampleBlock(block, now)])
  return store
}
