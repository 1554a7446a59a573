import { readEvent } from './event.ts'
import { FLAG, FORMAT } from './header.ts'
import type { Header } from './header.ts'
import { readNode, readPairs } from './keyvalue.ts'
import { facilityNumber, severityNumber } from './names.ts'
import { readPrefixed } from './prefixed.ts'
import { PROBLEM } from './problems.ts'
import { note } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { readStamp } from './stamp-loose.ts'
import { readRelayed, startsCisco } from './relayed.ts'
import { behindBlank, readCounted, readMnemonic, readSlashedName, readTag } from './tag.ts'
import { behindPart, isAddress, isHost, skipBlanks, text, wordEnd } from './words.ts'

const TAB = 9
const SPACE = 32
const HASH = 35
const PERCENT = 37
const COMMA = 44
const COLON = 58
const EQUALS = 61

/** What names of cards and of severities begin and end with: a look at two bytes, before a string is made of a word. */
const CARD_FIRST = bytesOf('nfactse')
const CARD_LAST = bytesOf('cbm0123456789')
const SEVERITY_FIRST = bytesOf('eacwnidp')
const SEVERITY_LAST = bytesOf('gtreoyclnb')

function bytesOf(letters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const letter of letters) table[letter.charCodeAt(0)] = 1
  return table
}

function setHost(out: Header, from: number, to: number): void {
  out.hostStart = from
  out.hostEnd = to
}

/** A header whose stamp starts at `at`: reads the stamp with whatever belongs to it, and what follows. */
export function readAfterStamp(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  out.flags &= ~(FLAG.yearAssumed | FLAG.zoneAssumed | FLAG.clockUnsure)
  const q = readStamp(bytes, at, end, start, context, out)
  if (q < 0) {
    out.time = Number.NaN
    out.timeStart = out.timeEnd = start
    return readUnstamped(bytes, at, end, start, context, out)
  }
  readBehind(bytes, q, end, start, context, out)
}

/** Everything behind a stamp that ends at `at`. The host may have stood before the stamp. */
export function readBehind(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  let p = at
  if (p < end && bytes[p] === TAB) {
    // Pairs behind a bare stamp (Zscaler); their `hostname` is a site that somebody visited.
    out.messageStart = p + 1
    return
  }
  if (p < end && bytes[p] === COLON) return readBody(bytes, p + 1, end, start, context, out)
  const word = skipBlanks(bytes, p, end)
  if (word < end && bytes[word] === COLON && (word + 1 >= end || bytes[word + 1] === SPACE)) {
    return readBody(bytes, word + 1, end, start, context, out)
  }
  if (out.hostEnd > out.hostStart) return readBody(bytes, p, end, start, context, out)
  p = word
  if (p < end && isSelector(bytes, p, end)) p = skipBlanks(bytes, wordEnd(bytes, p, end), end)
  if (p >= end) {
    out.messageStart = end
    return
  }
  const to = wordEnd(bytes, p, end)
  if (isRepeat(bytes, p, to, end)) {
    out.messageStart = p
    return
  }
  const forwarded = readForwarded(bytes, p, to, end, out)
  if (forwarded >= 0) return readBody(bytes, forwarded, end, start, context, out)
  if (bytes[to - 1] === COLON) return closedWord(bytes, p, to, end, start, context, out)
  readHost(bytes, p, to, end, start, context, out)
}

/** `host ` or, where the sender gives none, the tag or the message itself. */
function readHost(bytes: Uint8Array, p: number, to: number, end: number, start: number, context: HeaderContext, out: Header): void {
  const comma = hostBeforeComma(bytes, p, to)
  if (comma > 0) {
    setHost(out, p, comma)
    out.messageStart = comma + 1
    // Ubiquiti: `model,address,version app: message`, otherwise pairs follow the comma.
    for (let i = comma; i < to; i++) if (bytes[i] === EQUALS) return
    return readBody(bytes, to, end, start, context, out)
  }
  if (!isHost(bytes, p, to) || isMessageStart(bytes, p, to)) return readBody(bytes, p, end, start, context, out)
  setHost(out, behindPart(bytes, p, to), to)
  let q = to
  if (q + 1 < end && bytes[q + 1] === COLON && (q + 2 >= end || bytes[q + 2] === SPACE)) q += 2
  const next = skipBlanks(bytes, q, end)
  const forwarded = bytes[next] === 77 ? readForwarded(bytes, next, wordEnd(bytes, next, end), end, out) : -1
  readBody(bytes, forwarded < 0 ? q : forwarded, end, start, context, out)
}

