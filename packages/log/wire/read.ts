import { FLAG, FORMAT } from './header.ts'
import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { parse3164 } from './rfc3164.ts'
import { parse5424 } from './rfc5424.ts'
import { note } from './settle.ts'
import type { HeaderContext } from './settle.ts'

const LESS = 60
const GREATER = 62
/** Longest text between the brackets of a PRI that is still taken for a broken one. */
const PRI_REACH = 12

function reset(out: Header, start: number, end: number): void {
  out.format = FORMAT.raw
  out.priority = -1
  out.version = 0
  out.time = Number.NaN
  out.flags = 0
  out.timeStart = out.timeEnd = start
  out.hostStart = out.hostEnd = start
  out.appStart = out.appEnd = start
  out.pidStart = out.pidEnd = start
  out.msgidStart = out.msgidEnd = start
  out.dataStart = out.dataEnd = start
  out.tagStart = out.tagEnd = start
  out.sequence = -1
  out.messageStart = start
  out.messageEnd = end
  out.problem = 0
  out.problemAt = 0
}

/**
 * Reads the header of one syslog message, `bytes[start..end]`, and sets every field of `out`; positions refer to `bytes`.
 * RFC 5424, RFC 3164 and what devices make of it; anything else is `raw`. Never throws and refuses nothing: what cannot be
 * read is named by `problem`, and what can be read is given. Bytes are not changed, the body is not looked at, and nothing is
 * allocated for messages of the common shapes. NUL, CR and LF at the end are left out of the message (FLAG.trailer).
 */
export function parseHeader(bytes: Uint8Array, start: number, end: number, context: HeaderContext, out: Header): void {
  let e = end
  while (e > start && isTrailer(bytes[e - 1])) e--
  reset(out, start, e)
  if (e < end) out.flags = FLAG.trailer
  if (e <= start) out.problem = PROBLEM.empty
  else readMessage(bytes, start, e, context, out)
  if (out.time !== out.time) out.flags |= FLAG.timeReceived
  if (out.messageStart > e) out.messageStart = e
}

function isTrailer(b: number): boolean {
  return b === 0 || b === 10 || b === 13
}

function readMessage(bytes: Uint8Array, start: number, end: number, context: HeaderContext, out: Header): void {
  let p = start
  if (bytes[start] === LESS) {
    p = readPri(bytes, start, end, out)
    if (p < 0) {
      out.messageStart = start
      return
    }
  } else note(out, start, PROBLEM.pri_missing, start)
  const version = readVersion(bytes, p, end, p > start, out)
  if (version >= 0) parse5424(bytes, version, end, start, context, out)
  else parse3164(bytes, p, end, start, context, out)
}

/** The PRI (RFC 5424 6.2.1): sets priority and gives the position behind it, or -1 when no bracket closes it. */
function readPri(bytes: Uint8Array, start: number, end: number, out: Header): number {
  let value = 0
  let p = start + 1
  while (p < end && p - start < 4) {
    const d = bytes[p] - 48
    if (d < 0 || d > 9) break
    value = value * 10 + d
    p++
  }
  if (p > start + 1 && p < end && bytes[p] === GREATER && value < 192) {
    out.priority = value
    if (bytes[start + 1] === 48 && p > start + 2) note(out, start, PROBLEM.pri_leading_zero, start + 1)
    return p + 1
  }
  return brokenPri(bytes, start, end, out)
}

function brokenPri(bytes: Uint8Array, start: number, end: number, out: Header): number {
  let close = start + 1
  let numeric = true
  while (close < end && close - start <= PRI_REACH && bytes[close] !== GREATER) {
    numeric &&= bytes[close] >= 48 && bytes[close] <= 57
    close++
  }
  if (close >= end || bytes[close] !== GREATER) {
    note(out, start, PROBLEM.pri_unterminated, start)
    return -1
  }
  note(out, start, close === start + 1 ? PROBLEM.pri_empty : numeric ? PROBLEM.pri_out_of_range : PROBLEM.pri_not_a_number, start + 1)
  return close + 1
}

/**
 * The position behind `VERSION SP` when RFC 5424 goes on there: a `-` or a digit must follow. Without PRI a full date must, as
 * many texts start with a number. -1 if not so.
 */
function readVersion(bytes: Uint8Array, at: number, end: number, framed: boolean, out: Header): number {
  const first = bytes[at] - 48
  if (!(first >= 1 && first <= 9) || at + 2 >= end) return -1
  let value = first
  let p = at + 1
  while (p < end && p - at < 3 && bytes[p] >= 48 && bytes[p] <= 57) value = value * 10 + bytes[p++] - 48
  if (p + 1 >= end || bytes[p] !== 32) return -1
  const next = bytes[p + 1]
  const nil = next === 45
  if (!nil && (next < 48 || next > 57)) return -1
  if (!framed && (nil || p + 8 >= end || bytes[p + 5] !== 45 || bytes[p + 8] !== 45)) return -1
  out.version = value
  return p + 1
}
