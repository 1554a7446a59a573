import { durationOf, zoneOffset } from './numbers.ts'
import { parseWord } from './words.ts'

import type { FilterNode, ParseContext } from './ast.ts'
import type { Lexer } from './lexer.ts'

/** An instant or a span (a time given by the minute is the whole minute): microseconds, `end` exclusive. */
interface Span {
  readonly start: number
  readonly end: number
}

const DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(Z|[+-]\d\d:\d\d)?$/u
const UNIX = /^(-?\d{5,19})(?:\.(\d{1,9}))?$/u
const RELATIVE = /^(now)?([+-].+)?$/u
const DAY = 86_400e6

/** The smallest double above `x`; for `t < nextUp(x)` where `t <= x` is meant. */
export function nextUp(x: number): number {
  return neighbour(x, 1n)
}

/** The greatest double below `x`. */
export function nextDown(x: number): number {
  return neighbour(x, -1n)
}

function neighbour(x: number, way: bigint): number {
  if (!Number.isFinite(x)) return x
  if (x === 0) return way > 0n ? Number.MIN_VALUE : -Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  view.setBigInt64(0, view.getBigInt64(0) + (x > 0 ? way : -way))
  return view.getFloat64(0)
}

/**
 * What follows `_time:`. `text` of the node is the written form, without white space.
 * Times: RFC 3339, or its beginning (then the whole year, month, day, hour, minute or second), with a zone or in the zone of the query;
 * `now`, `now-5m`, `-5m`; Unix seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
 */
export function parseTimeFilter(lexer: Lexer, context: ParseContext): FilterNode {
  if (lexer.is('day_range')) return parseDayRange(lexer)
  if (lexer.is('week_range')) return parseWeekRange(lexer)
  let span: Span
  let text = ''
  if (lexer.is('offset')) {
    span = { start: -Infinity, end: nextUp(lexer.now) }
  } else if (lexer.is('[', '(')) {
    ;({ span, text } = parseBrackets(lexer))
  } else if (lexer.is('>', '>=', '<', '<=')) {
    ;({ span, text } = parseComparison(lexer))
  } else {
    ;({ span, text } = parseSingle(lexer))
  }
  const offset = parseOffset(lexer)
  const back = offset.value + (context.options?.timeOffset ?? 0)
  return { op: 'time', since: span.start - back, until: span.end - back, text: text === '' ? offset.text.trimStart() : text + offset.text }
}

function parseOffset(lexer: Lexer): { value: number; text: string } {
  if (!lexer.accept('offset')) return { value: 0, text: '' }
  const { at } = lexer
  const text = parseWord(lexer, 'a duration')
  const ns = durationOf(text)
  if (ns === null) lexer.fail(`a duration such as 1h30m expected after offset, not ${JSON.stringify(text)}`, '', at)
  return { value: ns / 1000, text: ` offset ${text}` }
}

interface Parsed {
  span: Span
  text: string
}

function parseBrackets(lexer: Lexer): Parsed {
  const open = lexer.token
  lexer.next()
  const a = parseInstant(lexer)
  lexer.expect(',', 'between two times')
  const b = parseInstant(lexer)
  const close = lexer.token
  if (!lexer.accept(']', ')')) lexer.fail(`"]" or ")" expected after the second time, not ${lexer.shown()}`)
  const start = open === '(' ? nextUp(a.span.start) : a.span.start
  const end = close === ']' ? b.span.end : b.span.start
  return { span: { start, end }, text: `${open}${a.text},${b.text}${close}` }
}

function parseComparison(lexer: Lexer): Parsed {
  const sign = lexer.token
  lexer.next()
  const { at } = lexer
  const word = parseWord(lexer, 'a time or a duration')
  const text = sign + printTime(word)
  const duration = durationOf(word)
  if (duration !== null) {
    // `>1h` is "older than an hour": the sign compares ages
    const at = lexer.now - Math.abs(duration) / 1000
    if (sign[0] === '>') return { span: { start: -Infinity, end: sign === '>' ? at : nextUp(at) }, text }
    return { span: { start: sign === '<' ? nextUp(at) : at, end: Infinity }, text }
  }
  const span = instantOf(lexer, word, at)
  if (sign === '>') return { span: { start: nextUp(span.start), end: Infinity }, text }
  if (sign === '>=') return { span: { start: span.start, end: Infinity }, text }
  return { span: { start: -Infinity, end: sign === '<' ? span.start : span.end }, text }
}

