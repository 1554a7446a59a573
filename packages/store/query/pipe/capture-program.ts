import { parseRegexp, RegexpError, type Regexp } from '../language/regexp-syntax.ts'

/** One step of a program: what must hold, and where to go on. Splits prefer `x`. */
export type Instruction =
  | { readonly op: 'set'; readonly ranges: Extract<Regexp, { op: 'set' }>['ranges']; x: number }
  | { readonly op: 'assert'; readonly kind: Extract<Regexp, { op: 'assert' }>['kind']; x: number }
  | { readonly op: 'split'; x: number; y: number }
  | { readonly op: 'save'; readonly slot: number; x: number }
  | { readonly op: 'match' }

/** A regular expression with its groups. `names[g]` is the name of group `g`, empty when it has none; group 0 is the whole match. */
export interface CaptureProgram {
  readonly code: readonly Instruction[]
  readonly names: readonly string[]
}

/** Longest program; `{n,m}` repeats what it stands behind. */
const MOST_CODE = 20_000

interface Group {
  readonly op: 'group'
  readonly item: Node
  /** Number of the group; 0 = it is not kept. */
  readonly number: number
}

type Node =
  | Regexp
  | Group
  | { readonly op: 'all' | 'any'; readonly items: readonly Node[] }
  | { readonly op: 'times'; readonly item: Node; readonly min: number; readonly max: number; readonly lazy: boolean }

/**
 * Reads the groups, alternatives and repetitions of an expression that `parseRegexp` takes, which keeps no groups; what stands between
 * them is read by it. Throws RegexpError.
 */
class GroupParser {
  readonly names = ['']
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  /** Up to `)` or the end; `flags` are those of `(?i)`, as letters. */
  alternatives(outer: string): Node {
    const flags = { now: outer }
    const options: Node[] = []
    for (;;) {
      options.push(this.sequence(flags))
      if (this.text[this.at] !== '|') break
      this.at++
    }
    return options.length === 1 ? options[0]! : { op: 'any', items: options }
  }

  private sequence(flags: { now: string }): Node {
    const items: Node[] = []
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') {
      const atom = this.text[this.at] === '(' ? this.group(flags) : this.atom(flags.now)
      if (atom !== null) items.push(this.repeated(atom, flags.now.includes('U')))
    }
    return { op: 'all', items }
  }

  private group(flags: { now: string }): Node | null {
    const head = /^\((?:\?(?:P?<(\w+)>|([imsU]*)(?:-([imsU]+))?([:)])))?/u.exec(this.text.slice(this.at))!
    this.at += head[0].length
    if (head[4] !== undefined) {
      const changed = new Set([...flags.now, ...head[2]!])
      for (const flag of head[3] ?? '') changed.delete(flag)
      if (head[4] === ')') {
        flags.now = [...changed].join('')
        return null
      }
      return { op: 'group', number: 0, item: this.inner([...changed].join('')) }
    }
    const number = this.names.push(head[1] ?? '') - 1
    return { op: 'group', number, item: this.inner(flags.now) }
  }

  private inner(flags: string): Node {
    const item = this.alternatives(flags)
    this.at++
    return item
  }

  /** A sign, a class or an escape, read by `parseRegexp`. */
  private atom(flags: string): Node {
    const rest = this.text.slice(this.at)
    const literal = /^\\Q([\s\S]*?)(?:\\E|$)/u.exec(rest)
    if (literal !== null) {
      this.at += literal[0].length
      return { op: 'all', items: [...literal[1]!].map((sign) => read(`\\x{${sign.codePointAt(0)!.toString(16)}}`, flags)) }
    }
    const found =
      /^(?:\\(?:[pP]\{[^}]*\}|[pP].|x\{[^}]*\}|x..|[0-7]{1,3}|.)|\[\^?\]?(?:\[:\^?\w+:\]|\\(?:[pP]\{[^}]*\}|[pP].|x\{[^}]*\}|.)|[^\]\\])*\]|[\s\S])/u.exec(
        rest,
      )!
    this.at += found[0].length
    return read(found[0], flags)
  }

  private repeated(item: Node, swapped: boolean): Node {
    const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})(\?)?/u.exec(this.text.slice(this.at))
    if (found === null) return item
    this.at += found[0].length
    const sign = found[1]
    const min = sign === undefined ? Number(found[2]) : sign === '+' ? 1 : 0
    const most = found[3] === undefined ? min : found[4] === '' ? Infinity : Number(found[4])
    const max = sign === undefined ? most : sign === '?' ? 1 : Infinity
    return { op: 'times', item, min, max, lazy: (found[5] !== undefined) !== swapped }
  }
}