/** A word with a colon behind the stamp: a tag whose host was left out, or, before a mnemonic or as an address, the host. */
function closedWord(bytes: Uint8Array, p: number, to: number, end: number, start: number, context: HeaderContext, out: Header): void {
  const next = behindBlank(bytes, to, end)
  const comma = hostBeforeComma(bytes, p, to)
  if (comma > 0) {
    setHost(out, p, comma)
    return readBody(bytes, to, end, start, context, out)
  }
  // NetApp repeats the host, as if it were the tag.
  let twice = next + to - p <= end
  for (let i = 0; twice && i < to - p; i++) twice = bytes[p + i] === bytes[next + i]
  if (twice || isAddress(bytes, p, to - 1) || (isHost(bytes, p, to - 1) && namesHost(bytes, to, end))) {
    setHost(out, p, to - 1)
    return readBody(bytes, twice ? next + to - p : to, end, start, context, out)
  }
  readBody(bytes, p, end, start, context, out)
}

/** The comma that ends a host's name of two bytes or more with a letter, -1 if none. */
function hostBeforeComma(bytes: Uint8Array, from: number, to: number): number {
  let p = from
  let letters = false
  for (; p < to && bytes[p] !== COMMA; p++) letters ||= (bytes[p] | 32) >= 97
  return p < to && p - from > 1 && letters && isHost(bytes, from, p) ? p : -1
}

/** `CEF:0|`, `LEEF:1.0|`, `a=b`: a message that starts where a host is looked for. */
function isMessageStart(bytes: Uint8Array, from: number, to: number): boolean {
  return (
    (bytes[from + 1] === 69 && bytes[from + 2] === 70 && bytes[from + 3] === COLON && to - from > 4) ||
    (bytes[from + 2] === 69 && bytes[from + 3] === 70 && bytes[from + 4] === COLON && to - from > 5)
  )
}

/** `facility.severity`, which BSD's syslogd and Cisco's meeting servers put before the host. */
function isSelector(bytes: Uint8Array, from: number, end: number): boolean {
  const to = wordEnd(bytes, from, end)
  let dot = from
  while (dot < to && bytes[dot] !== 46) dot++
  if (to - from > 20 || dot === to || dot - from < 3 || bytes[from] <= 57) return false
  const [facility, severity, more] = text(bytes, from, to).split('.')
  return severity !== undefined && more === undefined && facilityNumber(facility) >= 0 && severityNumber(severity) >= 0
}

function isRepeat(bytes: Uint8Array, from: number, to: number, end: number): boolean {
  if (to - from === 4) return bytes[from] === 108 && text(bytes, from, Math.min(end, from + 21)) === 'last message repeated'
  return to - from === 7 && bytes[from] === 109 && text(bytes, from, Math.min(end, from + 17)) === 'message repeated '
}

/** `Message forwarded from host: `, which AIX' syslogd writes for a message of another host; gives the position behind, or -1. */
function readForwarded(bytes: Uint8Array, from: number, to: number, end: number, out: Header): number {
  if (to - from !== 7 || bytes[from] !== 77 || text(bytes, from, Math.min(end, from + 23)) !== 'Message forwarded from ') return -1
  const host = from + 23
  const behind = wordEnd(bytes, host, end)
  if (bytes[behind - 1] !== COLON || !isHost(bytes, host, behind - 1)) return -1
  setHost(out, host, behind - 1)
  return behind
}

/** Tag and message. `at` stands before the blank, if there is one. */
export function readBody(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  const plain = behindBlank(bytes, at, end)
  const p = skipBlanks(bytes, at, end)
  out.messageStart = plain
  if (p >= end) return
  const relayed = readRelayed(bytes, p, end, start, context, out)
  if (relayed >= 0) return readTagged(bytes, relayed, end, start, context, out)
  readTagged(bytes, at, end, start, context, out)
}

function readTagged(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  out.messageStart = behindBlank(bytes, at, end)
  const p = skipBlanks(bytes, at, end)
  if (p >= end) return
  const counted = bytes[p] === PERCENT ? p : readCounted(bytes, p, end, out)
  let q = bytes[counted] === PERCENT || bytes[p] === HASH ? readMnemonic(bytes, counted, end, out) : -1
  if (q >= 0) {
    out.messageStart = q
    if (out.hostEnd <= out.hostStart && text(bytes, out.tagStart, out.tagStart + 3) === 'UC_') readNode(bytes, q, end, out)
    return
  }
  if (counted > p) out.sequence = -1
  q = readTag(bytes, p, end, out)
  if (q < 0) q = readBehindWord(bytes, p, end, out)
  if (q >= 0) behindTag(bytes, q, end, out)
  if (q < 0 || bytes[out.messageStart] === 67) readPairs(bytes, out.messageStart, end, start, context, out)
}

/** What a message starts with that belongs to its header: a number, a mnemonic, an event. */
function behindTag(bytes: Uint8Array, at: number, end: number, out: Header): void {
  out.messageStart = at
  if (out.tagEnd > out.tagStart || at >= end) return
  if (out.pidEnd === out.pidStart && readSlashedName(bytes, out.appStart, out.appEnd, out)) {
    out.appEnd = out.appStart
    return
  }
  const counted = readCounted(bytes, at, end, out)
  if (bytes[counted] !== PERCENT) return readEvent(bytes, at, end, out)
  const message = readMnemonic(bytes, counted, end, out)
  if (message >= 0) out.messageStart = message
  else if (counted > at) out.sequence = -1
}

