import { digits, isBreak, isColon } from './stamp-fields.ts'
import type { Parts } from './stamp-fields.ts'
import { text } from './words.ts'
import { isAbbreviation, isContested } from './zone.ts'

/** A zone, or a year, behind the time of day; gives the position behind them, or `at`. */
export function zoneAfter(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  const p = yearAfter(bytes, at, end, parts)
  const attached = numericZone(bytes, p, end, parts)
  // Huawei says behind the offset that it holds in summer.
  if (attached > p) return attached + 4 < end && word(bytes, attached, ' DST ') ? attached + 4 : attached
  if (p + 1 >= end || bytes[p] !== 32) return p
  const spaced = numericZone(bytes, p + 1, end, parts)
  if (spaced > p + 1) return yearAfter(bytes, spaced, end, parts)
  return namedZone(bytes, p, end, parts)
}

/** ` yyyy`, if no year was read before. */
function yearAfter(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  if (at + 4 >= end || bytes[at] !== 32 || parts.year >= 0) return at
  const year = digits(bytes, at + 1, end, 5)
  const value = year & 0xffff
  if (year >> 24 !== 4 || value < 1970 || value >= 2100) return at
  if (at + 5 < end && bytes[at + 5] !== 32 && !isColon(bytes, at + 5, end)) return at
  parts.year = value
  return at + 5
}

/** `Z`, `+hh:mm`, `+hhmm`, `(GMT+h:mm)`, `GMT+h`, `TZ-h` at exactly this place. */
function numericZone(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  let p = at
  if (p < end && bytes[p] === 90 && (p + 1 === end || isBreak(bytes[p + 1]))) {
    parts.offset = 0
    return p + 1
  }
  const bracket = bytes[p] === 40
  if (bracket) p++
  const named = p + 3 < end && (word(bytes, p, 'GMT') || word(bytes, p, 'UTC')) ? 3 : p + 2 < end && word(bytes, p, 'TZ') ? 2 : 0
  p += named
  const sign = bytes[p]
  if (p + 1 >= end || (sign !== 43 && sign !== 45)) return at
  const hours = digits(bytes, p + 1, end, 2)
  const count = hours >> 24
  if (count === 0 || (count === 1 && named === 0)) return at
  p += 1 + count
  let minutes = 0
  const colon = p < end && bytes[p] === 58 ? 1 : 0
  const m = digits(bytes, p + colon, end, 2)
  if (m >> 24 === 2) {
    minutes = m & 0xff
    p += colon + 2
  } else if (named === 0) return at
  if (bracket) {
    if (bytes[p] !== 41) return at
    p++
  }
  if ((hours & 0xff) > 23 || minutes > 59) return at
  const offset = (hours & 0xff) * 3600 + minutes * 60
  parts.offset = sign === 45 ? -offset : offset
  return p
}

function word(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** ` NAME`: two to five capitals that are known, or that a colon follows (Cisco lets the operator choose the name). */
function namedZone(bytes: Uint8Array, at: number, end: number, parts: Parts): number {
  let p = at + 1
  while (p < end && p - at <= 6 && bytes[p] >= 65 && bytes[p] <= 90) p++
  const length = p - at - 1
  if (length < 2 || length > 5) return at
  const name = text(bytes, at + 1, p)
  // date(1) writes the zone before the year.
  const known = isAbbreviation(name)
  const dated = known ? yearAfter(bytes, p, end, parts) : p
  if (dated > p) {
    parts.zone = name
    return dated
  }
  const direct = p < end && bytes[p] === 58
  const colon = direct || (p + 1 < end && bytes[p] === 32 && bytes[p + 1] === 58)
  const next = direct ? p + 1 : p + 2
  const closed = p === end || (colon && (next >= end || bytes[next] === 32))
  // Without a colon the word may be a host name: only an abbreviation that means one thing is taken for a zone.
  if (!closed && !(known && !isContested(name) && bytes[p] === 32)) return at
  if (!known && !(colon && next + 1 < end && bytes[next + 1] === 37)) return at
  parts.zone = name
  return p
}
