// Blocks of syslog lines, read as a listener reads them.
import { Batch, BatchWriter, createFilterBuilder, encodeBlock, type EncodeOptions } from '@pullbox/log/record'
import { Header, parseHeader, zone } from '@pullbox/log/wire'

export class LineBlocks {
  private readonly writer = new BatchWriter(Batch.alloc(8192, 2 << 20))
  private readonly header = new Header()
  private readonly options: EncodeOptions

  constructor(options: Partial<EncodeOptions> = {}) {
    this.options = { level: 1, filter: createFilterBuilder(), listener: 'test', ...options }
  }

  /** One block; line i is received at `received + i` microseconds, from `source`. */
  block(lines: readonly (string | Uint8Array)[], received: number, source = '192.0.2.1'): Uint8Array {
    const { writer, header } = this
    writer.use(writer.batch)
    lines.forEach((line, i) => {
      const bytes = Buffer.from(line as string)
      if (!writer.fits(bytes.length)) throw new RangeError('the lines do not fit the batch')
      parseHeader(bytes, 0, bytes.length, { received: received + i, zone: zone('UTC') }, header)
      writer.append(bytes, 0, bytes.length, header, writer.source(Buffer.from(source)), received + i, bytes.length)
    })
    return encodeBlock(writer.batch, this.options)
  }
}
