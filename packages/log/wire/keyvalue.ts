import type { Header } from './header.ts'
import { note, settle } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { clockAt, readEpoch } from './stamp.ts'
import { Parts } from './stamp-fields.ts'
import { readStamp } from './stamp-loose.ts'
import { conclude } from './stamp-settle.ts'
import { isHost, text } from './words.ts'
import { isAbbreviation, NO_OFFSET } from './zone.ts'

/** Pairs are looked at in this many bytes only; the devices in question name themselves near the start. */
const REACH = 2048

const SPACE = 32
const QUOTE = 34
const COMMA = 44
const EQUALS = 61
const CLOSE = 93
const BAR = 124

function is(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false
  return true
}

function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  return at + text.length <= end && is(bytes, at, at + text.length, text)
}

/** Where the values stand that a header needs; -1 where missing. */
class Found {
  date = -1
  clock = -1
  clockEnd = -1
  zone = -1
  zoneEnd = -1
}

/** What messages of pairs start with, and the name of the pair that holds the host; '' where none does. */
interface Kind {
  readonly starts: string
  readonly host: string
  readonly dated: boolean
}

const KINDS: readonly Kind[] = [
  { starts: 'date=', host: 'devname', dated: true },
  // FortiAnalyzer
  { starts: 'logver=', host: 'devname', dated: false },
  // SonicWall
  { starts: 'id=', host: 'fw', dated: false },
  // Sophos: `device_name` is the model.
  { starts: 'device=', host: '', dated: false },
  { starts: 'device_name=', host: '', dated: false },
]

function kindAt(bytes: Uint8Array, at: number, end: number): Kind | undefined {
  const first = bytes[at]
  if (first !== 100 && first !== 105 && first !== 108) return undefined
  for (let i = 0; i < KINDS.length; i++) if (startsWith(bytes, at, end, KINDS[i].starts)) return KINDS[i]
  return undefined
}

/**
 * Messages that carry their header as `name=value` (Fortinet, SonicWall, Sophos, Check Point, the extension of CEF) or behind
 * `CEF:0|`: sets the host, and the time if there is none yet, from pairs near the start. The message stays whole. True when a time
 * belongs to the pairs.
 */
export function readPairs(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): boolean {
  if (at >= end) return false
  if (startsWith(bytes, at, end, 'time=') && readEpoch(bytes, at + 5, end, out) > 0) {
    pairs(bytes, at, end, BAR, 'hostname', out)
    return true
  }
  const kind = kindAt(bytes, at, end)
  if (kind !== undefined) {
    const before = out.hostStart
    const found = pairs(bytes, at, end, kind.dated && bytes[at + 15] === COMMA ? COMMA : SPACE, kind.host, out)
    if (out.time !== out.time) setTime(bytes, found, end, start, context, out)
    return found.clock >= 0 && (kind.host === '' || out.hostStart !== before || kind.dated)
  }
  if (out.hostEnd > out.hostStart) return false
  if (startsWith(bytes, at, end, 'CEF:') || startsPair(bytes, at, end)) pairs(bytes, at, end, SPACE, 'dvchost', out)
  return false
}

/** `name=` with at most 32 letters, digits, dots and underscores. */
function startsPair(bytes: Uint8Array, at: number, end: number): boolean {
  const limit = end - at > 33 ? at + 33 : end
  let p = at
  for (; p < limit; p++) {
    const b = bytes[p]
    if (!((b >= 48 && b <= 57) || ((b | 32) >= 97 && (b | 32) <= 122) || b === 46 || b === 95)) break
  }
  return p > at && p < limit && bytes[p] === EQUALS
}

/** Walks over the pairs; a value of CEF may hold blanks, which then look like words without a value. */
function pairs(bytes: Uint8Array, at: number, end: number, separator: number, host: string, out: Header): Found {
  const limit = end - at > REACH ? at + REACH : end
  const found = new Found()
  let p = at
  while (p < limit) {
    let equals = p
    while (equals < limit && bytes[equals] !== EQUALS && bytes[equals] !== separator) equals++
    if (equals >= limit) break
    if (bytes[equals] === separator) {
      p = equals + 1
      continue
    }
    const quoted = bytes[equals + 1] === QUOTE && equals + 1 < end
    const from = equals + (quoted ? 2 : 1)
    const close = quoted ? QUOTE : separator
    let to = from
    while (to < end && to - from < REACH && bytes[to] !== close) to++
    if (equals - p === host.length && to > from && host !== '' && is(bytes, p, equals, host)) {
      out.hostStart = from
      out.hostEnd = to
    } else take(bytes, p, equals, from, to, found)
    p = to + (quoted ? 2 : 1)
  }
  return found
}

