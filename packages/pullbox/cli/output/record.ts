import { EXIT, ExitError, usage } from '../exit.ts'
import type { Context, Sink } from '../context.ts'
import type { Zone } from '../../time/zone.ts'
import { formatTime } from '../../time/zone.ts'
import { paint, severityNumber, SEVERITIES } from './color.ts'
import { hostile, hostileJson } from './hostile.ts'
import { width } from './width.ts'

/**
 * What is printed: an object as `--json` shows it, except that `_msg` may be bytes, so that a message that is not UTF-8 is
 * shown with escapes. `type` "gap" and "audit" print like records, with their own letters.
 */
export interface PrintedRecord {
  readonly type: string
  /** Microseconds since 1970. */
  readonly time: number
  readonly host?: string
  readonly source?: string
  readonly app?: string
  /** The word, such as `warning`. */
  readonly severity?: string
  readonly message: string | Uint8Array
  /** All that `--json` shows, in order, without `type`; asked for with `--json` only. */
  json(): Readonly<Record<string, unknown>>
  /** The bytes as received; asked for with `--raw` only, and null where there are none (a gap). */
  raw(): Uint8Array | null
}

export interface RecordFormat {
  readonly how: 'text' | 'json' | 'raw'
  readonly framing: Framing
  /** Zone in which times are shown; JSON is always UTC. */
  readonly zone: Zone
  /** Escapes for colour and reverse video may be written. */
  readonly color: boolean
}

export type Framing = 'lf' | 'octet' | 'nul' | 'none'

/** Letters of a message shown on a terminal before it is cut; what is left is said. */
const TERMINAL_MESSAGE = 4096
const FLUSH_AT = 64 << 10
/** Widths stop growing here, so that one long name does not push all messages out of sight. */
const HOST_MOST = 24
const APP_MOST = 16

/**
 * Refuses what would let a sender drive the terminal.
 * @throws CLI_RAW_TO_TERMINAL
 * @throws CLI_USAGE
 */
export function recordFormat(
  ctx: Context,
  given: { has(name: string): boolean; text(name: string): string | undefined },
  zone: Zone,
): RecordFormat {
  const raw = given.has('raw')
  if (raw && given.has('json')) throw usage('--raw and --json exclude each other')
  const framing = given.text('framing') as Framing | undefined
  if (framing !== undefined && !raw) throw usage('--framing goes with --raw')
  if (raw) refuseTerminal(ctx.stdout, given.has('force'))
  return { how: raw ? 'raw' : given.has('json') ? 'json' : 'text', framing: framing ?? 'lf', zone, color: ctx.color.stdout }
}

/**
 * Prints records to a sink: in order, and gathered into larger writes; {@link RecordPrinter.flush} sends what is gathered.
 * Does not write after an error of the sink.
 */
export class RecordPrinter {
  private readonly sink: Sink
  private readonly format: RecordFormat
  private text = ''
  private chunks: Uint8Array[] = []
  private size = 0
  private hostWidth = 0
  private appWidth = 0

  constructor(sink: Sink, format: RecordFormat) {
    this.sink = sink
    this.format = format
  }

  /** Await it: this is how a slow reader slows the work down. */
  async record(record: PrintedRecord): Promise<void> {
    if (this.format.how === 'raw') {
      const bytes = record.raw()
      if (bytes !== null) this.raw(bytes)
    } else {
      this.text += this.format.how === 'json' ? `${hostileJson({ type: record.type, ...record.json() })}\n` : this.line(record)
    }
    if (this.size + this.text.length >= FLUSH_AT) await this.flush()
  }

  /** An object of another type ("progress", "end", "error"); with text output it is left to the caller, who says it on stderr. */
  async object(object: { readonly type: string } & Readonly<Record<string, unknown>>): Promise<void> {
    if (this.format.how === 'json') this.text += `${hostileJson(object)}\n`
    if (this.text.length >= FLUSH_AT) await this.flush()
  }

  async flush(): Promise<void> {
    const { text, chunks } = this
    this.text = ''
    this.chunks = []
    this.size = 0
    if (text !== '') await this.sink.write(text)
    if (chunks.length > 0) await this.sink.write(Buffer.concat(chunks))
  }

  private raw(bytes: Uint8Array): void {
    // The view may be of memory that is used again before the flush.
    const framed = frame(bytes, this.format.framing)
    this.chunks.push(framed)
    this.size += framed.length
  }

  private line(r: PrintedRecord): string {
    const { color } = this.format
    const tty = this.sink.isTTY
    const name = hostileCell(r.host || r.source || '-', color)
    const app = hostileCell(r.app || '-', color)
    if (tty) {
      this.hostWidth = Math.min(HOST_MOST, Math.max(this.hostWidth, name.width))
      this.appWidth = Math.min(APP_MOST, Math.max(this.appWidth, app.width))
    }
    const time = formatTime(r.time, this.format.zone, tty ? 3 : null)
    return `${time} ${this.letters(r)} ${filled(name, this.hostWidth)} ${filled(app, this.appWidth)}  ${messageText(r.message, tty, color)}\n`
  }

  private letters(r: PrintedRecord): string {
    if (r.type === 'gap') return paint('GAP', 'bold', this.format.color)
    if (r.type === 'audit') return paint('AUD', 'bold', this.format.color)
    const n = severityNumber(r.severity ?? '')
    return n < 0 ? '---' : paint(SEVERITIES[n].letters, SEVERITIES[n].how, this.format.color)
  }
}

/** @throws CLI_RAW_TO_TERMINAL */
export function refuseTerminal(sink: Sink, force: boolean): void {
  if (!sink.isTTY || force) return
  throw new ExitError(EXIT.usage, 'CLI_RAW_TO_TERMINAL', 'raw bytes may hold escape sequences that drive this terminal', {
    hint: 'write them to a file or a pipe, or add --force',
  })
}

/** A copy of the bytes with what separates it from the next record: octet counting is RFC 6587 3.4.1, lf and nul its 3.4.2. */
export function frame(bytes: Uint8Array, framing: Framing): Uint8Array {
  if (framing === 'none') return Uint8Array.from(bytes)
  if (framing === 'octet') return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
  return Buffer.concat([bytes, Uint8Array.of(framing === 'lf' ? 10 : 0)])
}

function hostileCell(text: string, reverse: boolean): { text: string; width: number } {
  return { text: hostile(text, reverse), width: width(hostile(text, false)) }
}

function filled(cell: { text: string; width: number }, columns: number): string {
  return cell.width >= columns ? cell.text : cell.text + ' '.repeat(columns - cell.width)
}

function messageText(message: string | Uint8Array, tty: boolean, reverse: boolean): string {
  if (!tty || message.length <= TERMINAL_MESSAGE) return hostile(message, reverse)
  const unit = typeof message === 'string' ? 'characters' : 'bytes'
  return `${hostile(message.slice(0, TERMINAL_MESSAGE), reverse)}\u2026 (${message.length - TERMINAL_MESSAGE} more ${unit})`
}
