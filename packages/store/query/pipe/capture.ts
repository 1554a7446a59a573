import { CodedError } from '@pullbox/log/errors'
import { RegexpMatcher, type Lexer } from '../language/index.ts'
import { RegexpError } from '../language/regexp-syntax.ts'
import { captureProgram, type CaptureProgram, type Instruction } from './capture-program.ts'

/** Steps for one value: a second or so. */
const MOST_STEPS = 1e8

/** Places in the text, two for each group: start and end, -1 where it took no part. */
export type Captures = Int32Array

interface Thread {
  readonly at: number
  readonly captures: Captures
}

/**
 * Finds matches of an RE2 expression and its groups in time linear in the text, by running all ways through the expression side by
 * side. Of several matches the leftmost one counts, and of those the one that the expression prefers, as in Perl.
 */
export class CaptureMatcher {
  readonly names: readonly string[]
  private readonly code: readonly Instruction[]
  private readonly quick: RegexpMatcher
  private readonly marks: Uint32Array
  private mark = 0
  private steps = 0

  /** Throws RegexpError. */
  constructor(pattern: string) {
    const program: CaptureProgram = captureProgram(pattern)
    this.code = program.code
    this.names = program.names
    this.quick = new RegexpMatcher(pattern)
    this.marks = new Uint32Array(program.code.length)
  }

  /** Is there any match? Quick. */
  test(text: string): boolean {
    this.steps = 0
    return this.quick.testText(text)
  }

  /** The first match that starts at `from` or later, or null. Throws QUERY_REGEXP_COSTLY; `test` begins the count of steps anew. */
  find(text: string, from: number): Captures | null {
    let threads: Thread[] = []
    let best: Captures | null = null
    for (let at = from; ;) {
      const next: Thread[] = []
      this.nextMark()
      for (const thread of threads) this.follow(thread.at, thread.captures, text, at, next)
      if (best === null) this.follow(0, new Int32Array(this.names.length * 2).fill(-1), text, at, next, at)
      if (next.length === 0 && best !== null) return best
      const code = at < text.length ? text.codePointAt(at)! : -1
      const width = code > 0xffff ? 2 : 1
      threads = []
      for (const { at: pc, captures } of next) {
        const step = this.code[pc]!
        if (step.op === 'match') {
          best = captures
          best[1] = at
          // ways that are less preferred are given up
          break
        }
        if (step.op === 'set' && code >= 0 && holds(step.ranges, code)) threads.push({ at: step.x, captures })
      }
      if (code < 0 || (threads.length === 0 && best !== null)) return best
      at += width
    }
  }

  private nextMark(): void {
    if (++this.mark === 2 ** 32 - 1) {
      this.marks.fill(0)
      this.mark = 1
    }
  }

  /** Adds the steps that wait for a character, or have matched, in the order of preference. `start` >= 0 begins a match there. */
  private follow(from: number, captures: Captures, text: string, at: number, out: Thread[], start = -1): void {
    let first = captures
    if (start >= 0) {
      first = captures.slice()
      first[0] = start
    }
    const stack: Thread[] = [{ at: from, captures: first }]
    while (stack.length > 0) {
      const thread = stack.pop()!
      if (this.marks[thread.at] === this.mark) continue
      this.marks[thread.at] = this.mark
      if (++this.steps > MOST_STEPS) {
        throw new CodedError('QUERY_REGEXP_COSTLY', 'the regular expression takes too many steps on one value', {
          hint: 'make it simpler, or narrow the filter before it',
        })
      }
      const step = this.code[thread.at]!
      if (step.op === 'split') stack.push({ at: step.y, captures: thread.captures }, { at: step.x, captures: thread.captures })
      else if (step.op === 'save') {
        const changed = thread.captures.slice()
        changed[step.slot] = at
        stack.push({ at: step.x, captures: changed })
      } else if (step.op === 'assert') {
        if (asserted(step.kind, text, at)) stack.push({ at: step.x, captures: thread.captures })
      } else out.push(step.op === 'match' ? { at: thread.at, captures: thread.captures.slice() } : thread)
    }
  }
}

/** A matcher, or a syntax error at the current place of the lexer. */
export function captureMatcher(lexer: Lexer, pattern: string, at: number): CaptureMatcher {
  try {
    return new CaptureMatcher(pattern)
  } catch (error) {
    if (error instanceof RegexpError) return lexer.fail(`bad regular expression: ${error.message}`, '', at)
    throw error
  }
}

function holds(ranges: ArrayLike<number>, code: number): boolean {
  for (let r = 0; r < ranges.length; r += 2) if (code >= ranges[r]! && code <= ranges[r + 1]!) return true
  return false
}

function isWord(text: string, at: number): boolean {
  const c = text.charCodeAt(at)
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95 || (c >= 97 && c <= 122)
}

function asserted(kind: Extract<Instruction, { op: 'assert' }>['kind'], text: string, at: number): boolean {
  switch (kind) {
    case 'text_start':
      return at === 0
    case 'text_end':
      return at === text.length
    case 'line_start':
      return at === 0 || text[at - 1] === '\n'
    case 'line_end':
      return at === text.length || text[at] === '\n'
    case 'word':
      return (at > 0 && isWord(text, at - 1)) !== isWord(text, at)
    default:
      return (at > 0 && isWord(text, at - 1)) === isWord(text, at)
  }
}