/** Takes a pair of date, time or zone. */
function take(bytes: Uint8Array, name: number, equals: number, from: number, to: number, found: Found): void {
  const first = bytes[name]
  if (first !== 100 && first !== 116) return
  if (is(bytes, name, equals, 'date')) found.date = from
  else if (is(bytes, name, equals, 'time') || (found.clock < 0 && is(bytes, name, equals, 'timestamp'))) {
    found.clock = from
    found.clockEnd = to
  } else if (is(bytes, name, equals, 'tz') || is(bytes, name, equals, 'timezone')) {
    found.zone = from
    found.zoneEnd = to
  }
}

function setTime(bytes: Uint8Array, found: Found, end: number, start: number, context: HeaderContext, out: Header): void {
  if (found.clock < 0) return
  if (found.date >= 0) dated(bytes, found, end, start, context, out)
  else if (readEpoch(bytes, found.clock, found.clockEnd, out) < 0) readStamp(bytes, found.clock, found.clockEnd, start, context, out)
}

/** `[Node ID=name]`, by which Cisco's call managers name themselves where the header has no host. */
export function readNode(bytes: Uint8Array, at: number, end: number, out: Header): void {
  const limit = end - at > REACH ? at + REACH : end
  for (let p = at; p < limit; p++) {
    if (bytes[p] !== 91 || !startsWith(bytes, p, limit, '[Node ID=')) continue
    const from = p + 9
    let to = from
    while (to < limit && bytes[to] !== CLOSE) to++
    if (to < limit && isHost(bytes, from, to)) {
      out.hostStart = from
      out.hostEnd = to
    }
    return
  }
}

function number(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) {
    const d = bytes[at + i] - 48
    if (!(d >= 0 && d <= 9)) return -1
    value = value * 10 + d
  }
  return value
}

/** `date=yyyy-mm-dd time=hh:mm:ss[.f] ... tz="-0400"` (Fortinet) or `timezone="CEST"` (Sophos). */
function dated(bytes: Uint8Array, found: Found, end: number, start: number, context: HeaderContext, out: Header): void {
  const { date, clock } = found
  if (date + 10 > end || clock + 8 > end) return
  const year = number(bytes, date, 4)
  const month = number(bytes, date + 5, 2)
  const day = number(bytes, date + 8, 2)
  const seconds = clockAt(bytes, clock)
  if (year < 0 || month < 0 || day < 0 || seconds < 0) return
  let micros = 0
  let p = clock + 8
  if (p < end && bytes[p] === 46) {
    let scale = 100_000
    for (p++; p < end && bytes[p] >= 48 && bytes[p] <= 57; p++) {
      micros += (bytes[p] - 48) * scale
      scale = Math.floor(scale / 10)
    }
  }
  out.timeStart = date
  // The two pairs follow each other; where they do not, the stamp has no one place.
  out.timeEnd = clock > date && clock - date < 20 ? p : date + 10
  const offset = offsetOf(bytes, found.zone, found.zoneEnd)
  const name = offset === NO_OFFSET && found.zone >= 0 ? text(bytes, found.zone, found.zoneEnd) : ''
  if (name !== '' && isAbbreviation(name)) {
    conclude(Object.assign(new Parts(), { year, month, day, seconds, micros, zone: name }), date, start, context, out)
    return
  }
  const problem = settle(out, context, year, month, day, seconds, micros, offset)
  if (problem !== 0) note(out, start, problem, date)
}

/** Seconds east of UTC from `+hhmm` or `+hh:mm`, else NO_OFFSET. */
function offsetOf(bytes: Uint8Array, from: number, to: number): number {
  const sign = from < 0 ? 0 : bytes[from]
  if (sign !== 43 && sign !== 45) return NO_OFFSET
  const colon = bytes[from + 3] === 58 ? 1 : 0
  if (to - from !== 5 + colon) return NO_OFFSET
  const hours = number(bytes, from + 1, 2)
  const minutes = number(bytes, from + 3 + colon, 2)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return NO_OFFSET
  return sign === 45 ? -(hours * 3600 + minutes * 60) : hours * 3600 + minutes * 60
}
