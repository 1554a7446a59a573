import { CodedError } from '@pullbox/log/errors'

/** Longest query in UTF-16 units. */
export const MAX_QUERY_LENGTH = 65_536
/** Deepest nesting of parentheses, subqueries and the like. */
export const MAX_QUERY_DEPTH = 100

/** What a query is read with. */
export interface LexerOptions {
  /** Microseconds since 1970 that `now` and relative durations stand for. Default: 0, so a caller that allows relative times must give it. */
  readonly now?: number
  /** IANA name of the zone of times that are written without one, and of day and week ranges that give none. Default 'UTC'. */
  readonly tz?: string
}

/** A place in a query, to come back to with `restore`. */
export interface LexerState {
  readonly token: string
  readonly raw: string
  readonly quoted: boolean
  readonly spaceBefore: boolean
  readonly at: number
  readonly next: number
  readonly end: boolean
  readonly depth: number
  readonly lastEnd: number
}

const WORD = /[\p{L}\p{Nd}_.]+/uy
const SPACE = /(?:\s|#[^\n]*)+/uy
const QUOTES = '"\'`'
const PAIRS = new Set(['=~', '!~', '!=', '>=', '<='])

/**
 * Tokens of LogsQL, one at a time: runs of letters, digits, `_` and `.`; text in quotes (`"` and `'` with Go's escapes, `` ` `` without);
 * the pairs `=~ !~ != >= <=`; else single characters. White space separates and is told by `spaceBefore`; `#` starts a comment up to the
 * end of the line. A quote that is never closed is a token of its own, not `quoted`, which no grammar rule takes.
 *
 * The first token is current after construction. At the end `end` is true and `token` and `raw` are empty.
 * Throws QUERY_TOO_LONG; `fail` throws QUERY_SYNTAX, `enter` QUERY_TOO_DEEP.
 */
export class Lexer {
  /** The query; halves of surrogate pairs read as U+FFFD. */
  readonly text: string
  readonly now: number
  readonly tz: string
  /** Current token; without quotes and with escapes resolved when quoted. */
  token = ''
  /** Current token as written. */
  raw = ''
  quoted = false
  /** White space or a comment stands before the current token. */
  spaceBefore = false
  /** Offset of the current token in `text`, in UTF-16 units. */
  at = 0
  end = false
  /** Offset of the end of the token before the current one. */
  lastEnd = 0
  private position = 0
  private depth = 0

  constructor(text: string, options: LexerOptions = {}) {
    if (text.length > MAX_QUERY_LENGTH) {
      throw new CodedError('QUERY_TOO_LONG', `the query has ${text.length} characters; at most ${MAX_QUERY_LENGTH} are read`, {
        hint: 'split the query, or keep long lists of values in a subquery',
      })
    }
    // half a surrogate pair is no character
    this.text = text.toWellFormed()
    this.now = options.now ?? 0
    this.tz = options.tz ?? 'UTC'
    this.next()
  }

  /** Moves to the next token. At the end it stays there. */
  next(): void {
    const { text } = this
    this.lastEnd = this.position
    SPACE.lastIndex = this.position
    const space = SPACE.exec(text)
    this.spaceBefore = space !== null
    if (space !== null) this.position += space[0].length
    const at = this.position
    this.at = at
    this.quoted = false
    if (at >= text.length) {
      this.end = true
      this.token = ''
      this.raw = ''
      return
    }
    WORD.lastIndex = at
    const word = WORD.exec(text)
    if (word !== null) return this.take(word[0], word[0].length)
    if (QUOTES.includes(text[at]!)) {
      const found = readQuoted(text, at)
      if (found !== null) {
        this.take(found.value, found.length)
        this.quoted = true
        return
      }
    }
    const two = text.slice(at, at + 2)
    if (PAIRS.has(two)) return this.take(two, 2)
    const one = String.fromCodePoint(text.codePointAt(at)!)
    this.take(one, one.length)
  }

  private take(token: string, length: number): void {
    this.token = token
    this.raw = this.text.slice(this.at, this.at + length)
    this.position = this.at + length
  }

  /** Is the current token one of these words or signs, unquoted, in any case (words are given in lower case)? */
  is(...words: string[]): boolean {
    return !this.quoted && !this.end && words.includes(this.token.toLowerCase())
  }

  /** Steps over the current token when `is(...words)`, and tells whether it did. */
  accept(...words: string[]): boolean {
    if (!this.is(...words)) return false
    this.next()
    return true
  }

  /** Steps over the sign or word that must stand here; throws QUERY_SYNTAX else. */
  expect(word: string, where = ''): void {
    if (!this.accept(word)) this.fail(`${quote(word)} expected${where === '' ? '' : ` ${where}`}, not ${this.shown()}`)
  }

  /** The current token as an error message shows it. */
  shown(): string {
    if (this.end) return 'the end of the query'
    return quote(this.raw.length > 40 ? `${this.raw.slice(0, 40)}...` : this.raw)
  }

  save(): LexerState {
    const { token, raw, quoted, spaceBefore, at, end, depth, lastEnd } = this
    return { token, raw, quoted, spaceBefore, at, next: this.position, end, depth, lastEnd }
  }

  restore(state: LexerState): void {
    this.token = state.token
    this.raw = state.raw
    this.quoted = state.quoted
    this.spaceBefore = state.spaceBefore
    this.at = state.at
    this.end = state.end
    this.position = state.next
    this.depth = state.depth
    this.lastEnd = state.lastEnd
  }

  /** One level of nesting more; each `enter` has its `leave`. Throws QUERY_TOO_DEEP. */
  enter(): void {
    if (++this.depth > MAX_QUERY_DEPTH) {
      throw new CodedError('QUERY_TOO_DEEP', `the query nests deeper than ${MAX_QUERY_DEPTH} levels`, {
        at: this.column(this.at),
        hint: 'take out parentheses that are not needed',
      })
    }
  }

  leave(): void {
    this.depth--
  }

  /** Throws QUERY_SYNTAX at the current token, or at `at`. */
  fail(message: string, hint = '', at = this.at): never {
    throw new CodedError('QUERY_SYNTAX', message, { at: this.column(at), hint })
  }

  /** How errors name an offset: columns are counted from 1. */
  column(at: number): string {
    return `column ${at + 1}`
  }
}

/** A text in double quotes that the lexer reads back to the same text. */
export function quote(text: string): string {
  let out = '"'
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (char === '"' || char === '\\') out += `\\${char}`
    else if (char === '\n') out += '\\n'
    else if (char === '\t') out += '\\t'
    else if (char === '\r') out += '\\r'
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code >= 0xd800 && code <= 0xdfff) out += '\ufffd'
    else out += char
  }
  return `${out}"`
}