function read(atom: string, flags: string): Regexp {
  const kept = [...flags].filter((flag) => flag !== 'U').join('')
  return parseRegexp(kept === '' ? atom : `(?${kept})${atom}`)
}

class Writer {
  readonly code: Instruction[] = []

  private put(instruction: Instruction): number {
    if (this.code.length >= MOST_CODE) throw new RegexpError('the expression is too large', 0)
    return this.code.push(instruction) - 1
  }

  end(): void {
    this.put({ op: 'match' })
  }

  /** Code that runs into whatever is written next. */
  write(node: Node): void {
    switch (node.op) {
      case 'set':
        this.put({ op: 'set', ranges: node.ranges, x: this.code.length + 1 })
        return
      case 'assert':
        this.put({ op: 'assert', kind: node.kind, x: this.code.length + 1 })
        return
      case 'all':
      case 'cat':
        for (const item of node.items) this.write(item)
        return
      case 'any':
      case 'alt':
        return this.any(node.items)
      case 'group':
        return this.group(node)
      case 'times':
        return this.times(node.item, node.min, node.max, node.lazy)
      case 'repeat':
        return this.times(node.item, node.min, node.max ?? Infinity, false)
      default:
    }
  }

  private group({ item, number }: Group): void {
    if (number > 0) this.put({ op: 'save', slot: number * 2, x: this.code.length + 1 })
    this.write(item)
    if (number > 0) this.put({ op: 'save', slot: number * 2 + 1, x: this.code.length + 1 })
  }

  private any(items: readonly Node[]): void {
    const ends: { x: number }[] = []
    for (const [i, item] of items.entries()) {
      if (i === items.length - 1) {
        this.write(item)
        break
      }
      const split: Instruction = { op: 'split', x: this.code.length + 1, y: 0 }
      this.put(split)
      this.write(item)
      // a jump is a split with both ways the same
      const jump = { op: 'split' as const, x: 0, y: 0 }
      this.put(jump)
      ends.push(jump)
      split.y = this.code.length
    }
    for (const jump of ends as { x: number; y: number }[]) jump.x = jump.y = this.code.length
  }

  private times(item: Node, min: number, max: number, lazy: boolean): void {
    for (let n = 0; n < min; n++) this.write(item)
    const choice = (from: number, out: number): { x: number; y: number } => (lazy ? { x: out, y: from } : { x: from, y: out })
    if (max === Infinity) {
      const at = this.put({ op: 'split', x: 0, y: 0 })
      this.write(item)
      this.put({ op: 'split', x: at, y: at })
      Object.assign(this.code[at]!, choice(at + 1, this.code.length))
      return
    }
    const splits: number[] = []
    for (let n = min; n < max; n++) {
      splits.push(this.put({ op: 'split', x: 0, y: 0 }))
      this.write(item)
    }
    for (const at of splits) Object.assign(this.code[at]!, choice(at + 1, this.code.length))
  }
}

/** Throws RegexpError for what is not RE2's syntax, or too large. */
export function captureProgram(pattern: string): CaptureProgram {
  parseRegexp(pattern)
  const parser = new GroupParser(pattern)
  const tree = parser.alternatives('')
  const writer = new Writer()
  writer.write(tree)
  writer.end()
  return { code: writer.code, names: parser.names }
}
