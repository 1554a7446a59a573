import { CodedError } from '@pullbox/log/errors'
import { ASSERT, ASSERTS, BYTE, compileProgram, MATCH, SPLIT } from './regexp-program.ts'
import { parseRegexp, RegexpError } from './regexp-syntax.ts'

import type { Program } from './regexp-program.ts'
import type { Regexp } from './regexp-syntax.ts'

export type { Regexp } from './regexp-syntax.ts'

/** Deterministic states kept at a time; more are forgotten all at once and made again as needed. */
const MOST_STATES = 4000
/** Steps over instructions while states are made, for one text. About 10 s; an ordinary expression needs a few thousand in all. */
const MOST_WORK = 1e9

const UNKNOWN = -1
const ACCEPT = -2
const DEAD = -3

/** What stands before a place in the text. */
const AT_START = 0
const AFTER_NEWLINE = 1
const AFTER_WORD = 2
const AFTER_OTHER = 3

interface State {
  /** Instructions that wait for the next byte's surroundings, before assertions are judged. */
  readonly core: readonly number[]
  readonly before: number
}

/**
 * Tells whether a text holds a match of an RE2 expression, in time linear in the text: a deterministic automaton over the bytes of UTF-8, made as it
 * is needed, in bounded memory. There is no backtracking, so no expression can be catastrophic. One instance serves one caller at a time.
 */
export class Matcher {
  readonly tree: Regexp
  private readonly program: Program
  private readonly classOf: Uint8Array
  private readonly classes: number
  private readonly samples: number[]
  private table: Int32Array
  private states: State[] = []
  private index = new Map<string, number>()
  private readonly anchored: boolean
  private readonly marks: Int32Array
  private mark = 0
  private work = 0

  /** Throws RegexpError for a syntax that is not RE2's, and for an expression that is too large. */
  constructor(pattern: string, options: { readonly whole?: boolean } = {}) {
    const tree = parseRegexp(pattern)
    this.tree =
      options.whole === true ? { op: 'cat', items: [{ op: 'assert', kind: 'text_start' }, tree, { op: 'assert', kind: 'text_end' }] } : tree
    this.program = compileProgram(this.tree)
    this.anchored = startsAtStart(this.tree)
    const { classOf, samples } = byteClasses(this.program)
    this.classOf = classOf
    this.samples = samples
    this.classes = samples.length
    this.table = new Int32Array(16 * (this.classes + 1)).fill(UNKNOWN)
    this.marks = new Int32Array(this.program.op.length)
    this.stateOf([], AT_START)
  }

  /**
   * Is there a match in `bytes[start, end)`, which must be UTF-8? `^`, `$`, `\b` see only that part.
   * Throws QUERY_REGEXP_COSTLY when making states takes too long.
   */
  test(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const { classOf } = this
    const stride = this.classes + 1
    let state = 0
    this.work = 0
    for (let i = start; i < end; i++) {
      const at = state * stride + classOf[bytes[i]!]!
      let next = this.table[at]!
      if (next === UNKNOWN) next = this.step(state, classOf[bytes[i]!]!)
      if (next < 0) return next === ACCEPT
      state = next
    }
    let last = this.table[state * stride + this.classes]!
    if (last === UNKNOWN) last = this.step(state, this.classes)
    return last === ACCEPT
  }

  testText(text: string): boolean {
    const bytes = Buffer.from(text, 'utf8')
    return this.test(bytes, 0, bytes.length)
  }

