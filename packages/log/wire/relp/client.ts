import { encodeRelp, invalid, nextTxnr, RELP_LIMITS, RelpDecoder } from './frame.ts'
import type { RelpError, RelpFrame } from './frame.ts'
import { Output } from './output.ts'
import { offeredVersion, offerWords, printOffers, readOffers, readResponse } from './response.ts'
import type { RelpResponse } from './response.ts'
import { RELP_VERSION } from './server.ts'

export interface RelpClientOptions {
  /** Most messages that are not acknowledged. Default 128. */
  window?: number
  /** Most bytes of them; a single message of any length is taken all the same. Default 16 MiB. */
  windowBytes?: number
  /** Longest message, bytes. Default {@link RELP_LIMITS}.data; the protocol's own is 128 KiB, and servers may break off at more. */
  limit?: number
  /** What the offer `relp_software` says. */
  software?: string
  /** The version that is offered. Default 0, which librelp's clients send; 1 has the same frames. */
  version?: 0 | 1
  /** The transaction number that is followed by 1. Default 999,999,999. */
  lastTxnr?: number
}

/** What became of messages. Numbers are those that {@link RelpClient.send} gave. */
export interface RelpClientEvents {
  /** The server answered 200: it has the message. */
  acknowledged(number: number): void
  /** The server answered something else. The session forgets the message; what is to become of it is the caller's to say. */
  refused(number: number, code: number, reason: string, bytes: Uint8Array): void
}

/** Why a connection is of no more use. Reconnecting may help with each of them. */
export type RelpClientProblem =
  | 'framing'
  | 'open_refused'
  | 'version'
  | 'no_syslog'
  | 'unknown_txnr'
  | 'response'
  | 'unexpected_command'
  | 'serverclose'

interface Message {
  readonly bytes: Uint8Array
  /** 0 while it is not sent on this connection. */
  txnr: number
}

const IDLE = 0
const OPENING = 1
const OPEN = 2
/** `close` is sent, or waits for the last answer. */
const CLOSING = 3
/** This connection is over. */
const OVER = 4

/** Answers are short: a code and a line, or a few offers. */
const ANSWER_LIMIT = 64 << 10

/**
 * The client's side of RELP over any number of connections, without I/O. Messages are kept until the server answers them; those that
 * had no answer when a connection ended are sent again on the next one, in their order (the server may then have some of them twice: RELP
 * can't tell). Nothing is ever given up here; when to reconnect is the caller's.
 */
export class RelpClient {
  /** Messages taken, answered with 200, answered with another code, and sent more than once. */
  messages = 0
  acknowledged = 0
  refusals = 0
  resent = 0
  /** Why this connection is over; null again on the next one. */
  problem: RelpClientProblem | null = null
  /** What the server said with it: the text of a refused `open`. */
  reason = ''
  private readonly options: Required<RelpClientOptions>
  private readonly events: RelpClientEvents
  private readonly output = new Output()
  private decoder = new RelpDecoder({ limit: ANSWER_LIMIT })
  private state = IDLE
  private closing = false
  private closed = false
  private txnr = 0
  private openTxnr = 0
  private closeTxnr = 0
  /** Messages without an answer, oldest first, by number; and their numbers by transaction. */
  private readonly kept = new Map<number, Message>()
  private readonly sent = new Map<number, number>()
  private keptBytes = 0
  /** Messages below this number were sent at least once. */
  private sentBefore = 0

  constructor(events: RelpClientEvents, options: RelpClientOptions = {}) {
    this.events = events
    this.options = {
      window: Math.max(1, options.window ?? 128),
      windowBytes: options.windowBytes ?? 16 << 20,
      limit: Math.min(options.limit ?? RELP_LIMITS.data, RELP_LIMITS.length),
      software: options.software ?? 'pullbox',
      version: options.version ?? 0,
      lastTxnr: options.lastTxnr ?? RELP_LIMITS.txnr,
    }
  }

  /** Messages that have no answer yet. */
  get unacknowledged(): number {
    return this.kept.size
  }

  /** Bytes of them. */
  get held(): number {
    return this.keptBytes
  }

  /** True when messages go out as they are given. */
  get open(): boolean {
    return this.state === OPEN
  }

  /** True when this connection is of no more use: close it, tell {@link disconnected}, and connect again unless it is {@link done}. */
  get ended(): boolean {
    return this.state === OVER
  }

  /** True when the session was closed and every message has its answer. */
  get done(): boolean {
    return this.closed
  }

  get error(): RelpError | null {
    return this.decoder.error
  }

  /** Bytes that wait to be sent. */
  get pending(): number {
    return this.output.size
  }

  /** Gives the bytes that wait to be sent, in order, and forgets them. */
  takeOutput(): Uint8Array {
    return this.output.take()
  }

  /** A new connection stands: opens the session on it. */
  connected(): void {
    this.disconnected()
    if (this.closed) return
    const { version, software } = this.options
    this.txnr = this.openTxnr = 1
    this.state = OPENING
    const offers = new Map([
      ['relp_version', String(version)],
      ['relp_software', software],
      ['commands', 'syslog'],
    ])
    this.output.add(encodeRelp(1, 'open', Buffer.from(printOffers(offers))))
  }

