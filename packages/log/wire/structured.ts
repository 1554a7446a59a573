import type { Header } from './header.ts'
import { PROBLEM } from './problems.ts'
import { note } from './settle.ts'

const QUOTE = 34
const EQUALS = 61
const OPEN = 91
const BACKSLASH = 92
const CLOSE = 93
const SPACE = 32
/** Elements whose identifiers are compared with each other; RFC 5424 6.3.2 forbids repeats, and a hostile header has many. */
const COMPARED = 32
const NAME_LENGTH = 32

/** True for what an SD-NAME may hold (RFC 5424 6.3): printable ASCII but for `=`, blank, `]` and `"`. */
function isNameByte(b: number): boolean {
  return b > SPACE && b < 127 && b !== EQUALS && b !== CLOSE && b !== QUOTE
}

/** The end of an SD-NAME that starts at `at`, or `at` when it is empty or longer than 32 bytes. */
function nameEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && isNameByte(bytes[p])) p++
  return p - at > NAME_LENGTH ? at : p
}

/**
 * Walks one SD-ELEMENT, strictly by the ABNF. Gives the position behind its `]`; or, where it breaks the rule, the bitwise
 * complement of that position, which is negative.
 */
function elementEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = nameEnd(bytes, at + 1, end)
  if (p === at + 1) return ~p
  for (;;) {
    if (p >= end) return ~p
    const b = bytes[p]
    if (b === CLOSE) return p + 1
    if (b !== SPACE) return ~p
    const name = p + 1
    p = nameEnd(bytes, name, end)
    if (p === name || p + 1 >= end || bytes[p] !== EQUALS || bytes[p + 1] !== QUOTE) return ~p
    for (p += 2; p < end; p++) {
      const v = bytes[p]
      if (v === QUOTE) break
      if (v === CLOSE) return ~p
      if (v === BACKSLASH && p + 1 < end && (bytes[p + 1] === QUOTE || bytes[p + 1] === BACKSLASH || bytes[p + 1] === CLOSE)) p++
    }
    if (p >= end) return ~p
    p++
  }
}

/**
 * Finds the end of STRUCTURED-DATA that starts with `[` at `at` (RFC 5424 6.3), sets `dataStart`, `dataEnd` and, from
 * `[meta sequenceId="..."]`, `sequence`. What is no valid SD is noted as `sd_malformed` and ends at the bracket that closes
 * it by a forgiving rule; gives the position behind the data, or `at` when no such bracket exists.
 */
export function readData(bytes: Uint8Array, at: number, end: number, start: number, out: Header): number {
  let p = at
  let elements = 0
  while (p < end && bytes[p] === OPEN) {
    const q = elementEnd(bytes, p, end)
    if (q < 0) {
      // A bracket behind whole elements need not be one of them: `[a x="1"][not data] text`.
      p = looseEnd(bytes, at, end)
      note(out, start, p === at ? PROBLEM.sd_not_closed : PROBLEM.sd_malformed, p === at ? at : ~q)
      break
    }
    if (bytes[p + 1] === 0x6d && bytes[p + 2] === 0x65 && bytes[p + 3] === 0x74 && bytes[p + 4] === 0x61 && bytes[p + 5] === SPACE) {
      out.sequence = sequenceId(bytes, p + 6, q)
    }
    elements++
    p = q
  }
  out.dataStart = at
  out.dataEnd = p
  if (elements > 1 && out.problem <= 1) repeats(bytes, at, p, start, out)
  return p
}

/** The number of `sequenceId` among the params of a `meta` element (RFC 5424 7.3.1), or -1. */
function sequenceId(bytes: Uint8Array, at: number, end: number): number {
  for (let p = at; p + 13 < end; p++) {
    if (bytes[p] !== 0x73 || bytes[p - 1] !== SPACE || bytes[p + 10] !== EQUALS || bytes[p + 11] !== QUOTE) continue
    if (bytes[p + 8] !== 0x49 || bytes[p + 9] !== 0x64 || bytes[p + 1] !== 0x65 || bytes[p + 3] !== 0x75) continue
    let value = 0
    let q = p + 12
    for (; q < end && q - p < 27 && bytes[q] >= 48 && bytes[q] <= 57; q++) value = value * 10 + bytes[q] - 48
    return q > p + 12 && bytes[q] === QUOTE ? value : -1
  }
  return -1
}

/** Notes an SD-ID that stands twice. */
function repeats(bytes: Uint8Array, at: number, end: number, start: number, out: Header): void {
  let second = elementEnd(bytes, at, end)
  for (let i = 1; i < COMPARED && second > 0 && second < end; i++) {
    let first = at
    for (let j = 0; j < i; j++) {
      if (sameName(bytes, first + 1, second + 1, end)) return note(out, start, PROBLEM.sd_duplicate_id, second)
      first = elementEnd(bytes, first, end)
    }
    second = elementEnd(bytes, second, end)
  }
}

function sameName(bytes: Uint8Array, a: number, b: number, end: number): boolean {
  while (b < end && bytes[a] === bytes[b] && isNameByte(bytes[b])) {
    a++
    b++
  }
  return b < end && !isNameByte(bytes[a]) && !isNameByte(bytes[b])
}

/**
 * Where data that breaks the rule ends: behind the last of the elements that follow each other, each closed by a bracket
 * outside of quotes; failing that, behind the first bracket that a blank, another `[` or the end follows. `at` if none.
 */