  /** Makes the transition of a state on a class of bytes (`classes` = the end of the text). */
  private step(from: number, byteClass: number): number {
    const state = this.states[from]!
    const ends = byteClass === this.classes
    const byte = ends ? -1 : this.samples[byteClass]!
    const after = ends ? AT_START : kindOf(byte)
    const { op, a, b, x, y } = this.program
    const next = new Set<number>()
    const mark = ++this.mark
    const stack = [...state.core]
    if (!this.anchored || state.before === AT_START) stack.push(this.program.start)
    let accepts = false
    while (stack.length > 0 && !accepts) {
      const i = stack.pop()!
      if (this.marks[i] === mark) continue
      this.marks[i] = mark
      this.work++
      if (op[i] === MATCH) accepts = true
      else if (op[i] === SPLIT) stack.push(y[i]!, x[i]!)
      else if (op[i] === ASSERT) {
        if (holds(a[i]!, state.before, after, ends)) stack.push(x[i]!)
      } else if (op[i] === BYTE && byte >= a[i]! && byte <= b[i]!) next.add(x[i]!)
    }
    if (this.work > MOST_WORK) {
      throw new CodedError('QUERY_REGEXP_COSTLY', 'the regular expression takes too many steps on one value', {
        hint: 'make bounded repetitions smaller',
      })
    }
    let to = ACCEPT
    if (!accepts)
      to =
        ends || (next.size === 0 && this.anchored)
          ? DEAD
          : this.stateOf(
              [...next].sort((p, q) => p - q),
              after,
            )
    // making the state may have forgotten all others
    if (this.states[from] === state) this.table[from * (this.classes + 1) + byteClass] = to
    return to
  }

  private stateOf(core: readonly number[], before: number): number {
    const key = `${before}:${core.join(',')}`
    const found = this.index.get(key)
    if (found !== undefined) return found
    if (this.states.length >= MOST_STATES) this.forget()
    const id = this.states.length
    this.states.push({ core, before })
    this.index.set(key, id)
    const stride = this.classes + 1
    if ((id + 1) * stride > this.table.length) {
      const larger = new Int32Array(this.table.length * 2).fill(UNKNOWN)
      larger.set(this.table)
      this.table = larger
    }
    return id
  }

  private forget(): void {
    const first = this.states[0]!
    this.states = []
    this.index = new Map()
    this.table.fill(UNKNOWN)
    this.stateOf(first.core, first.before)
  }
}

/** A matcher, or what is wrong through `fail`, which must throw. */
export function compileRegexp(pattern: string, fail: (message: string) => never): Matcher {
  try {
    return new Matcher(pattern)
  } catch (error) {
    if (error instanceof RegexpError) return fail(`bad regular expression: ${error.message}`)
    throw error
  }
}

function isWordByte(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || byte === 95 || (byte >= 97 && byte <= 122)
}

function kindOf(byte: number): number {
  return byte === 10 ? AFTER_NEWLINE : isWordByte(byte) ? AFTER_WORD : AFTER_OTHER
}

function holds(assertion: number, before: number, after: number, ends: boolean): boolean {
  switch (ASSERTS[assertion]) {
    case 'text_start':
      return before === AT_START
    case 'text_end':
      return ends
    case 'line_start':
      return before === AT_START || before === AFTER_NEWLINE
    case 'line_end':
      return ends || after === AFTER_NEWLINE
    case 'word':
      return (before === AFTER_WORD) !== (!ends && after === AFTER_WORD)
    default:
      return (before === AFTER_WORD) === (!ends && after === AFTER_WORD)
  }
}

/** Does every match begin at the start of the text? */
function startsAtStart(node: Regexp): boolean {
  if (node.op === 'assert') return node.kind === 'text_start'
  if (node.op === 'cat') return startsAtStart(node.items[0]!)
  if (node.op === 'alt') return node.items.every((item) => startsAtStart(item))
  return false
}

/** Bytes that no instruction tells apart are one class; `samples` holds one byte of each. */
function byteClasses(program: Program): { classOf: Uint8Array; samples: number[] } {
  const cuts = new Set([0, 10, 11, 48, 58, 65, 91, 95, 96, 97, 123])
  program.op.forEach((op, i) => {
    if (op !== BYTE) return
    cuts.add(program.a[i]!)
    cuts.add(program.b[i]! + 1)
  })
  const classOf = new Uint8Array(256)
  const samples: number[] = []
  for (let byte = 0; byte < 256; byte++) {
    if (cuts.has(byte)) samples.push(byte)
    classOf[byte] = samples.length - 1
  }
  return { classOf, samples }
}