/**
 * A tag behind one word that is no part of it: a severity (F5), an address (Infoblox), `(Stack)` (H3C), a part of the chassis
 * (Junos). -1 if none.
 */
function readBehindWord(bytes: Uint8Array, at: number, end: number, out: Header): number {
  const slot = readSlot(bytes, at, end, out)
  if (slot >= 0) return slot
  const to = wordEnd(bytes, at, end)
  const next = skipBlanks(bytes, to, end)
  if (next >= end || to - at > 45) return -1
  if (bytes[at] === 40 && bytes[to - 1] === 41 && bytes[next] === PERCENT) return readMnemonic(bytes, next, end, out)
  if (isAddress(bytes, at, to) || isSeverity(bytes, at, to)) return readTag(bytes, next, end, out)
  if (!isCard(bytes, at, to)) return -1
  const tagged = readTag(bytes, next, end, out)
  if (tagged >= 0) return tagged
  out.appStart = at
  out.appEnd = to
  return next
}

/** `(FPC Slot 1, PIC Slot 0) ` before a tag (Junos); -1 if not so. */
function readSlot(bytes: Uint8Array, at: number, end: number, out: Header): number {
  if (bytes[at] !== 40 || text(bytes, at, Math.min(end, at + 10)) !== '(FPC Slot ') return -1
  const limit = Math.min(end, at + 48)
  let p = at + 10
  while (p < limit && bytes[p] !== 41) p++
  return p < limit ? readTag(bytes, skipBlanks(bytes, p + 1, end), end, out) : -1
}

/** A card of a chassis, as Junos names it before what the card says: `fpc0`, `node1.fpc2`, `tfeb0`. */
function isCard(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 3 || to - from > 12 || !CARD_FIRST[bytes[from]] || !CARD_LAST[bytes[to - 1]]) return false
  return /^(?:node\d\.)?(?:fpc|feb|afeb|cfeb|tfeb|sfm|ssb|scb)\d{0,2}$/.test(text(bytes, from, to))
}

function isSeverity(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 3 || to - from > 13 || !SEVERITY_FIRST[bytes[from] | 32] || !SEVERITY_LAST[bytes[to - 1] | 32]) return false
  return severityNumber(text(bytes, from, to)) >= 0
}

/** A message that no stamp starts: the shapes of devices that put something before it, else no time at all. */
export function readUnstamped(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  const framed = at > start
  const stamp = readPrefixed(bytes, at, end, start, framed, context, out)
  if (stamp >= 0) return readBehind(bytes, stamp, end, start, context, out)
  const p = skipBlanks(bytes, at, end)
  out.messageStart = framed ? p : start
  if (p >= end) {
    if (framed) note(out, start, PROBLEM.time_missing, at)
    return
  }
  if (readPairs(bytes, p, end, start, context, out)) {
    if (out.time !== out.time) note(out, start, PROBLEM.time_missing, p)
    return
  }
  if (bytes[p] === PERCENT) {
    const message = readMnemonic(bytes, p, end, out)
    if (message >= 0) {
      out.messageStart = message
      return note(out, start, PROBLEM.time_missing, p)
    }
    // H3C puts a percent sign before the stamp.
    const behind = framed ? readStamp(bytes, p + 1, end, start, context, out) : -1
    if (behind >= 0) return readBehind(bytes, behind, end, start, context, out)
  }
  if (!framed) {
    out.format = FORMAT.raw
    return note(out, start, PROBLEM.no_header, at)
  }
  note(out, start, PROBLEM.time_missing, p)
  const to = wordEnd(bytes, p, end)
  const apart = bytes[to] === SPACE && bytes[to + 1] === COLON && to + 1 < end
  const colon = apart ? to + 1 : to - 1
  if (bytes[colon] === COLON && isHost(bytes, p, apart ? to : to - 1) && namesHost(bytes, colon + 1, end)) {
    setHost(out, p, apart ? to : to - 1)
    return readBody(bytes, colon + 1, end, start, context, out)
  }
  readBody(bytes, p, end, start, context, out)
}

/** What stands behind `word:` shows that the word is a host: a mnemonic, or how one product's messages start. */
function namesHost(bytes: Uint8Array, at: number, end: number): boolean {
  const p = behindBlank(bytes, at, end)
  if (p >= end) return false
  if (bytes[p] === PERCENT || startsCisco(bytes, p, end)) return true
  // Juniper NetScreen, Dell Avamar.
  return (
    (bytes[p] === 78 && text(bytes, p, Math.min(end, p + 10)) === 'NetScreen ') ||
    (bytes[p] === 60 && text(bytes, p, Math.min(end, p + 7)) === '<Code> ') ||
    isAudit(bytes, p, end)
  )
}

/** `00000017.000002f4 `, the number of a record in NetApp's audit log. */
function isAudit(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 18 > end || bytes[at + 8] !== 46 || bytes[at + 17] !== SPACE) return false
  return /^[0-9a-f]{8}\.[0-9a-f]{8} $/.test(text(bytes, at, at + 18))
}