export function looseEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at
  let good = at
  while (p < end && bytes[p] === OPEN) {
    const q = looseElementEnd(bytes, p, end)
    if (q < 0) break
    p = good = q
    // Veeam and others put a blank between elements.
    if (p + 1 < end && bytes[p] === SPACE && bytes[p + 1] === OPEN && looksNamed(bytes, p + 1, end)) p++
  }
  if (good > at && (good >= end || bytes[good] === SPACE)) return good
  for (let q = at + 1; q < end; q++) {
    if (bytes[q] === CLOSE && bytes[q - 1] !== BACKSLASH && (q + 1 >= end || bytes[q + 1] === SPACE)) return q + 1
  }
  return good
}

/** True for `[name p=`: an element rather than a bracket of the message. */
function looksNamed(bytes: Uint8Array, at: number, end: number): boolean {
  const first = nameEnd(bytes, at + 1, end)
  if (first === at + 1 || first >= end) return false
  if (bytes[first] === EQUALS) return true
  const second = nameEnd(bytes, first + 1, end)
  return bytes[first] === SPACE && second > first + 1 && bytes[second] === EQUALS
}

function looseElementEnd(bytes: Uint8Array, at: number, end: number): number {
  let quoted = false
  for (let p = at + 1; p < end; p++) {
    const b = bytes[p]
    if (b === BACKSLASH) p++
    else if (b === QUOTE) {
      // A quote opens a value only behind `=` or `:`, maybe with a blank between.
      const before = bytes[p - 1] === SPACE ? bytes[p - 2] : bytes[p - 1]
      quoted = quoted ? false : before === EQUALS || before === 58
    } else if (b === CLOSE && !quoted) return p + 1
  }
  return -1
}

/** One SD-ELEMENT: its id and its params in the order of sending; a name may stand more than once. */
export interface Element {
  id: string
  params: [name: string, value: string][]
  /** The element breaks RFC 5424 6.3 and was read by the forgiving rule: values may lack quotes. */
  lenient?: true
}

/**
 * Reads STRUCTURED-DATA, brackets included, with values unescaped by RFC 5424 6.3.3: only `\"`, `\\` and `\]` are escapes,
 * any other backslash is kept. Elements that break the rule (values without quotes, `name:"value";`) are read as far as they
 * go and marked `lenient`. Bytes that are not UTF-8 become U+FFFD. Empty for "-" and for nothing.
 */
export function readStructuredData(bytes: Uint8Array, start = 0, end = bytes.length): Element[] {
  const elements: Element[] = []
  let p = start
  while (p < end) {
    if (bytes[p] === SPACE && bytes[p + 1] === OPEN) p++
    if (bytes[p] !== OPEN) break
    const strict = elementEnd(bytes, p, end)
    if (strict > 0) elements.push(strictElement(bytes, p, strict))
    const q = strict > 0 ? strict : looseElementEnd(bytes, p, end)
    if (strict < 0) elements.push(looseElement(bytes, p, q < 0 ? end : q))
    if (q < 0) break
    p = q
  }
  return elements
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

function unescape(value: string): string {
  return value.includes('\\') ? value.replace(/\\(["\\\]])/g, '$1') : value
}

function strictElement(bytes: Uint8Array, at: number, end: number): Element {
  let p = nameEnd(bytes, at + 1, end)
  const element: Element = { id: text(bytes, at + 1, p), params: [] }
  while (bytes[p] === SPACE) {
    const equals = nameEnd(bytes, p + 1, end)
    const from = equals + 2
    let q = from
    while (bytes[q] !== QUOTE) {
      q += bytes[q] === BACKSLASH && (bytes[q + 1] === QUOTE || bytes[q + 1] === BACKSLASH || bytes[q + 1] === CLOSE) ? 2 : 1
    }
    element.params.push([text(bytes, p + 1, equals), unescape(text(bytes, from, q))])
    p = q + 1
  }
  return element
}

function looseElement(bytes: Uint8Array, at: number, end: number): Element {
  const closed = bytes[end - 1] === CLOSE ? end - 1 : end
  const body = text(bytes, at + 1, closed)
  const element: Element = { id: '', params: [], lenient: true }
  let p = body.startsWith(' ') ? 1 : 0
  const first = runEnd(body, p, ' \t=]":')
  if (first > p && (first >= body.length || body[first] === ' ' || body[first] === '\t')) {
    element.id = body.slice(p, first)
    p = first
  }
  while (p < body.length) p = looseParam(body, p, element)
  return element
}

/** One `name=value`, `name="value"` or `name:"value";`, with a blank at most on either side of the sign; or one word skipped. */
function looseParam(body: string, at: number, element: Element): number {
  const nameEnds = runEnd(body, at, ' \t\r\n=:;]"[')
  if (nameEnds === at) return at + 1
  let p = body[nameEnds] === ' ' ? nameEnds + 1 : nameEnds
  if (body[p] !== '=' && body[p] !== ':') return nameEnds
  p++
  if (body[p] === ' ') p++
  const name = body.slice(at, nameEnds)
  if (body[p] !== '"') {
    const to = runEnd(body, p, ' \t\r\n]";')
    element.params.push([name, body.slice(p, to)])
    return to
  }
  const from = ++p
  while (p < body.length && body[p] !== '"') p += body[p] === '\\' ? 2 : 1
  element.params.push([name, unescape(body.slice(from, p))])
  return p + 1
}

function runEnd(body: string, at: number, stops: string): number {
  let p = at
  while (p < body.length && !stops.includes(body[p])) p++
  return p
}
