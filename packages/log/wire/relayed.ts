import { FLAG } from './header.ts'
import type { Header } from './header.ts'
import { readPrefixed } from './prefixed.ts'
import type { HeaderContext } from './settle.ts'
import { monthAt, readMonthStamp, readRfc3339 } from './stamp.ts'
import { behindBlank } from './tag.ts'
import { isHost, text, wordEnd } from './words.ts'

const SPACE = 32
const PERCENT = 37
const COLON = 58
const OPEN = 91
const CLOSE = 93
/** A header of Cisco's ends with its mnemonic in this many bytes. */
const REACH = 160

/**
 * A message that a relay put its own stamp and host before, without taking off those of the sender. The inner ones are the
 * sender's and hold; an inner header without host or time keeps the outer's. `at` is behind the outer host. Gives the position
 * where the tag is looked for, or -1 with `out` as it was.
 */
export function readRelayed(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): number {
  if (out.hostEnd <= out.hostStart || bytes[at] === PERCENT) return -1
  const plain = readPlain(bytes, at, end, start, context, out)
  if (plain >= 0) return plain
  if (!startsCisco(bytes, at, end) && !(isNumbered(bytes, at, end) && endsInMnemonic(bytes, at, end))) return readAgain(bytes, at, end, out)
  return readCisco(bytes, at, end, start, context, out)
}

/** True for what can be a sequence or a stamp with `: %` behind it: a header of Cisco's without a host. */
export function startsCisco(bytes: Uint8Array, at: number, end: number): boolean {
  const b = bytes[at]
  const could = (b >= 48 && b <= 57) || b === 42 || b === 46 || (end - at > 15 && monthAt(bytes, at) > 0)
  return could && endsInMnemonic(bytes, at, end)
}

/** `stamp host name[pid]: `, `stamp host CISE_`, or the stamp and the host that stands before it once more. */
function readPlain(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): number {
  const month = end - at > 16 && bytes[at + 3] === SPACE && bytes[at + 15] === SPACE && monthAt(bytes, at) > 0
  const iso = !month && end - at > 20 && bytes[at + 4] === 45 && bytes[at + 10] === 84
  if (!month && !iso) return -1
  const host = (month ? at + 15 : wordEnd(bytes, at, end)) + 1
  const to = wordEnd(bytes, host, end)
  if (!isHost(bytes, host, to) || to + 1 >= end) return -1
  let same = to - host === out.hostEnd - out.hostStart
  for (let i = 0; same && i < to - host; i++) same = bytes[host + i] === bytes[out.hostStart + i]
  if (!same && (bytes[to + 1] !== 67 || text(bytes, to + 1, Math.min(end, to + 6)) !== 'CISE_') && !isProcess(bytes, to + 1, end)) return -1
  const { time, timeStart, timeEnd, flags, problem, problemAt } = out
  out.flags &= ~(FLAG.yearAssumed | FLAG.zoneAssumed | FLAG.clockUnsure)
  const q = month ? readMonthStamp(bytes, at, end, start, context, out) : readRfc3339(bytes, at, end, start, false, context, out)
  if (q !== host - 1) {
    Object.assign(out, { time, timeStart, timeEnd, flags, problem, problemAt })
    return -1
  }
  out.hostStart = host
  out.hostEnd = to
  return behindBlank(bytes, to, end)
}

/** The host once more without a stamp, before a program or a lone colon. */
function readAgain(bytes: Uint8Array, at: number, end: number, out: Header): number {
  const length = out.hostEnd - out.hostStart
  const to = at + length
  if (to + 1 >= end || bytes[to] !== SPACE) return -1
  for (let i = 0; i < length; i++) if (bytes[at + i] !== bytes[out.hostStart + i]) return -1
  const lone = bytes[to + 1] === COLON && (to + 2 >= end || bytes[to + 2] === SPACE)
  return lone ? to + 2 : isProcess(bytes, to + 1, end) ? to : -1
}

/** `name[123]:` */
function isProcess(bytes: Uint8Array, at: number, end: number): boolean {
  const to = wordEnd(bytes, at, end)
  if (to - at < 5 || bytes[to - 1] !== COLON || bytes[to - 2] !== CLOSE) return false
  let p = to - 3
  while (p > at && bytes[p] >= 48 && bytes[p] <= 57) p--
  return p > at && p < to - 3 && bytes[p] === OPEN
}

/** `host: 004322: ` or `host: *`, the start of a header of Cisco's with a host. */
function isNumbered(bytes: Uint8Array, at: number, end: number): boolean {
  const to = wordEnd(bytes, at, end)
  if (to + 2 >= end || bytes[to - 1] !== COLON) return false
  const next = bytes[to + 1]
  return (next >= 48 && next <= 57) || next === 42 || next === 46
}

/** True when `: %` stands behind what could be a stamp. */
function endsInMnemonic(bytes: Uint8Array, at: number, end: number): boolean {
  const limit = end - at > REACH ? at + REACH : end
  for (let p = at + 4; p + 2 < limit; p++) {
    if (bytes[p] === PERCENT && bytes[p - 1] === SPACE && bytes[p - 2] === COLON) return true
  }
  return false
}

function readCisco(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): number {
  const { time, timeStart, timeEnd, flags, hostStart, hostEnd, sequence, problem, problemAt, appStart, appEnd } = out
  out.flags &= ~(FLAG.yearAssumed | FLAG.zoneAssumed | FLAG.clockUnsure)
  out.hostEnd = out.hostStart
  out.time = Number.NaN
  const q = readPrefixed(bytes, at, end, start, true, context, out)
  const behind = q < 0 ? q : colonBehind(bytes, q, end)
  if (out.hostEnd <= out.hostStart || behind < 0) Object.assign(out, { hostStart, hostEnd })
  if (out.time !== out.time || behind < 0) Object.assign(out, { time, timeStart, timeEnd, flags, problem, problemAt })
  if (behind < 0) Object.assign(out, { sequence, appStart, appEnd })
  return behind
}

/** The position behind the colon that closes a stamp, -1 when none does. */
function colonBehind(bytes: Uint8Array, at: number, end: number): number {
  const p = at < end && bytes[at] === SPACE ? at + 1 : at
  return p < end && bytes[p] === COLON ? p + 1 : -1
}
