import { readEvent } from './event.ts'
import { FORMAT } from './header.ts'
import type { Header } from './header.ts'
import { startsCisco } from './relayed.ts'
import { readAfterStamp, readUnstamped } from './rfc3164-loose.ts'
import type { HeaderContext } from './settle.ts'
import { readMonthStamp, readRfc3339 } from './stamp.ts'
import { readCounted, readMnemonic, readSlashedName } from './tag.ts'
import { behindPart, behindSlash } from './words.ts'

const SPACE = 32
const PERCENT = 37
const SLASH = 47
const ZERO = 48
const NINE = 57
const COLON = 58
const CAPITAL_Z = 90
const OPEN = 91
const CLOSE = 93
const SMALL_R = 114

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
  // A number and a colon is how Cisco counts, behind a relay.
  if (bytes[tag] <= NINE && bytes[tag] >= ZERO) return retry(bytes, at, end, start, problem, context, out)
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
  // `host: 004322: stamp: %...` behind a relay; the host is no program.
  if (behind + 1 < end && bytes[behind + 1] <= NINE && isCounted(bytes, behind + 1, end)) {
    return retry(bytes, at, end, start, problem, context, out)
  }
  out.hostStart = bytes[host] === SMALL_R ? behindPart(bytes, host, p) : host
  out.hostEnd = p
  if (behind < end) behind++
  out.messageStart = behind
  if (bytes[tag] <= CAPITAL_Z && t - tag > 6 && readSlashedName(bytes, tag, t, out)) return
  out.appStart = bytes[tag] === SLASH ? behindSlash(bytes, tag, t) : tag
  out.appEnd = t
  if (behind < end && mayStart(bytes, behind, t)) readStart(bytes, behind, end, out)
}

/** A number and a colon, and then not yet the mnemonic but what may be a stamp before it. */
function isCounted(bytes: Uint8Array, at: number, end: number): boolean {
  let p = at
  while (p < end && bytes[p] >= ZERO && bytes[p] <= NINE) p++
  return p > at && p + 2 < end && bytes[p] === COLON && bytes[p + 1] === SPACE && bytes[p + 2] !== PERCENT && startsCisco(bytes, at, end)
}

/** A cheap look at the first bytes of a message: false when neither a number, nor a mnemonic, nor an event can start there. */
function mayStart(bytes: Uint8Array, at: number, appEnd: number): boolean {
  const first = bytes[at]
  if (first < 65) return first === PERCENT || (first >= ZERO && first <= NINE)
  const second = bytes[at + 1]
  const third = bytes[at + 2]
  // `Alarm set` is the only event in small letters behind a capital; the programs that name functions end with d, or are the kernel.
  if (first <= CAPITAL_Z) return (second < 97 && third >= 65 && third <= 95) || (second === 108 && third === 97)
  return first >= 97 && (bytes[appEnd - 1] === 100 || bytes[appEnd - 1] === 108)
}

function readStart(bytes: Uint8Array, at: number, end: number, out: Header): void {
  const counted = readCounted(bytes, at, end, out)
  if (bytes[counted] !== PERCENT) return readEvent(bytes, at, end, out)
  const message = readMnemonic(bytes, counted, end, out)
  if (message >= 0) out.messageStart = message
  else if (counted > at) out.sequence = -1
}

/** Reads from the stamp on again, by the rules for rare shapes. */
function retry(bytes: Uint8Array, at: number, end: number, start: number, problem: number, context: HeaderContext, out: Header): void {
  out.problem = problem
  out.pidStart = out.pidEnd = start
  readAfterStamp(bytes, at, end, start, context, out)
}
