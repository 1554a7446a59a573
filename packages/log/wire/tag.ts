import type { Header } from './header.ts'
import { behindSlash } from './words.ts'

const SPACE = 32
const PERCENT = 37
const HYPHEN = 45
const COLON = 58
const OPEN = 91
const CLOSE = 93
/** A tag is looked for in this many bytes; RFC 3164 4.1.3 allows 32, programs use more. */
const REACH = 256
/** Alert, critical, error, warning, notice, informational, debug. */
const SEVERITY_LETTERS = 'ACEWNID'

const isDigit = (b: number): boolean => b >= 48 && b <= 57
const isAlnum = (b: number): boolean => isDigit(b) || ((b | 32) >= 97 && (b | 32) <= 122)

/** Skips one blank. */
export function behindBlank(bytes: Uint8Array, at: number, end: number): number {
  return at < end && bytes[at] === SPACE ? at + 1 : at
}

/**
 * `name:`, `name[pid]:` or `name[pid] ` at `at`: sets app and pid and gives the position of the message (behind the colon and
 * one blank), or -1. A name may hold any byte but a blank; where a colon has no blank behind it, only a plain name counts.
 */
export function readTag(bytes: Uint8Array, at: number, end: number, out: Header): number {
  const limit = end - at > REACH ? at + REACH : end
  // JSON, quoted text, markup.
  if (bytes[at] === 123 || bytes[at] === 34 || bytes[at] === 60) return -1
  let plain = true
  for (let p = at; p < limit; p++) {
    const b = bytes[p]
    if (b <= SPACE) return p === at ? -1 : dashed(bytes, at, p, end, out)
    if (b === OPEN) {
      const close = pidEnd(bytes, p, limit)
      if (close > 0) {
        const behind = close + 1
        const colon = behind < end && bytes[behind] === COLON
        if (colon || (p > at && (behind >= end || bytes[behind] === SPACE))) {
          setName(bytes, out, at, p)
          out.pidStart = p + 1
          out.pidEnd = close
          return behindBlank(bytes, colon ? behind + 1 : behind, end)
        }
      }
    }
    if (b === COLON && p > at) {
      const next = p + 1 < end ? bytes[p + 1] : SPACE
      if (next <= SPACE || (plain && next !== COLON && next !== 47 && next !== 92 && !isEnvelope(bytes, at, p))) {
        setName(bytes, out, at, p)
        return behindBlank(bytes, p + 1, end)
      }
    }
    plain &&= isAlnum(b) ? p > at || !isDigit(b) : b === HYPHEN || b === 95 || b === 46 || b === 47
  }
  return -1
}

/**
 * A number by which the sender counts, before a mnemonic (`432: %LINEPROTO-5-UPDOWN: ...`: Arista, Cisco): sets the sequence and
 * gives the position of the percent sign, or `at` when there is none.
 */
export function readCounted(bytes: Uint8Array, at: number, end: number, out: Header): number {
  let value = 0
  let p = at
  while (p < end && p - at < 15 && isDigit(bytes[p])) value = value * 10 + bytes[p++] - 48
  if (p === at || p + 2 >= end || bytes[p] !== COLON || bytes[p + 1] !== SPACE || bytes[p + 2] !== PERCENT) return at
  out.sequence = value
  return p + 2
}

/** `FACILITY/4/MNEMONIC`, all of the word, in capitals (H3C without its `%%10`): sets the tag. */
export function readSlashedName(bytes: Uint8Array, from: number, to: number, out: Header): boolean {
  let slash = from
  for (; slash < to && bytes[slash] !== 47; slash++) if (!isCapital(bytes[slash])) return false
  if (slash === from || slash + 3 >= to || bytes[slash + 1] < 48 || bytes[slash + 1] > 55 || bytes[slash + 2] !== 47) return false
  for (let p = slash + 3; p < to; p++) if (!isCapital(bytes[p])) return false
  out.tagStart = from
  out.tagEnd = to
  return true
}

function isCapital(b: number): boolean {
  return isDigit(b) || (b >= 65 && b <= 90) || b === 95
}

function setName(bytes: Uint8Array, out: Header, from: number, to: number): void {
  out.appStart = behindSlash(bytes, from, to)
  out.appEnd = to
}

/** The bracket that closes a process id: up to 128 bytes without blank or bracket, at least one. */
function pidEnd(bytes: Uint8Array, open: number, limit: number): number {
  for (let p = open + 1; p < limit && p - open <= 129; p++) {
    const b = bytes[p]
    if (b === CLOSE) return p > open + 1 ? p : -1
    if (b <= SPACE || b === OPEN) return -1
  }
  return -1
}

