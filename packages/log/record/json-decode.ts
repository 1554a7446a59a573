import { CodedError } from '../errors.ts'
import { keyId } from './cbor.ts'
import { readForm } from './json-forms.ts'
import { Double, Tagged, type Value, type ValueLimits, integer, integerTooLong, limitsOf } from './value.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const FORMS = '$int, $double, $bytes, $time, $ip, $simple, $tag with $value, $map'

/**
 * The value that a JSON text stands for, in its normal form. Strict RFC 8259: nothing before or after, no key twice, no half
 * surrogate pairs. A number without point and exponent is an integer of any size, any other is a double; objects are maps in the
 * order of the text; an object with a key that starts with `$` must be one of the forms of docs/formats/values.md.
 * @throws CodedError JSON_... with the offset in UTF-16 units in `at`
 */
export function decodeJson(text: string, limits: Partial<ValueLimits> = {}): Value {
  const all = limitsOf(limits)
  if (Buffer.byteLength(text) > all.bytes) {
    throw new CodedError('JSON_LIMIT', `longer than ${all.bytes} bytes`, { hint: 'raise the limit `bytes`' })
  }
  const reader = new Reader(text, all)
  const value = reader.value(0)
  reader.space()
  if (reader.at < text.length) reader.fail('JSON_MALFORMED', 'something follows the value')
  if (reader.items > all.items) reader.tooMany()
  return value
}

class Reader {
  at = 0
  private readonly text: string
  private readonly limits: ValueLimits
  /** Values so far, those inside of an escaped form not counted; while one is open its parts are. */
  items = 0
  private nesting = 0

  constructor(text: string, limits: ValueLimits) {
    this.text = text
    this.limits = limits
  }

  fail(code: string, message: string, at = this.at, hint = ''): never {
    throw new CodedError(code, message, { at: `character ${at}`, hint })
  }

  space(): void {
    SPACE.lastIndex = this.at
    SPACE.test(this.text)
    this.at = SPACE.lastIndex
  }

  /** `level` counts levels of the value; the brackets inside a `$map` are none. */
  value(level: number): Value {
    this.space()
    if (++this.items > this.limits.items * 3) this.tooMany()
    const first = this.text[this.at]
    if (first === '{') return this.nested(level, () => this.object(level + 1))
    if (first === '[') return this.nested(level, () => this.list(level + 1))
    if (first === '"') return this.string()
    if (first === 't') return this.word('true', true)
    if (first === 'f') return this.word('false', false)
    if (first === 'n') return this.word('null', null)
    return this.number()
  }

  tooMany(): never {
    this.fail('JSON_LIMIT', `more than ${this.limits.items} values`, this.at, 'raise the limit `items`')
  }

  private nested(level: number, read: () => Value): Value {
    const { depth } = this.limits
    const start = this.at
    if (level > depth || this.nesting > depth * 3 + 2) this.tooDeep(start)
    this.nesting++
    const value = read()
    this.nesting--
    // An object may be the escaped form of a value that nests nothing, so what it is decides.
    if (level === depth && (Array.isArray(value) || value instanceof Map || value instanceof Tagged)) this.tooDeep(start)
    return value
  }

  private tooDeep(start: number): never {
    this.fail('JSON_LIMIT', `nested deeper than ${this.limits.depth} levels`, start, 'raise the limit `depth`, or send flatter values')
  }

  private object(level: number): Value {
    const start = this.at++
    const before = this.items
    const map = new Map<string, Value>()
    let escaped = false
    if (!this.taken('}')) {
      do {
        this.space()
        const at = this.at
        if (this.text[at] !== '"') this.fail('JSON_MALFORMED', 'a key in quotes is due')
        const key = this.string()
        if (map.has(key)) this.fail('JSON_DUPLICATE_KEY', `the key ${JSON.stringify(key.slice(0, 64))} stands twice`, at)
        if (key.startsWith('$')) escaped = true
        this.due(':')
        map.set(key, this.value(key === '$map' ? level - 2 : level))
      } while (this.taken(','))
      this.due('}')
    }
    if (!escaped) {
      this.items += map.size
      return map
    }
    const value = readForm(map, this.limits.bignum)
    if (value === null)
      this.fail('JSON_FORM', 'a key starts with "$", but the object is none of the forms', start, `the forms are ${FORMS}`)
    if (value instanceof Map) {
      const pairs = map.get('$map') as Value[]
      this.unique(value as Map<Value, Value>, pairs, start)
      this.items -= pairs.length + 1
    } else if (value instanceof Tagged) this.items--
    else this.items = before
    return value
  }

  private unique(map: Map<Value, Value>, pairs: readonly Value[], start: number): void {
    const keys = new Set<string>()
    for (const key of map.keys()) keys.add(keyId(key))
    if (keys.size !== pairs.length) this.fail('JSON_DUPLICATE_KEY', 'a map has the same key twice', start)
  }

  private list(level: number): Value[] {
    this.at++
    const list: Value[] = []
    if (this.taken(']')) return list
    do list.push(this.value(level))
    while (this.taken(','))
    this.due(']')
    return list
  }

  private string(): string {
    const start = this.at
    let at = start + 1
    while (at < this.text.length && this.text.charCodeAt(at) !== QUOTE) at += this.text.charCodeAt(at) === BACKSLASH ? 2 : 1
    if (at >= this.text.length) this.fail('JSON_MALFORMED', 'a text without an end', start)
    this.at = at + 1
    let value: string
    try {
      value = JSON.parse(this.text.slice(start, this.at)) as string
    } catch (cause) {
      throw new CodedError('JSON_MALFORMED', 'a text with a control character or an unknown escape', { at: `character ${start}`, cause })
    }
    if (!value.isWellFormed()) this.fail('JSON_MALFORMED', 'a text with half a surrogate pair', start, 'send it as {"$bytes": ...}')
    return value
  }

  private number(): number | bigint | Double {
    NUMBER.lastIndex = this.at
    const match = NUMBER.exec(this.text)
    if (match === null)
      this.fail('JSON_MALFORMED', this.at < this.text.length ? 'no value starts here' : 'the text ends where a value is due')
    const [text, fraction, exponent] = match
    const start = this.at
    this.at += text.length
    if (fraction === undefined && exponent === undefined) {
      if (text.length < 16) return Number(text) + 0
      // Reading digits takes time that grows faster than their number, so that is judged first.
      const number = text.length > Math.max(8, this.limits.bignum) * 2.5 + 2 ? null : BigInt(text)
      if (number === null || integerTooLong(number, this.limits))
        this.fail('JSON_LIMIT', `an integer of more than ${this.limits.bignum} bytes`, start, 'raise the limit `bignum`')
      return integer(number)
    }
    const value = Number(text)
    if (!Number.isFinite(value)) this.fail('JSON_LIMIT', 'a number past the largest double', start, 'infinity is {"$double": "Infinity"}')
    return Double.of(value)
  }

  private word<T extends Value>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('JSON_MALFORMED', 'no value starts here')
    this.at += word.length
    return value
  }

  private taken(mark: string): boolean {
    this.space()
    if (this.text[this.at] !== mark) return false
    this.at++
    return true
  }

  private due(mark: string): void {
    if (!this.taken(mark)) this.fail('JSON_MALFORMED', `"${mark}" is due`)
  }
}
