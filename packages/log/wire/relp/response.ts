import { encodeRelp, invalid, RELP_LIMITS } from './frame.ts'

/** What the data of a `rsp` frame says. */
export interface RelpResponse {
  /** 200 = done; all others are failures, and 500 the only one in use. */
  readonly code: number
  /** Text for people, up to the first line feed. */
  readonly message: string
  /** Where in the bytes the answer's own data starts: behind that line feed, or the end. */
  readonly dataStart: number
}

const LF = 10
const SP = 32

/** Reads `bytes[start..end]`, the data of a `rsp` frame; null when it does not start with a code of three digits. */
export function readResponse(bytes: Uint8Array, start: number, end: number): RelpResponse | null {
  if (end - start < 3) return null
  let code = 0
  for (let p = start; p < start + 3; p++) {
    const b = bytes[p]
    if (b < 48 || b > 57) return null
    code = code * 10 + b - 48
  }
  const behind = start + 3
  if (behind === end) return { code, message: '', dataStart: end }
  if (bytes[behind] !== SP && bytes[behind] !== LF) return null
  const found = bytes.subarray(behind, end).indexOf(LF)
  const lineEnd = found < 0 ? end : behind + found
  const message = lineEnd > behind ? text(bytes, behind + 1, lineEnd) : ''
  return { code, message, dataStart: found < 0 ? end : lineEnd + 1 }
}

/**
 * A `rsp` frame. Throws WIRE_RELP_INVALID for a code that is not three digits, a message with a line feed in it, and a transaction
 * number that is none.
 */
export function encodeResponse(txnr: number, code: number, message = '', data = ''): Uint8Array {
  if (!Number.isInteger(code) || code < 100 || code > 999) throw invalid('code', 'must be a number of three digits')
  if (message.includes('\n')) throw invalid('message', 'must not hold a line feed')
  const body = `${code}${message === '' ? '' : ` ${message}`}${data === '' ? '' : `\n${data}`}`
  return encodeRelp(txnr, 'rsp', Buffer.from(body))
}

/** Features by name, each with the text behind its first `=`; of a name that stands twice, the first holds. */
export type Offers = ReadonlyMap<string, string>

/** Reads the offers in `bytes[start..end]`, one a line; empty lines are passed over, and so is what is beyond the limit of 64. */
export function readOffers(bytes: Uint8Array, start: number, end: number): Offers {
  const offers = new Map<string, string>()
  let p = start
  while (p < end && offers.size < RELP_LIMITS.offers) {
    const found = bytes.subarray(p, end).indexOf(LF)
    const lineEnd = found < 0 ? end : p + found
    const line = text(bytes, p, lineEnd)
    const sign = line.indexOf('=')
    const name = sign < 0 ? line : line.slice(0, sign)
    if (name !== '' && !offers.has(name)) offers.set(name, sign < 0 ? '' : line.slice(sign + 1))
    p = lineEnd + 1
  }
  return offers
}

/** The lines of offers, as they stand in an `open` and its answer. */
export function printOffers(offers: Offers): string {
  return [...offers].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('\n')
}

/** The words of an offer such as `commands`. */
export function offerWords(value: string | undefined): string[] {
  return value === undefined ? [] : value.split(',').map((word) => word.trim())
}

/** The version that an offer names; null when there is none or it is no number. */
export function offeredVersion(offers: Offers): number | null {
  const value = offers.get('relp_version') ?? ''
  return /^\d{1,9}$/.test(value) ? Number(value) : null
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
}
