import { FLAG } from './header.ts'
import type { Header } from './header.ts'
import { readPrefixed } from './prefixed.ts'
import type { HeaderContext } from './settle.ts'
import { monthAt, readMonthStamp } from './stamp.ts'
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
  const digit = bytes[at] >= 48 && bytes[at] <= 57
  const month = end - at > 15 && monthAt(bytes, at) > 0
  if (month) {
    const plain = readPlain(bytes, at, end, start, context, out)
    if (plain >= 0) return plain
  }
  if (!digit && !month && bytes[at] !== 42 && bytes[at] !== 46 && !isNumbered(bytes, at, end)) return -1
  return endsInMnemonic(bytes, at, end) ? readCisco(bytes, at, end, start, context, out) : -1
}

/** `stamp host name[pid]: `, `stamp host CISE_`, or the host that stands before it once more. */
function readPlain(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): number {
  const host = at + 16
  if (host >= end || bytes[at + 3] !== SPACE || bytes[at + 15] !== SPACE) return -1
  const to = wordEnd(bytes, host, end)
  if (!isHost(bytes, host, to) || to + 1 >= end) return -1
  const same = text(bytes, host, to) === text(bytes, out.hostStart, out.hostEnd)
  if (!same && text(bytes, to + 1, Math.min(end, to + 6)) !== 'CISE_' && !isProcess(bytes, to + 1, end)) return -1
  const flags = out.flags
  out.flags &= ~(FLAG.yearAssumed | FLAG.zoneAssumed | FLAG.clockUnsure)
  if (readMonthStamp(bytes, at, end, start, context, out) < 0) {
    out.flags = flags
    return -1
  }
  out.hostStart = host
  out.hostEnd = to
  return behindBlank(bytes, to, end)
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
