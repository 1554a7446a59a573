import { frameStart, FrameStart, LOOKAHEAD, START } from './frame-start.ts'
import { FLAG } from './header.ts'

/** How the frames of a stream end: `auto` decides for each frame, the others hold for the whole stream. */
export type FrameMode = 'auto' | 'lf' | 'octet' | 'nul'

/**
 * Takes one frame: `bytes[start..end]`, without its count or terminator. `flags` are bits of FLAG (octetCounted,
 * frameDamaged, truncated), `total` is the length that was sent, more than what is given only with FLAG.truncated. The bytes
 * are the chunk's own or the framer's buffer and hold only until the function returns.
 */
export type TakeFrame = (bytes: Uint8Array, start: number, end: number, flags: number, total: number) => void

/** What a stream breaks its framing by, as vectors/README.md names it. */
export type FrameError = 'incomplete' | 'bad_length' | 'too_long' | 'length_mismatch_suspected'

export interface FramerOptions {
  /** Most bytes of a frame that are kept; the rest is counted and dropped. Default 5 MiB. */
  limit?: number
  mode?: FrameMode
  /** Stop at the first damage instead of going on behind it. For tests; {@link Framer.error} says what it was. */
  strict?: boolean
}

const LF = 10
const CR = 13
const NUL = 0

const IDLE = 0
/** The start of a frame whose kind is not known yet is in the buffer. */
const UNDECIDED = 1
const LINE = 2
const OCTET = 3
/** Bytes out of step, up to the next LF or the next counted frame. */
const JUNK = 4

/**
 * Cuts a byte stream into frames (RFC 6587): octet counting and non-transparent framing with LF or NUL, told apart for each
 * frame. Frames that lie within a chunk are given as spans of it; only a frame that goes over the end of a chunk is copied.
 * Memory is bounded by `limit`. Every byte of the stream is in a frame, a count, a terminator or the cut part of a frame.
 *
 * A frame longer than `limit` is given cut (FLAG.truncated); what follows its kept part is never read as a frame. Where a
 * counted frame is followed by neither a count nor a message, the bytes up to the next LF or count are given as one
 * frame with FLAG.frameDamaged, and counted in `damaged`. The same stream gives the same frames however it is cut into chunks.
 */
export class Framer {
  /** Frames given. */
  frames = 0
  /** Stretches of bytes that were out of step with the framing. */
  damaged = 0
  /** Frames that were cut at the limit. */
  cut = 0
  /** Set in strict mode when it stopped; `end` sets it to `incomplete` in any mode. */
  error: FrameError | null = null
  /** Bytes of the stream up to the end of the last whole frame; in strict mode what follows is the rest. */
  settled = 0
  private readonly limit: number
  private readonly mode: FrameMode
  private readonly strict: boolean
  private readonly start = new FrameStart()
  private state = IDLE
  private buffer = new Uint8Array(0)
  private length = 0
  /** Bytes of the frame under way, kept or not; for OCTET, how many it must get. */
  private total = 0
  private need = 0
  /** The frame before was octet counted, so the next should be. */
  private counted = false
  /** Bytes of the stream before the chunk under way. */
  private seen = 0
  /** In JUNK: digits of a count so far, and what of `SP < digit` behind them. */
  private digits = 0
  private count = 0
  private step = 0

  constructor(options: FramerOptions = {}) {
    this.limit = Math.max(1, options.limit ?? 5 << 20)
    this.mode = options.mode ?? 'auto'
    this.strict = options.strict ?? false
  }

  /** Bytes of an unfinished frame that are kept. */
  get held(): number {
    return this.length
  }

  /** Takes the next bytes of the stream, `bytes[start..end]`, and gives each frame that they finish. */
  push(bytes: Uint8Array, start: number, end: number, take: TakeFrame): void {
    let p = start
    const base = this.seen - start
    // A search must not run into what the buffer held before.
    const view = end === bytes.length ? bytes : bytes.subarray(0, end)
    while (p < end && !(this.strict && this.error !== null)) {
      if (this.state === IDLE) p = this.begin(view, p, end, base)
      else if (this.state === UNDECIDED) p = this.decide(view, p, base, take)
      else if (this.state === LINE) p = this.line(view, p, end, base, take)
      else if (this.state === OCTET) p = this.octets(view, p, end, base, take)
      else p = this.junk(view, p, end, base, take)
    }
    this.seen += end - start
  }

