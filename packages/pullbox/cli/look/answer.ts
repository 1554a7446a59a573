import { CodedError } from '@pullbox/log/errors'
import type { RecordView } from '@pullbox/log/record'

import type { ClientFrame } from '../../client/index.ts'
import type { PlainRow } from '../../search/index.ts'
import type { Context, Sink } from '../context.ts'
import { EXIT, ExitError } from '../exit.ts'
import { Progress } from '../output/progress.ts'
import type { PrintedRecord, RecordFormat } from '../output/record.ts'
import { RecordPrinter } from '../output/record.ts'
import { printedView } from '../output/record-view.ts'
import { RowTable } from './rows.ts'
import type { End } from './summary.ts'
import { counted, partText } from './summary.ts'

/** The field in which a raw answer carries the bytes. */
const BYTES = 'bytes_base64'

/**
 * The query whose rows are the exact bytes of the records that the query picks. A line of its own, so that a comment at the end of the
 * query does not hide it.
 */
export function rawQuery(text: string): string {
  return `${text.trim() === '' ? '*' : text}\n| copy _bytes as ${BYTES} | fields type, ${BYTES}`
}

/** A row as whole record, or null when pipes made it: their fields are all text. */
export function asRecord(row: RecordView | PlainRow): RecordView | null {
  return typeof row['parse'] === 'object' ? (row as RecordView) : null
}

/** A record of a raw answer as it is printed. */
export function rawRecord(row: PlainRow): PrintedRecord {
  const bytes = Buffer.from(row[BYTES] ?? '', 'base64')
  return { type: row.type, time: 0, message: '', json: () => row, raw: () => (row.type === 'gap' ? null : bytes) }
}

/** Prints an answer as its frames come. */
export class Answer {
  rows = 0
  /** Whether rows were records; what pipes made is called rows. */
  records = true
  end: End | null = null
  private readonly ctx: Pick<Context, 'stderr' | 'now'>
  private readonly sink: Sink
  private readonly format: RecordFormat
  private readonly printer: RecordPrinter
  private readonly table: RowTable
  private progress: Progress | null = null
  private read = { part: 0, whole: 0 }

  /** `columns` of rows that pipes make, where the query names them. */
  constructor(ctx: Pick<Context, 'stderr' | 'now'>, sink: Sink, format: RecordFormat, columns: readonly string[] = []) {
    this.ctx = ctx
    this.sink = sink
    this.format = format
    this.printer = new RecordPrinter(sink, format)
    this.table = new RowTable(sink, format.color, columns)
  }

  /** @throws the error that ended the answer; exit status 3 when something was shown before */
  async frame(frame: ClientFrame): Promise<void> {
    if (frame.type === 'rows') await this.show(frame.rows)
    else if (frame.type === 'error') {
      const { code, message, at, hint } = frame
      await this.flush()
      if (this.rows > 0) throw new ExitError(EXIT.incomplete, code, `the answer is not complete: ${message}`, { at, hint })
      throw new CodedError(code, message, { at, hint })
    } else {
      this.read = { part: frame.bytes_read, whole: frame.bytes_total }
      if (frame.type === 'end') this.end = frame
      else this.bar()
    }
  }

  /** The bar stands where rows would: it is shown until the first of them comes to the same terminal. */
  private bar(): void {
    if (this.sink.isTTY && this.rows > 0) return
    this.progress ??= new Progress(this.ctx.stderr, this.ctx.now, this.read.whole)
    this.progress.update(this.read.part)
  }

  private async show(rows: readonly (RecordView | PlainRow)[]): Promise<void> {
    if (this.sink.isTTY) this.endBar()
    for (const row of rows) {
      this.rows++
      const record = asRecord(row)
      if (record !== null) await this.printer.record(printedView(record))
      else if (this.format.how === 'raw') await this.printer.record(rawRecord(row as PlainRow))
      else await this.plain(row as PlainRow)
    }
    // On a terminal rows are seen as they come; else writes are gathered.
    if (this.sink.isTTY) await this.printer.flush()
  }

  private async plain(row: PlainRow): Promise<void> {
    this.records = false
    if (this.format.how === 'json') await this.printer.object(row)
    else await this.table.row(row)
  }

  /** With `--json`, the last line. */
  async object(object: { readonly type: string } & Readonly<Record<string, unknown>>): Promise<void> {
    await this.printer.object(object)
  }

  endBar(): void {
    this.progress?.end()
  }

  /** Writes what is gathered. */
  async flush(): Promise<void> {
    this.endBar()
    await this.printer.flush()
    await this.table.flush()
  }

  /** `3 records, 0.2 of 8.4 GB read`. */
  covered(): string {
    return `${counted(this.rows, this.records ? 'record' : 'row')}, ${partText(this.read.part, this.read.whole)} read`
  }
}
