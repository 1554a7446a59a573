import { CodedError } from '../../errors.ts'

/** What RELP and we bound. Sizes are bytes. */
export const RELP_LIMITS = {
  /** Highest transaction number; the next one is 1. */
  txnr: 999_999_999,
  /** Letters of a command. */
  command: 32,
  /** Highest length that nine digits can say. */
  length: 999_999_999,
  /** Most bytes of a header: number, command and length with a space behind each. */
  header: 9 + 1 + 32 + 1 + 9 + 1,
  /** Data of a frame that a decoder keeps when no other limit is set. */
  data: 5 << 20,
  /** Features of one `open` or its answer; more are not looked at. */
  offers: 64,
  /** Data of an `open` that a server reads. */
  open: 32 << 10,
} as const

/** The part of a frame that breaks the rules. */
export type RelpErrorKind = 'txnr' | 'command' | 'length' | 'trailer'

export interface RelpError {
  readonly kind: RelpErrorKind
  /** Offset in the stream of the byte that can't stand there. */
  readonly at: number
  /** Offset in the stream of the frame that it is in. */
  readonly frameAt: number
}

/** One frame as a decoder gives it: one object is used for all frames, and all of it holds only until the taker returns. */
export class RelpFrame {
  txnr = 0
  command = ''
  /** Data is `bytes[start..end]`; the bytes are the chunk's own or the decoder's buffer. */
  bytes: Uint8Array = NOTHING
  start = 0
  end = 0
  /** Length of the data as sent; more than what is given when it was cut at the limit. */
  total = 0
  /** Offset of the frame in the stream. */
  at = 0
}

/** Takes one frame; `false` makes the decoder stop behind it. */
export type TakeRelpFrame = (frame: RelpFrame) => boolean | void

export interface RelpDecoderOptions {
  /** Most bytes of a frame's data that are kept. Default {@link RELP_LIMITS}.data. */
  limit?: number
  /** Longer data is given cut (`total` says how long it was), or is an error of kind `length`. Default `cut`. */
  oversize?: 'cut' | 'refuse'
}

const NOTHING = new Uint8Array(0)
const LF = 10
const SP = 32
/** A larger buffer is given back after its frame, so that an idle connection is small. */
const BUFFER_KEPT = 64 << 10

const TXNR = 0
const COMMAND = 1
const LENGTH = 2
/** Behind length 0, where some clients write a space before the trailer. */
const EMPTY = 3
const DATA = 4
const TRAILER = 5

const KINDS: readonly RelpErrorKind[] = ['txnr', 'command', 'length', 'trailer', 'trailer', 'trailer']
const COMMANDS = ['syslog', 'rsp', 'open', 'close', 'serverclose', 'abort', 'starttls'].map((name) => ({
  name,
  bytes: Buffer.from(name),
}))

/**
 * Cuts a byte stream into RELP frames: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. The same stream gives the same frames, and the
 * same error, however it is cut into chunks. Data that lies within a chunk is given as a span of it; only a frame that goes over
 * the end of a chunk is copied, and memory grows with bytes that came, never with a length that was announced.
 *
 * Nothing is thrown. RELP has no mark to find the next frame by, so the first damage ends the stream: `error` says what and
 * where, {@link rest} has the bytes of the damaged frame before it, and what is pushed then is not read.
 */
export class RelpDecoder {
  /** Frames given. */
  frames = 0
  /** Frames whose data was cut at the limit. */
  cut = 0
  error: RelpError | null = null
  /** Bytes of the stream up to the end of the last whole frame. */
  settled = 0
  private readonly limit: number
  private readonly refuse: boolean
  private readonly frame = new RelpFrame()
  private readonly command = new Uint8Array(RELP_LIMITS.command)
  private state = TXNR
  /** Digits or letters of the field under way. */
  private digits = 0
  private txnr = 0
  private name = ''
  private need = 0
  /** Bytes of data that came, kept or not. */
  private got = 0
  /** Bytes of the frame before its data. */
  private header = 0
  /** The frame under way from its first byte, where earlier chunks hold a part of it. */
  private buffer = NOTHING
  private length = 0
  /** Bytes of the stream before what `push` reads now. */
  private seen = 0

  constructor(options: RelpDecoderOptions = {}) {
    this.limit = Math.max(0, options.limit ?? RELP_LIMITS.data)
    this.refuse = options.oversize === 'refuse'
  }

  /** Bytes of an unfinished frame that are kept. */
  get held(): number {
    return this.length
  }

