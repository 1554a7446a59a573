import { FORMAT, Header } from '@pullbox/log/wire'
import type { EncodeOptions } from '@pullbox/log/record'
import { Batch, BatchWriter, createPlainFilterBuilder, encodeBlock } from '@pullbox/log/record'

// Blocks for the conformance suite and the simulations, made of given records without any reader of messages.

/** One record of a sample block. */
export interface SampleRecord {
  /** Its bytes, exactly. */
  readonly bytes: Uint8Array | string
  /** Microseconds since 1970. */
  readonly time: number
  readonly received?: number
  readonly source?: string
  readonly host?: string
  /** 0..191; none when left out. */
  readonly priority?: number
}

/** Makes blocks; keeps one batch in use for all of them. */
export class SampleBlocks {
  private readonly writer: BatchWriter
  private readonly options: EncodeOptions

  constructor(options: Partial<EncodeOptions> & { records?: number; arenaBytes?: number; filtered?: boolean } = {}) {
    this.writer = new BatchWriter(Batch.alloc(options.records ?? 4096, options.arenaBytes ?? 2 << 20))
    this.options = {
      level: options.level ?? 'raw',
      filter: options.filtered === true ? createPlainFilterBuilder() : null,
      listener: options.listener ?? 'sample',
    }
  }

  /** The block of these records, in this order. The host, when given, must stand at the start of the bytes. */
  block(records: readonly SampleRecord[]): Uint8Array {
    const { writer } = this
    writer.use(writer.batch)
    const header = new Header()
    for (const r of records) {
      const bytes = typeof r.bytes === 'string' ? Buffer.from(r.bytes) : r.bytes
      if (!writer.fits(bytes.length)) throw new RangeError('the sample does not fit the batch')
      header.format = FORMAT.raw
      header.time = r.time
      header.priority = r.priority ?? -1
      header.hostStart = 0
      header.hostEnd = r.host === undefined ? 0 : Buffer.byteLength(r.host)
      header.messageStart = 0
      header.messageEnd = bytes.length
      const source = writer.source(Buffer.from(r.source ?? 'sample'))
      writer.append(bytes, 0, bytes.length, header, source, r.received ?? r.time, bytes.length)
    }
    return encodeBlock(writer.batch, this.options)
  }
}
