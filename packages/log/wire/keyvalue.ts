import type { Header } from './header.ts'
import { note, settle } from './settle.ts'
import type { HeaderContext } from './settle.ts'
import { clockAt, readEpoch } from './stamp.ts'
import { NO_OFFSET } from './zone.ts'

/** Pairs are looked at in this many bytes only; the devices in question name themselves near the start. */
const REACH = 2048

const SPACE = 32
const QUOTE = 34
const EQUALS = 61
const BAR = 124

function is(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false
  return true
}

function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  return at + text.length <= end && is(bytes, at, at + text.length, text)
}

/**
 * Messages that carry their header as `name=value` (Fortinet, Check Point) or behind `CEF:0|`: sets the host, and the
 * time if there is none yet, from pairs near the start. The message stays whole. True when `at` starts such a header.
 */
export function readPairs(bytes: Uint8Array, at: number, end: number, start: number, context: HeaderContext, out: Header): boolean {
  if (startsWith(bytes, at, end, 'date=')) {
    pairs(bytes, at, end, SPACE, start, context, out, 'devname')
    return true
  }
  if (startsWith(bytes, at, end, 'time=') && readEpoch(bytes, at + 5, end, out) > 0) {
    pairs(bytes, at, end, BAR, start, context, out, 'hostname')
    return true
  }
  if (out.hostEnd > out.hostStart) return false
  if (startsWith(bytes, at, end, 'CEF:')) {
    pairs(bytes, at, end, SPACE, start, context, out, 'dvchost')
    return false
  }
  return false
}

function pairs(
  bytes: Uint8Array,
  at: number,
  end: number,
  separator: number,
  start: number,
  context: HeaderContext,
  out: Header,
  host: string,
): void {
  const limit = end - at > REACH ? at + REACH : end
  let date = -1
  let clock = -1
  let zone = -1
  let p = at
  while (p < limit) {
    let equals = p
    while (equals < limit && bytes[equals] !== EQUALS && bytes[equals] !== separator) equals++
    if (equals >= limit) break
    if (bytes[equals] === separator) {
      p = equals + 1
      continue
    }
    const quoted = bytes[equals + 1] === QUOTE
    const from = equals + (quoted ? 2 : 1)
    const close = quoted ? QUOTE : separator
    let to = from
    while (to < end && to - from < REACH && bytes[to] !== close) to++
    if (to > from && is(bytes, p, equals, host)) {
      out.hostStart = from
      out.hostEnd = to
    } else if (is(bytes, p, equals, 'date')) date = from
    else if (is(bytes, p, equals, 'time')) clock = from
    else if (is(bytes, p, equals, 'tz')) zone = from
    p = to + (quoted ? 2 : 1)
  }
  if (host === 'devname' && date >= 0 && clock >= 0 && out.time !== out.time) dated(bytes, date, clock, zone, end, start, context, out)
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

/** Fortinet: `date=yyyy-mm-dd time=hh:mm:ss[.f] ... tz="-0400"`. */
function dated(
  bytes: Uint8Array,
  date: number,
  clock: number,
  zone: number,
  end: number,
  start: number,
  context: HeaderContext,
  out: Header,
): void {
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
  const sign = zone < 0 || zone + 5 > end ? 0 : bytes[zone] === 45 ? -1 : bytes[zone] === 43 ? 1 : 0
  const colon = sign !== 0 && bytes[zone + 3] === 58 ? 1 : 0
  const h = sign === 0 ? -1 : number(bytes, zone + 1, 2)
  const m = sign === 0 ? -1 : number(bytes, zone + 3 + colon, 2)
  const offset = h >= 0 && h < 24 && m >= 0 && m < 60 ? sign * (h * 3600 + m * 60) : NO_OFFSET
  out.timeStart = date
  // The two pairs follow each other; where they do not, the stamp has no one place.
  out.timeEnd = clock > date && clock - date < 20 ? p : date + 10
  const problem = settle(out, context, year, month, day, seconds, micros, offset)
  if (problem !== 0) note(out, start, problem, date)
}
