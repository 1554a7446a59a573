import { FORMAT } from './header.ts'
import type { Header } from './header.ts'
import { readAfterStamp, readUnstamped } from './rfc3164-loose.ts'
import type { HeaderContext } from './settle.ts'
import { readMonthStamp, readRfc3339 } from './stamp.ts'
import { readMnemonic } from './tag.ts'

const SPACE = 32
const PERCENT = 37
const COLON = 58
const OPEN = 91
const CLOSE = 93

/** 1 for what a host name of the common shape holds, 2 for what only a tag holds beside it. */
const KIND = new Uint8Array(256)
for (const c of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_') KIND[c.charCodeAt(0)] = 1
KIND[47] = 2

/**
 * The common shape of RFC 3164, `Mmm dd hh:mm:ss host tag[pid]: message`, also with an RFC 3339 stamp; every other goes to
 * rfc3164-loose.ts. `at` is behind the PRI.
 */
export function parse3164(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  out.format = FORMAT.rfc3164
  const problem = out.problem
  let q = readMonthStamp(bytes, at, end, start, context, out)
  if (q < 0 && at < end && bytes[at] >= 48 && bytes[at] <= 57) {
    q = readRfc3339(bytes, at, end, start, false, context, out)
    if (q >= 0 && (q >= end || bytes[q] !== SPACE || bytes[at + 10] === SPACE)) return retry(bytes, at, end, start, problem, context, out)
  }
  if (q < 0) return readUnstamped(bytes, at, end, start, context, out)
  const host = q + 1
  let p = host
  while (p < end && KIND[bytes[p]] === 1) p++
  const length = p - host
  // A short word in capitals or digits may be a zone or a year that belongs to the stamp.
  if (length === 0 || p >= end || bytes[p] !== SPACE || (length <= 5 && bytes[host] <= 90)) {
    return retry(bytes, at, end, start, problem, context, out)
  }
  const tag = p + 1
  let t = tag
  while (t < end && KIND[bytes[t]] !== 0) t++
  if (t === tag || t >= end) return retry(bytes, at, end, start, problem, context, out)
  let behind = -1
  let c = bytes[t]
  if (c === COLON) behind = t + 1
  else if (c === OPEN) {
    let d = t + 1
    while (d < end && (c = bytes[d]) >= 48 && c <= 57) d++
    if (d > t + 1 && d + 1 < end && c === CLOSE && bytes[d + 1] === COLON) {
      behind = d + 2
      out.pidStart = t + 1
      out.pidEnd = d
    }
  }
  if (behind < 0 || (behind < end && bytes[behind] !== SPACE)) return retry(bytes, at, end, start, problem, context, out)
  out.hostStart = host
  out.hostEnd = p
  out.appStart = tag
  out.appEnd = t
  if (behind < end) behind++
  if (behind < end && bytes[behind] === PERCENT) {
    const message = readMnemonic(bytes, behind, end, out)
    if (message >= 0) behind = message
  }
  out.messageStart = behind
}

/** Reads from the stamp on again, by the rules for rare shapes. */
function retry(bytes: Uint8Array, at: number, end: number, start: number, problem: number, context: HeaderContext, out: Header): void {
  out.problem = problem
  out.pidStart = out.pidEnd = start
  readAfterStamp(bytes, at, end, start, context, out)
}