function parseSingle(lexer: Lexer): Parsed {
  const equals = lexer.accept('=') ? '=' : ''
  const { at } = lexer
  const word = parseWord(lexer, 'a time or a duration')
  const duration = durationOf(word)
  const text = equals + printTime(word)
  if (duration === null) return { span: instantOf(lexer, word, at), text }
  return { span: { start: nextUp(lexer.now - Math.abs(duration) / 1000), end: nextUp(lexer.now) }, text }
}

function parseInstant(lexer: Lexer): Parsed {
  const { at } = lexer
  const word = parseWord(lexer, 'a time')
  return { span: instantOf(lexer, word, at), text: printTime(word) }
}

/** A space would end the word when it is read again. */
function printTime(word: string): string {
  return word.replace(' ', 'T')
}

function instantOf(lexer: Lexer, word: string, at: number): Span {
  const span = relativeOf(word, lexer.now) ?? dateOf(word, lexer.tz) ?? unixOf(word)
  if (span === null) {
    const hint = /\.\d+$/u.test(word)
      ? 'a time with a fraction needs its zone: add Z or +hh:mm'
      : 'write 2026-11-23T10:30Z, 2026-11-23, now-1h, -1h or Unix time'
    lexer.fail(`a time expected, not ${JSON.stringify(word)}`, hint, at)
  }
  return span
}

function relativeOf(word: string, now: number): Span | null {
  const found = RELATIVE.exec(word.toLowerCase())
  if (found === null || word === '') return null
  let at = now
  if (found[2] !== undefined) {
    const ns = durationOf(found[2])
    if (ns === null) return null
    at += ns / 1000
  }
  return { start: at, end: nextUp(at) }
}

function unixOf(word: string): Span | null {
  const found = UNIX.exec(word)
  if (found === null) return null
  const whole = BigInt(found[1]!)
  const size = whole < 0n ? -whole : whole
  // up to the year 5138 in seconds, and likewise for the finer units
  const unit =
    size < 100_000_000_000n ? 1_000_000_000n : size < 100_000_000_000_000n ? 1_000_000n : size < 100_000_000_000_000_000n ? 1000n : 1n
  const fraction = found[2] === undefined ? 0n : (BigInt(found[2].padEnd(9, '0')) * unit) / 1_000_000_000n
  const ns = whole * unit + (found[1]![0] === '-' ? -fraction : fraction)
  const at = Number(ns / 1000n) + Number(ns % 1000n) / 1000
  return { start: at, end: nextUp(at) }
}

/** A date or time of any precision. A fraction of seconds is taken only with a zone, as the source of the language has it. */
function dateOf(word: string, tz: string): Span | null {
  const found = DATE.exec(word)
  if (found === null) return null
  const [, year, month, day, hour, minute, second, fraction, zone] = found
  if (fraction !== undefined && zone === undefined) return null
  const parts = [+year!, +(month ?? 1) - 1, +(day ?? 1), +(hour ?? 0), +(minute ?? 0), +(second ?? 0)] as const
  if (
    parts[1] > 11 ||
    parts[1] < 0 ||
    parts[2] < 1 ||
    parts[2] > daysIn(parts[0], parts[1]) ||
    parts[3] > 23 ||
    parts[4] > 59 ||
    parts[5] > 59
  )
    return null
  const next: [number, number, number, number, number, number] = [...parts]
  const last = [year, month, day, hour, minute, second].findLastIndex((part) => part !== undefined)
  next[last]!++
  const start = utc(parts, zone, tz)
  if (fraction === undefined) return { start, end: utc(next, zone, tz) }
  const unit = 10 ** (6 - fraction.length)
  const at = start + Number(fraction.padEnd(9, '0')) / 1000
  return { start: at, end: fraction.length > 6 ? nextUp(at + unit / 2) : at + unit }
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
}

