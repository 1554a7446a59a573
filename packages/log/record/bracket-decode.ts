import { CodedError } from '../errors.ts'
import { readStructured, startsStructured } from './bracket-structured.ts'
import { isWordCode, readWord, wordTooLong } from './bracket-words.ts'
import { keyId } from './cbor.ts'
import { parseBytes } from './json-forms.ts'
import { Tagged, type Value, type ValueLimits, integer, limitsOf } from './value.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SHORT: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', ']': ']', n: '\n', r: '\r', t: '\t' }

/**
 * The value that a bracketed text stands for, in its normal form (docs/formats/bracket.md); also STRUCTURED-DATA of RFC 5424, as a
 * map of its elements. Time grows with the length alone.
 * @throws CodedError BRACKET_... with the column in `at`, in UTF-16 units from 1
 */
export function decodeBracket(text: string, limits: Partial<ValueLimits> = {}): Value {
  const all = limitsOf(limits)
  if (Buffer.byteLength(text) > all.bytes) {
    throw new CodedError('BRACKET_LIMIT', `longer than ${all.bytes} bytes`, { hint: 'raise the limit `bytes`, or send less in one text' })
  }
  if (startsStructured(text)) return readStructured(text, all)
  const reader = new Reader(text, all)
  reader.space()
  const value = reader.value(0)
  reader.space()
  if (reader.at < text.length) reader.fail('BRACKET_MALFORMED', 'something follows the value', reader.at, 'one text holds one value')
  return value
}

class Reader {
  at = 0
  private readonly text: string
  private readonly limits: ValueLimits
  private items = 0

  constructor(text: string, limits: ValueLimits) {
    this.text = text
    this.limits = limits
  }

  fail(code: string, message: string, at: number, hint: string): never {
    throw new CodedError(code, message, { at: `column ${at + 1}`, hint })
  }

  /** Blanks and tabs; true when there was one. */
  space(): boolean {
    const from = this.at
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++
    return this.at > from
  }

  value(depth: number): Value {
    this.count()
    const from = this.at
    const first = this.text[from]
    if (first === '"') return this.quoted()
    if (first === 'b' && this.text[from + 1] === '"') return this.bytes()
    if (first !== '[' && first !== '(' && first !== '#') return this.word()
    if (depth >= this.limits.depth) {
      this.fail('BRACKET_LIMIT', `nested deeper than ${this.limits.depth} levels`, from, 'raise the limit `depth`, or send flatter values')
    }
    if (first === '[') return this.map(depth + 1)
    return first === '(' ? this.list(depth + 1) : this.tagged(depth + 1)
  }

  private count(): void {
    if (++this.items > this.limits.items)
      this.fail('BRACKET_LIMIT', `more than ${this.limits.items} values`, this.at, 'raise the limit `items`')
  }

  private list(depth: number): Value[] {
    const list: Value[] = []
    this.each(')', () => list.push(this.value(depth)))
    return list
  }

  private map(depth: number): Map<Value, Value> {
    const map = new Map<Value, Value>()
    const keys = new Set<string>()
    this.each(']', () => {
      const from = this.at
      const key = this.key(depth)
      const id = keyId(key)
      if (keys.has(id))
        this.fail('BRACKET_DUPLICATE_KEY', 'a map has the same key twice', from, 'each key may stand once; put its values in a list')
      keys.add(id)
      if (this.text[this.at] !== '=')
        this.due('"=" and a value', 'write name=value without blanks; quote a key that holds other characters')
      this.at++
      map.set(key, this.value(depth))
    })
    return map
  }

  /** Entries up to the mark that closes them, with blanks or one comma between. */
  private each(close: string, entry: () => void): void {
    this.at++
    this.space()
    if (this.text[this.at] === close) {
      this.at++
      return
    }
    for (;;) {
      entry()
      const apart = this.space()
      if (this.text[this.at] === close) break
      if (this.text[this.at] === ',') {
        this.at++
        this.space()
      } else if (!apart) this.due(`a blank or "${close}"`, 'put a blank between values; quote a text')
    }
    this.at++
  }

  private key(depth: number): Value {
    const from = this.at
    if (this.text[from] === '=') {
      this.at++
      return this.value(depth)
    }
    this.count()
    if (this.text[from] === '"') return this.quoted()
    const key = this.run()
    if (key === '') this.due('a key', 'a key is a bare name or a text in quotes')
    return key
  }

