import { encodeRelp, RELP_LIMITS, RelpDecoder } from './frame.ts'
import type { RelpDecoderOptions, RelpError, RelpFrame } from './frame.ts'
import { Output } from './output.ts'
import { encodeResponse, offeredVersion, offerWords, printOffers, readOffers } from './response.ts'
import type { Offers } from './response.ts'

/**
 * Takes one message, `bytes[start..end]`, which hold only until it returns. `number` counts the session's messages from 0 and is what the
 * session is told by when the message is settled. `total` is the length that was sent, more than what is given when it was cut.
 */
export type TakeRelpMessage = (number: number, bytes: Uint8Array, start: number, end: number, total: number) => void

/** Why a server session ended other than by `close`. */
export type RelpServerProblem =
  | 'framing'
  | 'not_open'
  | 'opened_twice'
  | 'offers'
  | 'txnr_zero'
  | 'txnr_in_use'
  | 'unexpected_response'
  | 'aborted'

export interface RelpServerOptions extends RelpDecoderOptions {
  /** Most messages that are taken and not settled. Default 1000. */
  window?: number
  /** What the offer `relp_software` says: name, version and address, with commas between. */
  software?: string
}

/** Highest version that is spoken. Version 0, which librelp's clients offer, has the same frames and commands. */
export const RELP_VERSION = 1
/** Answers that wait to be sent; with more than these bytes of them nothing more is read. */
const OUTPUT_LIMIT = 64 << 10
const SOFTWARE = 'pullbox'

const NEW = 0
const OPEN = 1
/** The client asked to close; the answer goes out when all is settled. */
const CLOSING = 2
/** Nothing is read any more; what is settled is still answered. */
const DRAINING = 3
const CLOSED = 4

/**
 * The server's side of one RELP connection, without I/O: bytes in, messages and bytes out. A message gets its `rsp 200` when
 * the caller says that it is settled, and never before; this may be said in any order.
 *
 * A client that breaks the protocol is not read any further: what it sent before is still answered when it is settled (so that it sends
 * less of it again), then `serverclose` goes out and {@link ended} becomes true. A caller that does not want to wait calls {@link abort}.
 */
export class RelpServer {
  /** Messages taken = answered with 200 + with 500 + given up by {@link abort} + {@link outstanding}. */
  messages = 0
  acknowledged = 0
  refusals = 0
  abandoned = 0
  /** Commands and hints that are not known here, or were not offered. */
  unknown = 0
  /** The first thing that was wrong. */
  problem: RelpServerProblem | null = null
  /** What the client offered; null before its `open`. */
  offers: Offers | null = null
  private readonly decoder: RelpDecoder
  private readonly window: number
  private readonly software: string
  private readonly output = new Output()
  private state = NEW
  /** The client may send `syslog`. */
  private syslog = false
  /** Transaction numbers of messages that are not settled, by number and in order; and the same numbers again, to find one in use. */
  private readonly waiting = new Map<number, number>()
  private readonly inUse = new Set<number>()
  private closeTxnr = 0
  private take: TakeRelpMessage = () => {}

  constructor(options: RelpServerOptions = {}) {
    this.decoder = new RelpDecoder(options)
    this.window = Math.max(1, options.window ?? 1000)
    this.software = options.software ?? SOFTWARE
  }

  /** What broke the framing. */
  get error(): RelpError | null {
    return this.decoder.error
  }

  /** Messages that are taken and not settled. */
  get outstanding(): number {
    return this.waiting.size
  }

  /** True while nothing more is read: messages must be settled, or the answers sent, first. */
  get full(): boolean {
    return this.waiting.size >= this.window || this.output.size >= OUTPUT_LIMIT
  }

  /** True when the session is over: send what waits, then close the connection. */
  get ended(): boolean {
    return this.state === CLOSED
  }

  /** Bytes that wait to be sent. */
  get pending(): number {
    return this.output.size
  }

  /** Bytes of an unfinished or damaged frame, which no answer was given for. */
  rest(): Uint8Array {
    return this.decoder.rest()
  }

  /** Gives the bytes that wait to be sent, in order, and forgets them. */
  takeOutput(): Uint8Array {
    return this.output.take()
  }

  /**
   * Takes bytes of the client. Returns up to where it has read; less than `end` means that it is full (push the rest when it is not), or
   * that it reads no more. Bytes that are not read are acknowledged by nothing.
   */
  receive(bytes: Uint8Array, start: number, end: number, take: TakeRelpMessage): number {
    if (!this.reads()) return start
    this.take = take
    const read = this.decoder.push(bytes, start, end, this.frame)
    if (this.decoder.error !== null) this.fail('framing')
    return read
  }

  /** The message is synced, or refused under a rule's name and counted: answers 200. A number that is not outstanding does nothing. */
  settle(number: number): void {
    const txnr = this.waiting.get(number)
    if (txnr === undefined) return
    this.forget(number, txnr)
    this.acknowledged++
    this.output.add(Buffer.from(done(txnr), 'latin1'))
    this.proceed()
  }

