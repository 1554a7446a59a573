import { FLAG } from './header.ts'
import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { note } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { readStamp } from './stamp-loose.ts'
import { isHost, skipBlanks, wordEnd } from './words.ts'

const SPACE = 32
const PERCENT = 37
const STAR = 42
const SLASH = 47
const COLON = 58
/** Words that may stand before a stamp: sequence, host, second sequence, task. */
const WORDS = 5
const LONGEST = 128

const isDigit = (b: number): boolean => b >= 48 && b <= 57

/**
 * A stamp that may stand behind other words, as network devices have it:
 *
 *     1179: host: *Mar 15 10:05:53.044 CET: %OSPF-5-ADJCHG: ...      Cisco IOS (sequence, host, second sequence, each optional)
 *     2647599: host RP/0/RSP1/CPU0:Mar 28 15:08:30.941 UTC: bgp[1051]: %ROUTING-...      IOS XR
 *     host: *spamApTask1: Nov 23 10:11:12.345: %CAPWAP-...      wireless controllers
 *     host port02 2018-Nov- 9 15:38:25.341 RXDATA: ...      Opengear
 *     1w2d: %SYS-5-RESTART: ...      time since start, which is no time
 *
 * Sets what stands before the stamp and the stamp, and gives the position behind it; -1, with those fields untouched, if none.
 */
export function readPrefixed(
  bytes: Uint8Array,
  at: number,
  end: number,
  start: number,
  framed: boolean,
  context: HeaderContext,
  out: Header,
): number {
  const before = new Before()
  let p = at
  for (let n = 0; n < WORDS; n++) {
    p = skipBlanks(bytes, p, end)
    // NX-OS and ASA leave the place of the host empty and keep its colon.
    if (p < end && bytes[p] === COLON && framed) p = skipBlanks(bytes, p + 1, end)
    const to = wordEnd(bytes, p, end)
    if (to === p) return -1
    let q = -1
    if (isUptime(bytes, p, to, end)) {
      q = to - 1
      out.timeStart = p
      out.timeEnd = q
      note(out, start, PROBLEM.time_missing, p)
    } else if (couldStart(bytes[p])) q = readStamp(bytes, p, end, start, context, out)
    if (q < 0 && framed) q = nodeStamp(bytes, p, to, end, start, context, out)
    if (q >= 0) return commit(bytes, q, end, start, before, out)
    if (to >= end || to - p > LONGEST || !take(bytes, p, to, end, framed, before)) return -1
    p = to + 1
  }
  return -1
}

/** What stands before the stamp; positions, empty where start and end are the same. */
class Before {
  host = 0
  hostEnd = 0
  task = 0
  taskEnd = 0
  sequence = -1
  /** Words without a colon. */
  words = 0
}

/** Takes one word that is no stamp. False when no shape has such a word here. */
function take(bytes: Uint8Array, p: number, to: number, end: number, framed: boolean, before: Before): boolean {
  const hosted = before.hostEnd > before.host
  if (bytes[to - 1] !== COLON) {
    if (!framed || !isWord(bytes, p, to) || ++before.words > 2) return false
    if (hosted) return isOpengear(bytes, to, end)
    before.host = p
    before.hostEnd = to
    return true
  }
  const number = sequenceOf(bytes, p, to - 1)
  if (number >= 0) before.sequence = before.sequence < 0 ? number : before.sequence
  else if (bytes[p] === STAR && to - p > 2) {
    before.task = p + 1
    before.taskEnd = to - 1
  } else if (!hosted && isHost(bytes, p, to - 1)) {
    before.host = p
    before.hostEnd = to - 1
  } else return false
  return true
}

function commit(bytes: Uint8Array, q: number, end: number, start: number, before: Before, out: Header): number {
  if (before.hostEnd > before.host) {
    // `word: stamp` is a host only in Cisco's form, where a colon follows the stamp too.
    if (before.words === 0 && !closes(bytes, q, end)) return undo(out, start)
    out.hostStart = before.host
    out.hostEnd = before.hostEnd
  }
  if (before.taskEnd > before.task) {
    out.appStart = before.task
    out.appEnd = before.taskEnd
  }
  if (before.sequence >= 0) out.sequence = before.sequence
  return q
}

function undo(out: Header, start: number): number {
  out.time = Number.NaN
  out.flags &= FLAG.trailer
  out.timeStart = out.timeEnd = start
  return -1
}

function couldStart(b: number): boolean {
  return isDigit(b) || (b | 32) >= 97 || b === STAR || b === 46
}

function closes(bytes: Uint8Array, at: number, end: number): boolean {
  return at < end && (bytes[at] === COLON || (bytes[at] === SPACE && at + 1 < end && bytes[at + 1] === COLON))
}

/** `RP/0/RSP1/CPU0:` with the stamp directly behind it. */
function nodeStamp(bytes: Uint8Array, at: number, to: number, end: number, start: number, context: HeaderContext, out: Header): number {
  let slashes = 0
  for (let p = at; p < to; p++) {
    if (bytes[p] === SLASH) slashes++
    else if (bytes[p] === COLON) return slashes > 1 && p + 1 < to ? readStamp(bytes, p + 1, end, start, context, out) : -1
  }
  return -1
}

/** A decimal number of at most 15 digits, or -1. */
function sequenceOf(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > 15) return -1
  let value = 0
  for (let p = from; p < to; p++) {
    if (!isDigit(bytes[p])) return -1
    value = value * 10 + bytes[p] - 48
  }
  return value
}

/** A host without colon before the stamp: it must hold a letter, else it could be anything. */
function isWord(bytes: Uint8Array, from: number, to: number): boolean {
  if (!isHost(bytes, from, to)) return false
  for (let p = from; p < to; p++) if ((bytes[p] | 32) >= 97 && (bytes[p] | 32) <= 122) return true
  return false
}

/** `yyyy-Mmm-` behind the second word. */
function isOpengear(bytes: Uint8Array, at: number, end: number): boolean {
  return at + 10 < end && isDigit(bytes[at + 1]) && bytes[at + 5] === 45 && bytes[at + 9] === 45 && (bytes[at + 6] | 32) >= 97
}

/** `1y2w:`, `1w2d:`, `3d02h:` or `00:01:01:` and a mnemonic behind it. */
function isUptime(bytes: Uint8Array, at: number, to: number, end: number): boolean {
  if (bytes[to - 1] !== COLON || to + 1 >= end || bytes[to + 1] !== PERCENT || !isDigit(bytes[at])) return false
  let units = 0
  for (let p = at; p < to - 1; p++) {
    const b = bytes[p]
    if (isDigit(b)) continue
    if (b !== 121 && b !== 119 && b !== 100 && b !== 104 && b !== 109 && b !== 115 && b !== COLON) return false
    units++
  }
  return units === 2
}