  private tagged(depth: number): Tagged {
    const from = this.at++
    const digits = this.at
    while (this.at - digits < 21 && this.text[this.at] >= '0' && this.text[this.at] <= '9') this.at++
    const text = this.text.slice(digits, this.at)
    if (this.at >= this.text.length) this.due('a tag', 'a tag is #number:value')
    if (this.text[this.at] !== ':' || text === '' || (text[0] === '0' && text !== '0') || text.length > 20 || BigInt(text) >= 2n ** 64n)
      this.fail('BRACKET_WORD', '"#" starts a tag, but no number below 2^64 and a ":" follow', from, 'a tag is #number:value; quote a text')
    this.at++
    return new Tagged(integer(BigInt(text)), this.value(depth))
  }

  private bytes(): Uint8Array {
    const from = this.at
    const end = this.text.indexOf('"', from + 2)
    if (end === -1) {
      this.at = this.text.length
      this.due('the quote that ends the bytes', 'the rest was lost or has not come yet')
    }
    const value = parseBytes(this.text.slice(from + 2, end))
    if (value === null)
      this.fail('BRACKET_WORD', 'b"..." holds no base64', from, 'use the alphabet with + and /, padded with =, without blanks')
    this.at = end + 1
    return value
  }

  private word(): Value {
    const from = this.at
    const word = this.run()
    if (word === '') this.due('a value', 'a text stands in quotes; null is a value too')
    if (wordTooLong(word, this.limits))
      this.fail('BRACKET_LIMIT', `a bare word of ${word.length} characters`, from, 'quote it, or raise the limit `bignum`')
    const read = readWord(word, this.limits)
    if ('value' in read) return read.value
    if (read.problem === 'integer') {
      this.fail('BRACKET_LIMIT', `an integer of more than ${this.limits.bignum} bytes`, from, 'raise the limit `bignum`')
    }
    if (read.problem === 'double') this.fail('BRACKET_LIMIT', 'a number past the largest double', from, 'infinity is inf')
    this.fail('BRACKET_WORD', `the word ${word.slice(0, 64)} is a value of no type`, from, 'quote it if it is a text')
  }

  /** The bare word that starts here; empty where none does. */
  private run(): string {
    const from = this.at
    while (this.at < this.text.length && isWordCode(this.text.charCodeAt(this.at))) this.at++
    return this.text.slice(from, this.at)
  }

  private quoted(): string {
    const start = this.at
    const parts: string[] = []
    let from = ++this.at
    for (;;) {
      if (this.at >= this.text.length) this.due('the quote that ends the text', 'the rest was lost or has not come yet')
      const code = this.text.charCodeAt(this.at)
      if (code < 0x20) this.fail('BRACKET_MALFORMED', 'a control character in a text', this.at, 'escape it: \\n, \\t, \\u{0}')
      if (code === QUOTE) break
      if (code !== BACKSLASH) {
        this.at++
        continue
      }
      parts.push(this.text.slice(from, this.at), this.escape())
      from = this.at
    }
    parts.push(this.text.slice(from, this.at++))
    const text = parts.join('')
    if (!text.isWellFormed()) this.fail('BRACKET_MALFORMED', 'a text with half a surrogate pair', start, 'send it as bytes: b"..."')
    return text
  }

  private escape(): string {
    const from = this.at
    const mark = this.text[from + 1]
    this.at += 2
    if (mark === undefined) {
      this.at = this.text.length
      this.due('an escape', 'the rest was lost or has not come yet')
    }
    if (Object.hasOwn(SHORT, mark)) return SHORT[mark]
    if (mark !== 'u') this.badEscape(from)
    return this.unicode(from)
  }

  /** `\u{10ffff}`: one to six digits. */
  private unicode(from: number): string {
    const limit = Math.min(this.text.length, this.at + 8)
    while (this.at < limit && /[{0-9A-Fa-f]/.test(this.text[this.at])) this.at++
    if (this.at >= this.text.length) this.due('the end of an escape', 'the rest was lost or has not come yet')
    const match = /^\\u\{([0-9A-Fa-f]{1,6})\}$/.exec(this.text.slice(from, ++this.at))
    const code = match === null ? -1 : Number.parseInt(match[1], 16)
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) this.badEscape(from)
    return String.fromCodePoint(code)
  }

  private badEscape(from: number): never {
    this.fail(
      'BRACKET_ESCAPE',
      'an unknown escape',
      from,
      'the escapes are \\" \\\\ \\] \\n \\r \\t and \\u{hex} of a whole character; write \\\\ for a backslash',
    )
  }

  private due(what: string, hint: string): never {
    if (this.at < this.text.length) this.fail('BRACKET_MALFORMED', `${what} is due`, this.at, hint)
    this.fail('BRACKET_CUT', `the text ends where ${what} is due`, this.at, 'the rest was lost or has not come yet')
  }
}
