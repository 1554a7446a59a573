import { durationOf, numberOf, plainNumber } from './numbers.ts'

import type { Lexer } from './lexer.ts'

const STOPS = ['*', ',', '(', ')', '[', ']', '|']

/** Can a word start here? Not at the end, at a sign of the grammar, or at a quote that is never closed. */
function startsWord(lexer: Lexer, stops: readonly string[]): boolean {
  if (lexer.end) return false
  return lexer.quoted || !(stops.includes(lexer.token) || '"\'`'.includes(lexer.token))
}

/**
 * A value made of all tokens that follow without white space: `foo-bar/baz`, `2024-05-01`, `"quoted"`. One token alone gives its decoded text,
 * several give the text as written. Stops at `* , ( ) [ ] |` and at those of `more` (for example ':').
 */
export function parseWord(lexer: Lexer, what: string, ...more: string[]): string {
  const stops = more.length === 0 ? STOPS : [...STOPS, ...more]
  if (!startsWord(lexer, stops)) return failWord(lexer, what)
  const first = lexer.token
  let raw = lexer.raw
  lexer.next()
  let several = false
  while (!lexer.end && !lexer.spaceBefore && (lexer.quoted || !stops.includes(lexer.token))) {
    raw += lexer.raw
    several = true
    lexer.next()
  }
  return several ? raw : first
}

/** A regular expression: as `parseWord`, but only the tokens of `stops` end it, so that `*` and the like can be part of it. */
export function parsePattern(lexer: Lexer, ...stops: string[]): string {
  const what = 'a regular expression'
  if (!startsWord(lexer, stops)) return failWord(lexer, what)
  const first = lexer.token
  const from = lexer.at
  let several = false
  lexer.next()
  while (!lexer.end && !lexer.spaceBefore && (lexer.quoted || !stops.includes(lexer.token))) {
    several = true
    lexer.next()
  }
  return several ? lexer.text.slice(from, lexer.lastEnd) : first
}

function failWord(lexer: Lexer, what: string): never {
  if (!lexer.end && '"\'`'.includes(lexer.token) && !lexer.quoted)
    lexer.fail(
      `the quote ${lexer.token} is not closed, or there is a bad escape after it`,
      'a backslash is written \\\\ in "...", and as it is in `...`',
    )
  return lexer.fail(`${what} expected, not ${lexer.shown()}`, lexer.end ? '' : 'put text with special characters in quotes')
}

/** A field name; the empty name stands for `_msg`. Stops at `:` too, and at those of `more`. */
export function parseFieldName(lexer: Lexer, ...more: string[]): string {
  const name = parseWord(lexer, 'a field name', ':', ...more)
  return name === '' ? '_msg' : name
}

/** A field name, `*`, or the beginning of names followed by `*` (told by the trailing `*` in the result). */
export function parseFieldPattern(lexer: Lexer, ...more: string[]): string {
  if (lexer.accept('*')) return '*'
  const quoted = lexer.quoted
  const name = parseFieldName(lexer, ...more)
  if (lexer.is('*') && !lexer.spaceBefore) {
    lexer.next()
    return `${name}*`
  }
  if (quoted && name.endsWith('*')) lexer.fail('a field name that ends with * is not supported here')
  return name
}

/** Field patterns with commas between them, at least one, no comma at the end. */
export function parseFieldList(lexer: Lexer): string[] {
  const out = [parseFieldPattern(lexer)]
  while (lexer.accept(',')) out.push(parseFieldPattern(lexer))
  return out
}

/** `( item, item, ... )`; may be empty and may end with a comma. */
export function parseInParens<T>(lexer: Lexer, item: (lexer: Lexer) => T): T[] {
  lexer.expect('(')
  const out: T[] = []
  while (!lexer.is(')')) {
    out.push(item(lexer))
    if (lexer.is(')')) break
    if (!lexer.accept(',')) lexer.fail(`"," or ")" expected, not ${lexer.shown()}`)
  }
  lexer.expect(')')
  return out
}

/** Field patterns in parentheses. */
export function parseFieldsInParens(lexer: Lexer): string[] {
  return parseInParens(lexer, (inner) => parseFieldPattern(inner))
}

/** A number with or without unit (size, duration in nanoseconds). */
export function parseNumber(lexer: Lexer): number {
  const at = lexer.at
  const text = parseWord(lexer, 'a number')
  const value = numberOf(text)
  if (value === null || Number.isNaN(value)) lexer.fail(`a number expected, not ${JSON.stringify(text)}`, '', at)
  return value
}

/** A whole number from 0 up to 2^53; sizes such as `10K` count. */
export function parseCount(lexer: Lexer): number {
  const at = lexer.at
  const value = parseNumber(lexer)
  if (!Number.isSafeInteger(value) || value < 0) lexer.fail('a whole number from 0 on expected', '', at)
  return value
}

/** A plain number without unit, such as the phi of a quantile. */
export function parsePlainNumber(lexer: Lexer): number {
  const at = lexer.at
  const text = parseWord(lexer, 'a number')
  const value = plainNumber(text)
  if (value === null || Number.isNaN(value)) lexer.fail(`a number expected, not ${JSON.stringify(text)}`, '', at)
  return value
}

/** A duration such as `1h30m` or `-5m`, in microseconds. */
export function parseDuration(lexer: Lexer): number {
  const at = lexer.at
  const text = parseWord(lexer, 'a duration', ':')
  const ns = durationOf(text)
  if (ns === null)
    lexer.fail(`a duration such as 1h30m expected, not ${JSON.stringify(text)}`, 'units are ns, µs, ms, s, m, h, d, w and y', at)
  return ns / 1000
}