  /**
   * The end of the stream: what is left of a frame is given with FLAG.frameDamaged, as it may lack its end, and `error`
   * becomes `incomplete`. In strict mode nothing is given. The framer is ready for another stream then.
   */
  end(take: TakeFrame): void {
    if (this.state === IDLE || (this.strict && this.error !== null)) return
    this.error = 'incomplete'
    if (this.strict) return
    const flags = FLAG.frameDamaged | (this.state === OCTET ? FLAG.octetCounted : 0)
    if (this.state === OCTET || this.state === UNDECIDED) this.damaged++
    const total = this.state === UNDECIDED ? this.length : this.total
    if (total > 0 && !this.blank(this.buffer, 0, this.length, flags)) this.give(take, this.buffer, 0, this.length, flags, total)
    this.state = IDLE
    this.length = this.total = 0
    this.counted = false
  }

  /** A frame starts at `p`. */
  private begin(bytes: Uint8Array, p: number, end: number, base: number): number {
    this.length = this.total = 0
    const mode = this.mode
    if (mode === 'lf' || mode === 'nul') {
      this.state = LINE
      return p
    }
    if (mode === 'auto' && bytes[p] === LF) {
      this.settled = base + p + 1
      return p + 1
    }
    const kind = frameStart(bytes, p, end, this.counted, mode === 'octet', this.start)
    if (kind === START.more) {
      this.keep(bytes, p, end)
      this.state = UNDECIDED
      return end
    }
    this.enter(kind)
    return kind === START.octet ? p + this.start.prefix : p
  }

  /** Adds one byte to a start that could not be told yet. */
  private decide(bytes: Uint8Array, p: number, base: number, take: TakeFrame): number {
    this.keep(bytes, p, p + 1)
    const kind = frameStart(this.buffer, 0, this.length, this.counted, this.mode === 'octet', this.start)
    if (kind === START.more && this.length < LOOKAHEAD) return p + 1
    if (kind === START.octet) {
      // At most two bytes of the message stand behind the count, and the message has at least as many.
      this.buffer.copyWithin(0, this.start.prefix, this.length)
      this.length -= this.start.prefix
      this.total = this.length
      this.enter(kind)
      return this.total === this.need ? this.octets(bytes, p + 1, p + 1, base, take) : p + 1
    }
    // The last byte may end the line, so it is looked at again.
    this.length--
    this.total = this.length
    this.enter(kind)
    return p
  }

  private enter(kind: number): void {
    if (kind === START.line) this.state = LINE
    else if (kind === START.octet) {
      this.state = OCTET
      this.need = this.start.length
      if (this.strict && this.need > this.limit) this.error = 'too_long'
    } else if (this.strict) this.error = this.counted ? 'length_mismatch_suspected' : 'bad_length'
    else {
      this.state = JUNK
      this.damaged++
      this.restartMatch()
      for (let i = 0; i < this.length; i++) this.match(this.buffer[i])
    }
  }

  private line(bytes: Uint8Array, p: number, end: number, base: number, take: TakeFrame): number {
    const found = bytes.indexOf(this.mode === 'nul' ? NUL : LF, p)
    if (found < 0) {
      this.keep(bytes, p, end)
      this.total += end - p
      return end
    }
    this.finish(bytes, p, found, 0, take)
    this.counted = false
    this.settled = base + found + 1
    return found + 1
  }

  private octets(bytes: Uint8Array, p: number, end: number, base: number, take: TakeFrame): number {
    const missing = this.need - this.total
    if (end - p < missing) {
      this.keep(bytes, p, end)
      this.total += end - p
      return end
    }
    this.finish(bytes, p, p + missing, FLAG.octetCounted, take)
    this.counted = true
    this.settled = base + p + missing
    return p + missing
  }

