import { ANY, DIGIT, fold, negate, NOT_NEWLINE, posixClass, SPACE, toSet, unicodeClass, WORD } from './regexp-classes.ts'

import type { Ranges } from './regexp-classes.ts'

/** A regular expression as a tree. `max` null = no upper bound. */
export type Regexp =
  | { readonly op: 'empty' }
  | { readonly op: 'set'; readonly ranges: Ranges }
  | { readonly op: 'cat' | 'alt'; readonly items: readonly Regexp[] }
  | { readonly op: 'repeat'; readonly item: Regexp; readonly min: number; readonly max: number | null }
  | { readonly op: 'assert'; readonly kind: 'text_start' | 'text_end' | 'line_start' | 'line_end' | 'word' | 'not_word' }

/** What is wrong with a regular expression, and where (in UTF-16 units). */
export class RegexpError extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.name = 'RegexpError'
    this.at = at
  }
}

/** Most times that a part may be asked to repeat by `{n,m}`, also nested. */
const MOST_REPEATS = 1000
const MOST_DEPTH = 200

interface Flags {
  i: boolean
  m: boolean
  s: boolean
}

/**
 * Reads RE2's syntax (Perl classes, `[:alpha:]`, `\p{..}`, `(?i)`, `(?P<name>..)`, `\Q..\E`); captures are groups, lazy repetition is repetition, as
 * only whether a text matches is asked. No backreferences, no lookaround. Throws RegexpError.
 */
export function parseRegexp(pattern: string): Regexp {
  const parser = new Parser(pattern)
  const tree = parser.alternatives({ i: false, m: false, s: false }, 0)
  if (parser.at < pattern.length) throw new RegexpError('")" without "("', parser.at)
  checkRepeats(tree, 1)
  return tree
}

/** RE2 counts nested bounds by their product. */
function checkRepeats(node: Regexp, times: number): void {
  if (node.op === 'repeat') {
    const factor = Math.max(node.min, node.max ?? 0, 1)
    if (factor * times > MOST_REPEATS) throw new RegexpError(`a part repeats more than ${MOST_REPEATS} times`, 0)
    checkRepeats(node.item, factor * times)
  } else if (node.op === 'cat' || node.op === 'alt') {
    for (const item of node.items) checkRepeats(item, times)
  }
}

const CONTROLS: Record<string, number> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const PERL: Record<string, Ranges> = { d: DIGIT, w: WORD, s: SPACE, D: negate(DIGIT), W: negate(WORD), S: negate(SPACE) }

class Parser {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  /** `a|b|c` up to `)` or the end. Flags that `(?i)` sets hold up to there. */
  alternatives(flags: Flags, depth: number): Regexp {
    if (depth > MOST_DEPTH) throw new RegexpError('too many nested groups', this.at)
    const own = { ...flags }
    const options: Regexp[] = []
    for (;;) {
      options.push(this.sequence(own, depth))
      if (this.text[this.at] !== '|') break
      this.at++
    }
    return options.length === 1 ? options[0]! : { op: 'alt', items: options }
  }