const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
}

/** The quoted text at `at`, or null when it is not closed or holds an escape that Go's strings don't have. */
function readQuoted(text: string, at: number): { value: string; length: number } | null {
  const mark = text[at]!
  if (mark === '`') {
    const close = text.indexOf('`', at + 1)
    return close < 0 ? null : { value: text.slice(at + 1, close), length: close + 1 - at }
  }
  let value = ''
  let from = at + 1
  for (let i = from; i < text.length;) {
    const char = text[i]!
    if (char === mark) return { value: value + text.slice(from, i), length: i + 1 - at }
    if (char !== '\\') {
      i++
      continue
    }
    const escape = readEscape(text, i + 1)
    if (escape === null) return null
    value += text.slice(from, i) + escape.value
    i = escape.next
    from = i
  }
  return null
}

/** One escape after its backslash. Bytes (`\xNN`, octal) that follow each other are read as UTF-8 together. */
function readEscape(text: string, at: number): { value: string; next: number } | null {
  const simple = SIMPLE[text[at] ?? '']
  if (simple !== undefined) return { value: simple, next: at + 1 }
  const wide = /^(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/u.exec(text.slice(at, at + 9))
  if (wide !== null) {
    const code = Number.parseInt(wide[1] ?? wide[2]!, 16)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null
    return { value: String.fromCodePoint(code), next: at + wide[0].length }
  }
  const bytes: number[] = []
  let i = at
  for (;;) {
    const found = /^(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2}))/u.exec(text.slice(i, i + 3))
    if (found === null) break
    bytes.push(found[1] === undefined ? Number.parseInt(found[2]!, 8) : Number.parseInt(found[1], 16))
    i += found[0].length
    if (text[i] !== '\\') break
    i++
  }
  if (bytes.length === 0) return null
  if (text[i - 1] === '\\') i-- // the last backslash belongs to another escape
  return { value: new TextDecoder().decode(Uint8Array.from(bytes)), next: i }
}