  /** Looks for LF, or for a count with a message behind it, byte by byte. */
  private junk(bytes: Uint8Array, p: number, end: number, base: number, take: TakeFrame): number {
    for (let q = p; q < end; q++) {
      const b = bytes[q]
      if (b === LF) {
        this.finish(bytes, p, q, FLAG.frameDamaged, take)
        this.counted = false
        this.settled = base + q + 1
        return q + 1
      }
      if (!this.match(b)) continue
      this.keep(bytes, p, q + 1)
      this.total += q + 1 - p
      this.counted = false
      this.resume(base + q + 1, b, take)
      return this.total === this.need ? this.octets(bytes, q + 1, q + 1, base, take) : q + 1
    }
    this.keep(bytes, p, end)
    this.total += end - p
    return end
  }

  /** True when `b` completes `count SP < digit`. */
  private match(b: number): boolean {
    const digit = b >= 48 && b <= 57
    if (this.step === 2 && digit && this.count > 1) return true
    if (this.step === 1 && b === 60) {
      this.step = 2
      return false
    }
    if (this.step !== 0) this.restartMatch()
    if (digit && (this.digits > 0 || b > 48)) {
      this.digits++
      if (this.digits <= 9) this.count = this.count * 10 + b - 48
    } else if (b === 32 && this.digits > 0 && this.digits <= 9) this.step = 1
    else this.restartMatch()
    return false
  }

  private restartMatch(): void {
    this.digits = this.count = this.step = 0
  }

  /** Gives the junk that is in the buffer and starts the counted frame whose first two bytes have been seen. */
  private resume(at: number, digit: number, take: TakeFrame): void {
    const start = this.digits + 3
    const total = this.total - start
    const kept = Math.min(this.length, total)
    if (total > 0) this.give(take, this.buffer, 0, kept, FLAG.frameDamaged, total)
    this.settled = at - 2
    this.need = this.count
    this.state = OCTET
    this.length = 0
    this.keep(Uint8Array.of(60, digit), 0, 2)
    this.total = 2
  }

  /** Gives the frame that ends with `bytes[p..q]`. */
  private finish(bytes: Uint8Array, p: number, q: number, flags: number, take: TakeFrame): void {
    const total = this.total + q - p
    this.state = IDLE
    if (this.total === 0) {
      if (!this.blank(bytes, p, q, flags)) this.give(take, bytes, p, Math.min(q, p + this.limit), flags, total)
      return
    }
    this.keep(bytes, p, q)
    if (!this.blank(this.buffer, 0, this.length, flags)) this.give(take, this.buffer, 0, this.length, flags, total)
    this.length = this.total = 0
  }

  /** True for what an empty line leaves: nothing, or the CR of CR LF. */
  private blank(bytes: Uint8Array, from: number, to: number, flags: number): boolean {
    if (to === from) return true
    return to === from + 1 && bytes[from] === CR && (flags & FLAG.octetCounted) === 0 && this.mode !== 'nul'
  }

  private give(take: TakeFrame, bytes: Uint8Array, from: number, to: number, flags: number, total: number): void {
    this.frames++
    const kept = Math.min(to, from + this.limit)
    const truncated = total > kept - from
    if (truncated) this.cut++
    take(bytes, from, kept, truncated ? flags | FLAG.truncated : flags, total)
  }

  /** Copies to the buffer what the limit allows. */
  private keep(bytes: Uint8Array, from: number, to: number): void {
    const room = Math.max(this.limit, LOOKAHEAD) - this.length
    const count = Math.min(room, to - from)
    if (count <= 0) return
    const size = this.length + count
    if (size > this.buffer.length) {
      const grown = new Uint8Array(Math.min(Math.max(size, 2 * this.buffer.length, 1024), Math.max(this.limit, LOOKAHEAD)))
      grown.set(this.buffer.subarray(0, this.length))
      this.buffer = grown
    }
    this.buffer.set(bytes.subarray(from, from + count), this.length)
    this.length = size
  }
}

/** A message with its length before it (RFC 6587 3.4.1). */
export function frameOctet(bytes: Uint8Array): Uint8Array {
  const prefix = Buffer.from(`${bytes.length} `, 'latin1')
  const out = new Uint8Array(prefix.length + bytes.length)
  out.set(prefix)
  out.set(bytes, prefix.length)
  return out
}
