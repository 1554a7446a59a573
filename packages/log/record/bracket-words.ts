import { parseAddress, parseTime } from './json-forms.ts'
import { Double, Simple, type Value, type ValueLimits, integer, integerTooLong } from './value.ts'

const INTEGER = /^-?(?:0|[1-9]\d*)$/
const DOUBLE = /^-?(?:0|[1-9]\d*)(?=[.eE])(?:\.\d+)?(?:[eE][-+]?\d+)?$/
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/
const V4 = /^\d+(?:\.\d+){3}$/
const V6 = /^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*$/
const SIMPLE = /^%(?:0|[1-9]\d{0,2})$/

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['null', null],
  ['t', true],
  ['true', true],
  ['f', false],
  ['false', false],
  ['nan', NaN],
  ['inf', Infinity],
  ['-inf', -Infinity],
])

/** Longest word that is no integer, in characters. */
const LONGEST = 1024

/** The kinds of a word that have a pattern; no word fits two of them (the tests try all short ones). */
export const WORD_KINDS: ReadonlyMap<string, (word: string) => boolean> = new Map([
  ['constant', (word: string) => CONSTANTS.has(word)],
  ['integer', (word: string) => INTEGER.test(word)],
  ['double', (word: string) => DOUBLE.test(word)],
  ['time', (word: string) => TIME.test(word)],
  ['v4', (word: string) => V4.test(word)],
  ['v6', (word: string) => V6.test(word)],
  ['simple', (word: string) => SIMPLE.test(word)],
])

/** True when a word is too long to be judged; reading it takes time that grows faster than its length. */
export function wordTooLong(word: string, limits: ValueLimits): boolean {
  return word.length > Math.max(LONGEST, integerDigits(limits))
}

function integerDigits(limits: ValueLimits): number {
  return Math.max(8, limits.bignum) * 2.5 + 2
}

/** What a word is no value for: it has no type, or it is past a limit. */
export type WordProblem = 'type' | 'integer' | 'double'

/** The value of a bare word (docs/formats/bracket.md, `word`). */
export function readWord(word: string, limits: ValueLimits): { value: Value } | { problem: WordProblem } {
  const constant = CONSTANTS.get(word)
  if (constant !== undefined) return { value: constant }
  if (INTEGER.test(word)) return readInteger(word, limits)
  if (DOUBLE.test(word)) {
    const number = Number(word)
    return Number.isFinite(number) ? { value: Double.of(number) } : { problem: 'double' }
  }
  const value = readMarked(word)
  return value === null ? { problem: 'type' } : { value }
}

function readMarked(word: string): Value {
  if (TIME.test(word)) return parseTime(word)
  if (V4.test(word) || V6.test(word)) return parseAddress(word)
  if (!SIMPLE.test(word)) return null
  const number = Number(word.slice(1))
  return Simple.fits(number) ? new Simple(number) : null
}

function readInteger(word: string, limits: ValueLimits): { value: Value } | { problem: WordProblem } {
  if (word.length < 16) return { value: Number(word) + 0 }
  if (word.length > integerDigits(limits)) return { problem: 'integer' }
  const number = BigInt(word)
  return integerTooLong(number, limits) ? { problem: 'integer' } : { value: integer(number) }
}

/** A double, told from an integer by its point or exponent. */
export function doubleText(value: number): string {
  if (value !== value) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

// What RFC 5424 escapes, then what breaks a line, moves the cursor or turns the direction of writing.
const ESCAPED = /["\\\]\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu
const SHORT: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', ']': '\\]', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A well-formed text in quotes, on one line. */
export function quotedText(text: string): string {
  return `"${text.replace(ESCAPED, (one) => SHORT[one] ?? `\\u{${one.charCodeAt(0).toString(16)}}`)}"`
}

const BARE = new Uint8Array(128)
for (let code = 0x21; code < 0x7f; code++) BARE[code] = '=]"[(){},\\'.includes(String.fromCharCode(code)) ? 0 : 1

/** True for a character of a bare key or word: printable ASCII without the marks of the grammar. */
export function isWordCode(code: number): boolean {
  return code < 128 && BARE[code] === 1
}

/** True for what an SD-NAME may hold (RFC 5424 6.3). */
export function isNameCode(code: number): boolean {
  return code > 0x20 && code < 0x7f && code !== 0x3d && code !== 0x5d && code !== 0x22
}

/** A key: bare where it can be. */
export function keyText(key: string): string {
  if (key === '') return '""'
  for (let i = 0; i < key.length; i++) if (!isWordCode(key.charCodeAt(i))) return quotedText(key)
  return key
}