  private sequence(flags: Flags, depth: number): Regexp {
    const items: Regexp[] = []
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') {
      if (this.text.startsWith('\\Q', this.at)) {
        items.push(...this.literalText(flags))
        const last = items.pop()
        if (last !== undefined) items.push(this.repeated(last))
        continue
      }
      const atom = this.atom(flags, depth)
      if (atom !== null) items.push(this.repeated(atom))
    }
    if (items.length === 0) return { op: 'empty' }
    return items.length === 1 ? items[0]! : { op: 'cat', items }
  }

  private literalText(flags: Flags): Regexp[] {
    const end = this.text.indexOf('\\E', this.at + 2)
    const text = this.text.slice(this.at + 2, end < 0 ? undefined : end)
    this.at = end < 0 ? this.text.length : end + 2
    return [...text].map((char) => set([char.codePointAt(0)!, char.codePointAt(0)!], flags))
  }

  private repeated(atom: Regexp): Regexp {
    let out = atom
    let count = 0
    for (;;) {
      const from = this.at
      const bounds = this.bounds()
      if (bounds === null) return out
      if (++count > 1) throw new RegexpError('a repetition of a repetition', from)
      if (this.text[this.at] === '?') this.at++ // lazy: the same set of texts
      out = { op: 'repeat', item: out, min: bounds[0], max: bounds[1] }
    }
  }

  /** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; null, unmoved, when none stands here. */
  private bounds(): [number, number | null] | null {
    const sign = this.text[this.at]
    if (sign === '*' || sign === '+' || sign === '?') {
      this.at++
      return sign === '*' ? [0, null] : sign === '+' ? [1, null] : [0, 1]
    }
    const found = sign === '{' ? /^\{(\d{1,9})(,(\d{0,9}))?\}/u.exec(this.text.slice(this.at, this.at + 24)) : null
    if (found === null) return null
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === '' ? null : Number(found[3])
    if (min > MOST_REPEATS || (max !== null && (max > MOST_REPEATS || max < min))) throw new RegexpError('bad repetition count', this.at)
    this.at += found[0].length
    return [min, max]
  }

  /** One part without its repetition; null for a group that only sets flags. */
  private atom(flags: Flags, depth: number): Regexp | null {
    const { at } = this
    const char = String.fromCodePoint(this.text.codePointAt(at)!)
    this.at += char.length
    switch (char) {
      case '.':
        return { op: 'set', ranges: flags.s ? ANY : NOT_NEWLINE }
      case '^':
        return { op: 'assert', kind: flags.m ? 'line_start' : 'text_start' }
      case '$':
        return { op: 'assert', kind: flags.m ? 'line_end' : 'text_end' }
      case '[':
        return this.charClass(flags)
      case '(':
        return this.group(flags, depth)
      case '\\':
        return this.escaped(flags)
      case '*':
      case '+':
      case '?':
        throw new RegexpError(`"${char}" repeats nothing`, at)
      default:
        return set([char.codePointAt(0)!, char.codePointAt(0)!], flags)
    }
  }

  private group(flags: Flags, depth: number): Regexp | null {
    const open = this.at - 1
    let inner = flags
    if (this.text[this.at] === '?') {
      const head = /^\?(?:P?<([A-Za-z_]\w*)>|([imsU]*)(?:-([imsU]+))?([:)]))/u.exec(this.text.slice(this.at))
      if (head === null || head[0] === '?)') throw new RegexpError('a group of this kind is not part of RE2', open)
      this.at += head[0].length
      if (head[4] !== undefined) {
        const changed = { ...flags }
        for (const flag of head[2]!) if (flag !== 'U') changed[flag as keyof Flags] = true
        for (const flag of head[3] ?? '') if (flag !== 'U') changed[flag as keyof Flags] = false
        if (head[4] === ')') {
          Object.assign(flags, changed)
          return null
        }
        inner = changed
      }
    }
    const tree = this.alternatives(inner, depth + 1)
    if (this.text[this.at] !== ')') throw new RegexpError('"(" without ")"', open)
    this.at++
    return tree
  }

  /** What stands after a backslash, outside of a class. */
  private escaped(flags: Flags): Regexp {
    const char = this.text[this.at] ?? ''
    const kind = ({ b: 'word', B: 'not_word', A: 'text_start', z: 'text_end' } as const)[char as 'b']
    if (kind !== undefined) {
      this.at++
      return { op: 'assert', kind }
    }
    const named = this.namedClass()
    if (named !== null) return { op: 'set', ranges: flags.i ? fold(named) : named }
    const code = this.escapedChar()
    return set([code, code], flags)
  }

  /** `\d`, `\pL`, `\p{Greek}` and the like after their backslash; null, unmoved, when it is none. */
  private namedClass(): Ranges | null {
    const char = this.text[this.at] ?? ''
    if (char in PERL) {
      this.at++
      return PERL[char]!
    }
    if (char !== 'p' && char !== 'P') return null
    const found = /^[pP](?:([A-Z])|\{(\^?)(\w+)\})/u.exec(this.text.slice(this.at, this.at + 64))
    const ranges = found === null ? null : unicodeClass(found[1] ?? found[3]!)
    if (found === null || ranges === null) throw new RegexpError('no such Unicode class', this.at)
    this.at += found[0].length
    return (char === 'P') === (found[2] === '^') ? ranges : negate(ranges)
  }

  /** A single character after its backslash. */
  private escapedChar(): number {
    const { at } = this
    const rest = this.text.slice(at, at + 12)
    const hex = /^x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/u.exec(rest)
    if (hex !== null) {
      this.at += hex[0].length
      const code = Number.parseInt(hex[1] ?? hex[2]!, 16)
      if (code > 0x10ffff) throw new RegexpError('no such character', at)
      return code
    }
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/u.exec(rest)
    if (octal !== null) {
      this.at += octal[0].length
      return Number.parseInt(octal[0], 8)
    }
    const char = rest[0] ?? ''
    this.at++
    const control = CONTROLS[char]
    if (control !== undefined) return control
    if (char === '' || /[\w\u0080-\u{10ffff}]/u.test(char))
      throw new RegexpError(char === '' ? 'a backslash at the end' : `no such escape: \\${char}`, at)
    return char.charCodeAt(0)
  }

  private charClass(flags: Flags): Regexp {
    const open = this.at - 1
    const negated = this.text[this.at] === '^'
    if (negated) this.at++
    const pairs: number[] = []
    for (let first = true; first || this.text[this.at] !== ']'; first = false) {
      if (this.at >= this.text.length) throw new RegexpError('"[" without "]"', open)
      const found = this.classInClass()
      if (found !== null) {
        pairs.push(...found)
        continue
      }
      const from = this.classChar(open)
      let to = from
      if (this.text[this.at] === '-' && this.at + 1 < this.text.length && this.text[this.at + 1] !== ']') {
        this.at++
        to = this.classChar(open)
        if (to < from) throw new RegexpError('a range from high to low', open)
      }
      pairs.push(from, to)
    }
    this.at++
    const ranges = flags.i ? fold(toSet(pairs)) : toSet(pairs)
    return { op: 'set', ranges: negated ? negate(ranges) : ranges }
  }

  private classInClass(): Ranges | null {
    const posix = /^\[:(\^?)(\w+):\]/u.exec(this.text.slice(this.at, this.at + 16))
    if (posix !== null) {
      const ranges = posixClass(posix[2]!)
      if (ranges === null) throw new RegexpError(`no such class: ${posix[0]}`, this.at)
      this.at += posix[0].length
      return posix[1] === '' ? ranges : negate(ranges)
    }
    if (this.text[this.at] !== '\\') return null
    this.at++
    const named = this.namedClass()
    if (named === null) this.at--
    return named
  }

  private classChar(open: number): number {
    if (this.at >= this.text.length) throw new RegexpError('"[" without "]"', open)
    if (this.text[this.at] === '\\') {
      this.at++
      return this.escapedChar()
    }
    const code = this.text.codePointAt(this.at)!
    this.at += code > 0xffff ? 2 : 1
    return code
  }
}

function set(ranges: Ranges, flags: Flags): Regexp {
  return { op: 'set', ranges: flags.i ? fold(ranges) : ranges }
}