  /** Settles all messages before `number`, oldest first. */
  settleBefore(number: number): void {
    let answers = ''
    for (const [one, txnr] of this.waiting) {
      if (one >= number) break
      this.forget(one, txnr)
      this.acknowledged++
      answers += done(txnr)
    }
    if (answers !== '') this.output.add(Buffer.from(answers, 'latin1'))
    this.proceed()
  }

  /** The message was not kept: answers 500. What the client does then is its own; it may reconnect and send it again. */
  refuse(number: number, reason = 'not stored'): void {
    const txnr = this.waiting.get(number)
    if (txnr === undefined) return
    this.forget(number, txnr)
    this.refusals++
    this.answer(txnr, 500, oneLine(reason))
    this.proceed()
  }

  /** Reads no more, answers what is settled from now on, and ends with the last of it. */
  shutdown(): void {
    if (this.state !== CLOSED && this.state !== CLOSING) this.state = DRAINING
    this.proceed()
  }

  /** Ends now. What is not settled gets no answer, whatever is said of it later; the client will send it again. */
  abort(): void {
    if (this.state === CLOSED) return
    this.abandoned += this.waiting.size
    this.waiting.clear()
    this.inUse.clear()
    this.end()
  }

  /** True when the next frame is read. */
  private reads(): boolean {
    return (this.state === NEW || this.state === OPEN) && !this.full
  }

  private readonly frame = (frame: RelpFrame): boolean => {
    if (frame.txnr === 0) this.hint(frame)
    else if (frame.command === 'syslog') this.message(frame)
    else this.control(frame)
    return this.reads()
  }

  private message(frame: RelpFrame): void {
    const { txnr } = frame
    if (this.state === NEW) {
      this.answer(txnr, 500, 'open the session first')
      this.fail('not_open')
    } else if (!this.syslog) {
      this.unknown++
      this.answer(txnr, 500, 'syslog was not offered')
    } else if (this.inUse.has(txnr)) this.fail('txnr_in_use')
    else {
      const number = this.messages++
      this.waiting.set(number, txnr)
      this.inUse.add(txnr)
      this.take(number, frame.bytes, frame.start, frame.end, frame.total)
    }
  }

  private control(frame: RelpFrame): void {
    const { txnr, command } = frame
    // An answer to it could be taken for one to the message.
    if (this.inUse.has(txnr)) this.fail('txnr_in_use')
    else if (command === 'open') this.open(frame)
    else if (command === 'close') {
      this.closeTxnr = txnr
      this.state = CLOSING
      this.proceed()
    } else if (command === 'abort') this.fail('aborted')
    else if (command === 'rsp') this.fail('unexpected_response')
    else {
      this.unknown++
      this.answer(txnr, 500, 'unknown command')
      if (this.state === NEW) this.fail('not_open')
    }
  }

  /** Hints have no answers; those of the protocol that are commands could not be acknowledged. */
  private hint({ command }: RelpFrame): void {
    if (command === 'syslog' || command === 'open' || command === 'close') this.fail('txnr_zero')
    else if (command === 'abort') this.fail('aborted')
    else if (command !== 'serverclose') this.unknown++
  }

  private open(frame: RelpFrame): void {
    const { txnr } = frame
    if (this.state !== NEW) {
      this.answer(txnr, 500, 'the session is open')
      this.fail('opened_twice')
      return
    }
    const whole = frame.total <= RELP_LIMITS.open && frame.total === frame.end - frame.start
    const offers = whole ? readOffers(frame.bytes, frame.start, frame.end) : new Map<string, string>()
    const version = offeredVersion(offers)
    if (version === null) {
      this.answer(txnr, 500, whole ? 'relp_version is missing or no number' : 'the offers are too long')
      this.fail('offers')
      return
    }
    this.offers = offers
    this.state = OPEN
    this.syslog = !offers.has('commands') || offerWords(offers.get('commands')).includes('syslog')
    const ours = new Map([
      ['relp_version', String(Math.min(version, RELP_VERSION))],
      ['relp_software', this.software],
    ])
    if (this.syslog) ours.set('commands', 'syslog')
    this.output.add(encodeResponse(txnr, 200, 'OK', printOffers(ours)))
  }

  private answer(txnr: number, code: number, text: string): void {
    this.output.add(encodeResponse(txnr, code, text))
  }

  private forget(number: number, txnr: number): void {
    this.waiting.delete(number)
    this.inUse.delete(txnr)
  }

  private fail(problem: RelpServerProblem): void {
    this.problem ??= problem
    if (this.state !== CLOSED) this.state = DRAINING
    this.proceed()
  }

  /** Ends a session that waits for its last message to be settled. */
  private proceed(): void {
    if (this.waiting.size > 0) return
    if (this.state === CLOSING) {
      this.output.add(Buffer.from(done(this.closeTxnr), 'latin1'))
      this.state = CLOSED
    } else if (this.state === DRAINING) this.end()
  }

  private end(): void {
    this.output.add(encodeRelp(0, 'serverclose'))
    this.state = CLOSED
  }
}

/** The frame that acknowledges. */
function done(txnr: number): string {
  return `${txnr} rsp 6 200 OK\n`
}

/** Text for people in an answer: one line of at most 80 characters. */
function oneLine(text: string): string {
  return text.replaceAll('\n', ' ').slice(0, 80)
}