  /** A copy of what is kept of an unfinished or damaged frame: all of it, but for data beyond the limit. */
  rest(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  /**
   * Takes the next bytes of the stream, `bytes[start..end]`, and gives each frame that they finish. Returns up to where it has
   * read: `end`, or the byte behind the frame where the taker stopped it (push the rest later), or the byte that is the error.
   */
  push(bytes: Uint8Array, start: number, end: number, take: TakeRelpFrame): number {
    if (this.error !== null) return start
    const base = this.seen - start
    let first = start
    let p = start
    while (p < end) {
      if (this.state === DATA) {
        const step = Math.min(this.need - this.got, end - p)
        this.got += step
        p += step
        if (this.got === this.need) this.state = TRAILER
        continue
      }
      const b = bytes[p]
      if (b === LF && this.ends()) {
        const go = this.give(bytes, first, p, base, take)
        first = ++p
        if (!go) break
      } else if (this.step(b)) p++
      else {
        this.error = { kind: KINDS[this.state], at: base + p, frameAt: this.settled }
        break
      }
    }
    this.keep(bytes, first, p)
    this.seen = base + p
    return p
  }

  /** True where a line feed is the trailer. */
  private ends(): boolean {
    return this.state >= EMPTY ? this.state !== DATA : this.state === LENGTH && this.digits > 0 && this.need === 0
  }

  /** Takes a byte of the header; false when it can't stand there. */
  private step(b: number): boolean {
    if (this.state === TXNR) {
      if (b === SP) return this.digits > 0 && this.enter(COMMAND)
      if (!this.digit(b)) return false
      this.txnr = this.txnr * 10 + b - 48
      return true
    }
    if (this.state === COMMAND) {
      if (b === SP) {
        if (this.digits === 0) return false
        this.name = this.commandName()
        return this.enter(LENGTH)
      }
      const letter = b | 32
      if (letter < 97 || letter > 122 || this.digits === RELP_LIMITS.command) return false
      this.command[this.digits++] = b
      this.header++
      return true
    }
    if (this.state !== LENGTH) return false
    if (b === SP) return this.digits > 0 && !(this.refuse && this.need > this.limit) && this.enter(this.need === 0 ? EMPTY : DATA)
    if (!this.digit(b)) return false
    this.need = this.need * 10 + b - 48
    return true
  }

  private digit(b: number): boolean {
    if (b < 48 || b > 57 || this.digits === 9) return false
    this.digits++
    this.header++
    return true
  }

  private enter(state: number): boolean {
    this.state = state
    this.digits = 0
    this.header++
    return true
  }

  /** The command's name; no string is made for those of the protocol. */
  private commandName(): string {
    const length = this.digits
    for (const { name, bytes } of COMMANDS) {
      if (bytes.length !== length) continue
      let i = 0
      while (i < length && bytes[i] === this.command[i]) i++
      if (i === length) return name
    }
    return Buffer.from(this.command.buffer, 0, length).toString('latin1')
  }

  /** Gives the frame whose trailer is `bytes[p]`. */
  private give(bytes: Uint8Array, first: number, p: number, base: number, take: TakeRelpFrame): boolean {
    const { frame, header, need } = this
    const kept = Math.min(need, this.limit)
    if (this.length > 0) this.keep(bytes, first, p)
    const inBuffer = this.length > 0
    frame.txnr = this.txnr
    frame.command = this.name
    frame.bytes = inBuffer ? this.buffer : bytes
    frame.start = (inBuffer ? 0 : first) + header
    frame.end = frame.start + kept
    frame.total = need
    frame.at = this.settled
    this.frames++
    if (kept < need) this.cut++
    this.settled = base + p + 1
    this.state = TXNR
    this.digits = this.txnr = this.need = this.got = this.header = this.length = 0
    const go = take(frame) !== false
    frame.bytes = NOTHING
    if (this.buffer.length > BUFFER_KEPT) this.buffer = NOTHING
    return go
  }

  /** Copies to the buffer what the limit allows. */
  private keep(bytes: Uint8Array, from: number, to: number): void {
    const room = RELP_LIMITS.header + this.limit
    const count = Math.min(room - this.length, to - from)
    if (count <= 0) return
    const size = this.length + count
    if (size > this.buffer.length) {
      const grown = new Uint8Array(Math.min(Math.max(size, 2 * this.buffer.length, 256), room))
      grown.set(this.buffer.subarray(0, this.length))
      this.buffer = grown
    }
    this.buffer.set(bytes.subarray(from, from + count), this.length)
    this.length = size
  }
}

/** The transaction number behind `txnr`: `last` is followed by 1. */
export function nextTxnr(txnr: number, last: number = RELP_LIMITS.txnr): number {
  return txnr >= last ? 1 : txnr + 1
}

/**
 * One frame as bytes. Throws WIRE_RELP_INVALID when it can't be one: a number that is not 0 to 999,999,999, a command that
 * is not 1 to 32 letters, data that nine digits can't count.
 */
export function encodeRelp(txnr: number, command: string, data: Uint8Array = NOTHING): Uint8Array {
  if (!Number.isInteger(txnr) || txnr < 0 || txnr > RELP_LIMITS.txnr) throw invalid('txnr', 'must be a whole number up to 999999999')
  if (!/^[A-Za-z]{1,32}$/.test(command)) throw invalid('command', 'must be 1 to 32 letters')
  if (data.length > RELP_LIMITS.length) throw invalid('data', 'must be at most 999999999 bytes')
  const head = Buffer.from(`${txnr} ${command} ${data.length}${data.length === 0 ? '' : ' '}`, 'latin1')
  const out = new Uint8Array(head.length + data.length + 1)
  out.set(head)
  out.set(data, head.length)
  out[out.length - 1] = LF
  return out
}

/** The error of what can't be sent by RELP. */
export function invalid(at: string, rule: string): CodedError {
  return new CodedError('WIRE_RELP_INVALID', `no RELP frame can be made: ${at} ${rule}`, { at })
}
