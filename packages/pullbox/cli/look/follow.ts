import type { TailEvent } from '../../client/index.ts'
import type { PlainRow } from '../../search/index.ts'
import type { Context, Sink } from '../context.ts'
import { hostile } from '../output/hostile.ts'
import type { RecordFormat } from '../output/record.ts'
import { RecordPrinter } from '../output/record.ts'
import { printedView } from '../output/record-view.ts'
import { asRecord, rawRecord } from './answer.ts'
import { RowTable } from './rows.ts'

/** Milliseconds for which records are gathered before they are written. */
const GATHER_MS = 25

/**
 * Prints what a tail says. Records are gathered for a moment; `kept` is told the cursor after everything up to it was written.
 */
export class Follower {
  records = 0
  private readonly ctx: Pick<Context, 'stderr' | 'color'>
  private readonly format: RecordFormat
  private readonly printer: RecordPrinter
  private readonly table: RowTable
  private readonly kept: (cursor: string) => void
  private cursor = ''
  private told = ''
  private timer: NodeJS.Timeout | null = null
  private writing: Promise<void> = Promise.resolve()
  private failed: Error | null = null

  constructor(
    ctx: Pick<Context, 'stderr' | 'color'>,
    sink: Sink,
    format: RecordFormat,
    kept: (cursor: string) => void,
    columns: readonly string[] = [],
  ) {
    this.ctx = ctx
    this.format = format
    this.printer = new RecordPrinter(sink, format)
    this.table = new RowTable(sink, format.color, columns)
    this.kept = kept
  }

  /** @throws what the sink throws */
  async event(event: TailEvent): Promise<void> {
    if (this.failed !== null) throw this.failed
    if (event.type === 'record') {
      this.records++
      await this.row(event)
    } else if (event.type === 'gap') await this.gap(event)
    this.cursor = event.cursor
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.flush().catch((error: Error) => (this.failed ??= error))
    }, GATHER_MS)
  }

  private async row({ record }: Extract<TailEvent, { type: 'record' }>): Promise<void> {
    const whole = asRecord(record)
    if (whole !== null) return this.printer.record(printedView(whole))
    if (this.format.how === 'raw') return this.printer.record(rawRecord(record as PlainRow))
    if (this.format.how === 'json') return this.printer.object(record as PlainRow)
    return this.table.row(record as PlainRow)
  }

  private async gap({ from, to, reason }: Extract<TailEvent, { type: 'gap' }>): Promise<void> {
    await this.printer.object({ type: 'gap', from, to, reason })
    const text = `records ${from} to ${to} cannot be shown: ${reason}`
    if (this.format.how !== 'json') await this.ctx.stderr.write(`${hostile(text, this.ctx.color.stderr)}\n`)
  }

  /** Writes what is gathered, then the cursor; one after the other. */
  flush(): Promise<void> {
    this.writing = this.writing.then(async () => {
      const { cursor } = this
      await this.printer.flush()
      await this.table.flush()
      if (cursor !== this.told && cursor !== '') this.kept(cursor)
      this.told = cursor
    })
    return this.writing
  }

  async end(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    await this.flush()
  }
}