/** `CEF:` and `LEEF:` start a message; they are not the names of programs. */
function isEnvelope(bytes: Uint8Array, at: number, colon: number): boolean {
  const ef = bytes[colon - 1] === 70 && bytes[colon - 2] === 69
  return ef && ((colon - at === 3 && bytes[at] === 67) || (colon - at === 4 && bytes[at] === 76 && bytes[at + 1] === 69))
}

/** `name -: message`, a tag whose process id was left empty (Vectra). */
function dashed(bytes: Uint8Array, at: number, space: number, end: number, out: Header): number {
  if (bytes[space] !== SPACE || bytes[space + 1] !== HYPHEN || bytes[space + 2] !== COLON || space + 2 >= end) return -1
  setName(bytes, out, at, space)
  return behindBlank(bytes, space + 3, end)
}

/**
 * Cisco's `%FACILITY-SEVERITY-MNEMONIC:` (Arista, NX-OS, XR, ASA and others too) or Huawei's and H3C's
 * `%%01FACILITY/4/MNEMONIC(l)[123]:` at `at`: sets tag, for the latter sequence too, and gives the position of the message, or -1.
 * The severity is a digit or, on Cisco's small switches, a letter (`%LINK-W-Down`); the mnemonic may be missing (`%DAEMON-4:`,
 * Junos). NX-OS puts the virtual device before it, `%$ VDC-1 %$ `, and old wireless controllers write `#` for the percent sign.
 */
export function readMnemonic(bytes: Uint8Array, at: number, end: number, out: Header): number {
  if (at + 4 > end || (bytes[at] !== PERCENT && bytes[at] !== 35)) return -1
  if (bytes[at + 1] === PERCENT) return readSlashed(bytes, at + 2, end, out)
  if (bytes[at + 1] === 36) return behindDevice(bytes, at, end, out)
  const limit = end - at > REACH ? at + REACH : end
  let severity = false
  let p = at + 1
  for (; p < limit; p++) {
    const b = bytes[p]
    if (b === HYPHEN) severity ||= p > at + 1 && p + 2 < limit && isSeverity(bytes, p + 1, end)
    else if (!isAlnum(b) && b !== 95 && b !== 47 && b !== 46) break
  }
  if (!severity || (p < end && bytes[p] !== COLON && bytes[p] !== SPACE)) return -1
  out.tagStart = at + 1
  out.tagEnd = p
  if (bytes[p] === SPACE && bytes[p + 1] === COLON && p + 1 < end) p++
  if (p < end && bytes[p] === COLON) p++
  return behindBlank(bytes, p, end)
}

/** A digit from 0 to 7 with a hyphen or a closing colon behind it, or one of the letters that stand for a severity. */
function isSeverity(bytes: Uint8Array, at: number, end: number): boolean {
  const b = bytes[at]
  const behind = bytes[at + 1]
  if (b >= 48 && b <= 55) return (behind === HYPHEN && at + 2 < end) || (behind === COLON && (at + 2 >= end || bytes[at + 2] === SPACE))
  return behind === HYPHEN && at + 2 < end && SEVERITY_LETTERS.includes(String.fromCharCode(b))
}

/** `%$ VDC-1 %$ ` and then a mnemonic. */
function behindDevice(bytes: Uint8Array, at: number, end: number, out: Header): number {
  const limit = end - at > 80 ? at + 80 : end
  for (let p = at + 3; p + 3 < limit; p++) {
    if (bytes[p] === PERCENT && bytes[p + 1] === 36 && bytes[p + 2] === SPACE && bytes[p + 3] === PERCENT && bytes[p + 4] !== 36) {
      return readMnemonic(bytes, p + 3, end, out)
    }
  }
  return -1
}

function readSlashed(bytes: Uint8Array, at: number, end: number, out: Header): number {
  const limit = end - at > REACH ? at + REACH : end
  let slashes = 0
  let p = at
  for (; p < limit; p++) {
    const b = bytes[p]
    if (b === 47) slashes++
    else if (!isAlnum(b) && b !== 95 && b !== HYPHEN) break
  }
  if (slashes !== 2 || p >= limit) return -1
  const tagEnd = p
  if (bytes[p] === 40) {
    while (p < limit && bytes[p] !== 41 && bytes[p] !== SPACE) p++
    if (p >= limit || bytes[p] !== 41) return -1
    p++
  }
  let sequence = -1
  if (p < limit && bytes[p] === OPEN) {
    sequence = 0
    for (p++; p < limit && isDigit(bytes[p]); p++) sequence = sequence * 10 + bytes[p] - 48
    if (p >= limit || bytes[p] !== CLOSE) return -1
    p++
  }
  if (p >= end || bytes[p] !== COLON) return -1
  out.tagStart = at
  out.tagEnd = tagEnd
  if (sequence >= 0) out.sequence = sequence
  return behindBlank(bytes, p + 1, end)
}