function utc(parts: readonly [number, number, number, number, number, number], zone: string | undefined, tz: string): number {
  const date = new Date(0)
  date.setUTCFullYear(parts[0], parts[1], parts[2])
  date.setUTCHours(parts[3], parts[4], parts[5])
  const ms = date.getTime()
  if (zone !== undefined) return (ms - zoneOffset(zone) * 60_000) * 1000
  return (ms - localOffset(ms, tz)) * 1000
}

/** Milliseconds that the clock of `tz` is ahead of UTC when it shows `local` (milliseconds as if UTC). In a gap or overlap: the offset before it. */
function localOffset(local: number, tz: string): number {
  if (tz === 'UTC') return 0
  const first = offsetAt(local, tz)
  return offsetAt(local - first, tz)
}

/** Milliseconds that the clock of `tz` is ahead of UTC at `ms` since 1970. */
export function offsetAt(ms: number, tz: string): number {
  if (tz === 'UTC' || !Number.isFinite(ms)) return 0
  const format = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'longOffset' })
  const name = format.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT'
  const found = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/u.exec(name)
  if (found === null) return 0
  const seconds = +found[2]! * 3600 + +found[3]! * 60 + +(found[4] ?? 0)
  return (found[1] === '-' ? -seconds : seconds) * 1000
}

function parseDayRange(lexer: Lexer): FilterNode {
  lexer.next()
  const open = lexer.token
  if (!lexer.accept('[', '(')) lexer.fail(`"[" or "(" expected after day_range, not ${lexer.shown()}`)
  const a = parseClock(lexer)
  lexer.expect(',', 'between two times of the day')
  const b = parseClock(lexer)
  const close = lexer.token
  if (!lexer.accept(']', ')')) lexer.fail(`"]" or ")" expected, not ${lexer.shown()}`)
  const offset = parseOffset(lexer)
  const start = open === '(' ? nextUp(a.value) : a.value
  const end = Math.min(DAY, close === ']' ? nextUp(b.value) : b.value)
  const text = `day_range${open}${a.text},${b.text}${close}${offset.text}`
  return { op: 'day_range', start, end, offset: rangeOffset(lexer, offset), text }
}

/** Without an offset, the zone of the query counts, as it is at `now`. */
function rangeOffset(lexer: Lexer, offset: { value: number; text: string }): number {
  return offset.text === '' ? -offsetAt(lexer.now / 1000, lexer.tz) * 1000 + 0 : offset.value
}

function parseClock(lexer: Lexer): { value: number; text: string } {
  const { at } = lexer
  const text = parseWord(lexer, 'a time of the day')
  const found = /^(\d\d):(\d\d)$/u.exec(text)
  const minutes = found === null ? NaN : +found[1]! * 60 + +found[2]!
  if (found === null || +found[2]! > 59 || minutes > 1440) lexer.fail(`hh:mm expected, not ${JSON.stringify(text)}`, '', at)
  return { value: minutes * 60e6, text }
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

function parseWeekRange(lexer: Lexer): FilterNode {
  lexer.next()
  const open = lexer.token
  if (!lexer.accept('[', '(')) lexer.fail(`"[" or "(" expected after week_range, not ${lexer.shown()}`)
  const a = parseDay(lexer)
  lexer.expect(',', 'between two days')
  const b = parseDay(lexer)
  const close = lexer.token
  if (!lexer.accept(']', ')')) lexer.fail(`"]" or ")" expected, not ${lexer.shown()}`)
  const offset = parseOffset(lexer)
  const start = open === '(' ? a + 1 : a
  const end = close === ')' ? b - 1 : b
  const text = `week_range${open}${DAYS[a]!},${DAYS[b]!}${close}${offset.text}`
  return { op: 'week_range', start, end, offset: rangeOffset(lexer, offset), text }
}

function parseDay(lexer: Lexer): number {
  const { at } = lexer
  const word = parseWord(lexer, 'a day of the week').toLowerCase()
  const day = DAYS.findIndex((name) => name === word || name.slice(0, 3) === word)
  if (day < 0)
    lexer.fail(`a day of the week expected, not ${JSON.stringify(word)}`, 'Sun, Mon, Tue, Wed, Thu, Fri, Sat or the full names', at)
  return day
}
