import { FLAG, FORMAT } from './header.ts'
import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { note } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { readEpoch, readRfc3339 } from './stamp.ts'
import { readData } from './structured.ts'

/** Longest fields by RFC 5424 6. */
const HOST = 255
const APP = 48
const PID = 128
const MSGID = 32

/** The end of a field: the position of the blank that closes it, or `end`. Notes bytes that are not printable US-ASCII. */
function fieldEnd(bytes: Uint8Array, at: number, end: number, start: number, problem: number, out: Header): number {
  let p = at
  for (; p < end; p++) {
    const b = bytes[p]
    if (b === 32) break
    if (b < 33 || b > 126) note(out, start, problem, p)
  }
  if (p === at) note(out, start, p < end ? PROBLEM.field_empty : PROBLEM.header_incomplete, at)
  return p
}

function isNil(bytes: Uint8Array, at: number, fieldEndsAt: number): boolean {
  return fieldEndsAt === at + 1 && bytes[at] === 45
}

/**
 * The fields behind `VERSION SP` (RFC 5424 6). The caller has set priority and version and has seen that a `-` or a digit
 * stands at `at`. Nothing is refused: what breaks the rule is noted, and what can be read is given.
 */
export function parse5424(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): void {
  out.format = FORMAT.rfc5424
  out.messageStart = end
  out.timeStart = out.timeEnd = at
  let p = at
  if (bytes[p] === 45 && (p + 1 >= end || bytes[p + 1] === 32)) p++
  else {
    p = readRfc3339(bytes, at, end, start, true, context, out)
    if (p < 0 || (p < end && bytes[p] !== 32)) p = oddTime(bytes, at, end, start, out)
  }
  if (p >= end) return note(out, start, PROBLEM.header_incomplete, end)

  let q = fieldEnd(bytes, ++p, end, start, PROBLEM.host_characters, out)
  out.hostStart = p
  out.hostEnd = isNil(bytes, p, q) ? p : q
  if (q - p > HOST) note(out, start, PROBLEM.host_too_long, p)
  if (q >= end) return note(out, start, PROBLEM.header_incomplete, end)

  p = q + 1
  q = fieldEnd(bytes, p, end, start, PROBLEM.app_characters, out)
  const app = p
  out.appStart = p
  out.appEnd = isNil(bytes, p, q) ? p : q
  if (q - p > APP) note(out, start, PROBLEM.app_too_long, p)
  if (q >= end) return note(out, start, PROBLEM.header_incomplete, end)

  p = q + 1
  q = fieldEnd(bytes, p, end, start, PROBLEM.pid_characters, out)
  // `app: [..` : either an APP-NAME that ends with a colon, or an old tag and its message. Both agree on the name only.
  if (bytes[p - 2] === 58 && p - 2 > app && !isNil(bytes, p, q)) return oldTag(app, p, end, start, out)
  out.pidStart = p
  out.pidEnd = isNil(bytes, p, q) ? p : q
  if (q - p > PID) note(out, start, PROBLEM.pid_too_long, p)
  if (q >= end) return endsEarly(bytes, app, end, start, out)

  p = q + 1
  q = fieldEnd(bytes, p, end, start, PROBLEM.msgid_characters, out)
  out.msgidStart = p
  out.msgidEnd = isNil(bytes, p, q) ? p : q
  if (q - p > MSGID) note(out, start, PROBLEM.msgid_too_long, p)
  if (q >= end) return endsEarly(bytes, app, end, start, out)

  p = q + 1
  if (p < end && bytes[p] === 91) {
    const data = readData(bytes, p, end, start, out)
    if (data === p) out.messageStart = p
    else message(bytes, data, end, start, out)
  } else if (p < end && bytes[p] === 45 && (p + 1 >= end || bytes[p + 1] === 32)) message(bytes, p + 1, end, start, out)
  else noData(bytes, p, app, end, start, out)
}

function message(bytes: Uint8Array, at: number, end: number, start: number, out: Header): void {
  let p = at
  if (p < end) {
    if (bytes[p] === 32) p++
    else note(out, start, PROBLEM.sd_malformed, p)
  }
  if (p + 2 < end && bytes[p] === 0xef && bytes[p + 1] === 0xbb && bytes[p + 2] === 0xbf) {
    out.flags |= FLAG.bom
    p += 3
  }
  out.messageStart = p
}

/** A TIMESTAMP that is not one: the field is skipped; seconds since 1970 (Meraki) are read. */
function oddTime(bytes: Uint8Array, at: number, end: number, start: number, out: Header): number {
  let p = at
  while (p < end && bytes[p] !== 32) p++
  out.time = Number.NaN
  out.flags = out.flags & ~(FLAG.yearAssumed | FLAG.zoneAssumed)
  out.timeStart = at
  out.timeEnd = p
  const q = readEpoch(bytes, at, p, out)
  if (q >= 0 && q !== p) out.time = Number.NaN
  out.timeEnd = p
  note(out, start, q === p ? PROBLEM.time_form : PROBLEM.time_invalid, at)
  return p
}

function oldTag(app: number, at: number, end: number, start: number, out: Header): void {
  out.appEnd = at - 2
  out.messageStart = at < end ? at : end
  out.flags |= FLAG.ambiguous
  note(out, start, PROBLEM.tag_ambiguous, app)
}

/** The message ends where PROCID or MSGID is looked for; a `name=value` there is a message without the fields before it. */
function endsEarly(bytes: Uint8Array, app: number, end: number, start: number, out: Header): void {
  note(out, start, PROBLEM.header_incomplete, end)
  if (noName(bytes, app, out.appEnd)) return fromApp(app, out)
  if (!noName(bytes, out.pidStart, end)) return
  out.messageStart = out.pidStart
  out.pidEnd = out.pidStart
  out.msgidEnd = out.msgidStart
}

/** `CEF:0|...` and `name=value` are no names of programs. */
function noName(bytes: Uint8Array, from: number, to: number): boolean {
  for (let p = from; p < to; p++) if (bytes[p] === 61 || bytes[p] === 124) return true
  return false
}

/** What stands in the place of APP-NAME is where the message starts. */
function fromApp(app: number, out: Header): void {
  out.messageStart = app
  out.appEnd = out.appStart
  out.pidEnd = out.pidStart
  out.msgidEnd = out.msgidStart
}

/**
 * No STRUCTURED-DATA where it must stand: the sender forgot fields, so words of its message stand where PROCID or MSGID are
 * looked for. Those are kept as fields only if they cannot be such words.
 */
function noData(bytes: Uint8Array, at: number, app: number, end: number, start: number, out: Header): void {
  note(out, start, at < end ? PROBLEM.sd_missing : PROBLEM.header_incomplete, at < end ? at : end)
  if (at >= end) {
    out.messageStart = end
    return
  }
  out.messageStart = at
  const msgidWord = out.msgidEnd > out.msgidStart
  let pidWord = false
  for (let i = out.pidStart; i < out.pidEnd; i++) pidWord ||= bytes[i] < 48 || bytes[i] > 57
  if (msgidWord || pidWord) {
    out.messageStart = out.msgidStart
    out.msgidEnd = out.msgidStart
  }
  if (pidWord) {
    out.messageStart = out.pidStart
    out.pidEnd = out.pidStart
  }
  if (pidWord && noName(bytes, app, out.appEnd)) fromApp(app, out)
}