  /** The connection is gone. What has no answer is kept for the next one. */
  disconnected(): void {
    this.decoder = new RelpDecoder({ limit: ANSWER_LIMIT })
    this.output.clear()
    this.sent.clear()
    for (const message of this.kept.values()) message.txnr = 0
    this.problem = null
    this.reason = ''
    this.openTxnr = this.closeTxnr = 0
    this.state = IDLE
    this.proceed()
  }

  /**
   * Takes a message and gives its number, or -1 when the window is full or the session closes. The bytes are copied. It is sent now
   * or when the session is open. Throws WIRE_RELP_INVALID when it is longer than the limit.
   */
  send(bytes: Uint8Array): number {
    const { limit, window, windowBytes } = this.options
    if (bytes.length > limit) throw invalid('data', `is ${bytes.length} bytes long, the limit is ${limit}`)
    if (this.closing || this.kept.size >= window) return -1
    if (this.kept.size > 0 && this.keptBytes + bytes.length > windowBytes) return -1
    const number = this.messages++
    // Not slice: that of a Buffer is no copy.
    const message = { bytes: new Uint8Array(bytes), txnr: 0 }
    this.kept.set(number, message)
    this.keptBytes += bytes.length
    if (this.state === OPEN) this.transmit(number, message)
    return number
  }

  /** Takes bytes of the server. Returns up to where it has read: less than `end` when the connection is over. */
  receive(bytes: Uint8Array, start: number, end: number): number {
    if (this.state === IDLE || this.state === OVER) return start
    const read = this.decoder.push(bytes, start, end, this.frame)
    if (this.decoder.error !== null) this.fail('framing')
    return read
  }

  /** Takes no more messages, and closes the session when each has its answer, on this connection or a later one. */
  close(): void {
    this.closing = true
    this.proceed()
  }

  private readonly frame = (frame: RelpFrame): boolean => {
    if (frame.txnr === 0) {
      // Other hints say nothing that matters here.
      if (frame.command === 'serverclose' || frame.command === 'abort') this.fail('serverclose')
    } else if (frame.command === 'rsp') this.response(frame)
    else this.fail('unexpected_command')
    return this.state !== OVER && this.state !== IDLE
  }

  private response(frame: RelpFrame): void {
    const { txnr } = frame
    const response = readResponse(frame.bytes, frame.start, frame.end)
    if (response === null) this.fail('response')
    else if (txnr === this.openTxnr) this.opened(frame, response)
    else if (txnr === this.closeTxnr) {
      // Whatever the answer is: nothing waits for it.
      this.state = OVER
      this.closed = true
    } else {
      const number = this.sent.get(txnr)
      if (number === undefined) this.fail('unknown_txnr')
      else this.answered(number, txnr, response)
    }
  }

  private answered(number: number, txnr: number, response: RelpResponse): void {
    const bytes = this.kept.get(number)?.bytes ?? new Uint8Array(0)
    this.sent.delete(txnr)
    this.kept.delete(number)
    this.keptBytes -= bytes.length
    if (response.code === 200) {
      this.acknowledged++
      this.events.acknowledged(number)
    } else {
      this.refusals++
      this.events.refused(number, response.code, response.message, bytes)
    }
    // A message waits where its transaction number was still in use.
    if (this.state === OPEN) this.transmitWaiting()
    this.proceed()
  }

  private opened(frame: RelpFrame, { code, message, dataStart }: RelpResponse): void {
    this.openTxnr = 0
    this.reason = message
    if (code !== 200) return this.fail('open_refused')
    const offers = readOffers(frame.bytes, dataStart, frame.end)
    const version = offeredVersion(offers)
    if (version === null || version > RELP_VERSION) return this.fail('version')
    if (!offerWords(offers.get('commands')).includes('syslog')) return this.fail('no_syslog')
    this.state = OPEN
    this.transmitWaiting()
    this.proceed()
  }

  /** Sends, oldest first, what this connection has not sent. */
  private transmitWaiting(): void {
    if (this.sent.size === this.kept.size) return
    for (const [number, message] of this.kept) {
      if (message.txnr === 0) this.transmit(number, message)
    }
  }

  private transmit(number: number, message: Message): void {
    const txnr = nextTxnr(this.txnr, this.options.lastTxnr)
    // The count has gone round and an old message of that number has no answer yet.
    if (this.sent.has(txnr)) return
    this.txnr = message.txnr = txnr
    this.sent.set(txnr, number)
    if (number < this.sentBefore) this.resent++
    else this.sentBefore = number + 1
    this.output.add(encodeRelp(txnr, 'syslog', message.bytes))
  }

  /** Sends `close` when it is wanted and no message waits. */
  private proceed(): void {
    if (!this.closing || this.kept.size > 0) return
    if (this.state === IDLE || this.state === OVER) this.closed = true
    else if (this.state === OPEN) {
      this.closeTxnr = this.txnr = nextTxnr(this.txnr, this.options.lastTxnr)
      this.state = CLOSING
      this.output.add(encodeRelp(this.closeTxnr, 'close'))
    }
  }

  private fail(problem: RelpClientProblem): void {
    this.problem ??= problem
    this.state = OVER
    if (this.closing && this.kept.size === 0) this.closed = true
  }
}
