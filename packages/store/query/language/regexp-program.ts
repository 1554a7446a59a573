import { RegexpError } from './regexp-syntax.ts'

import type { Ranges } from './regexp-classes.ts'
import type { Regexp } from './regexp-syntax.ts'

/** What an instruction does. */
export const BYTE = 0
export const SPLIT = 1
export const ASSERT = 2
export const MATCH = 3

/** Kinds of empty-width assertions, in the field `a` of ASSERT. */
export const ASSERTS = ['text_start', 'text_end', 'line_start', 'line_end', 'word', 'not_word'] as const

/**
 * A nondeterministic automaton over the bytes of UTF-8. Instruction i: BYTE takes a byte in `a[i] .. b[i]` to `x[i]`; SPLIT goes to `x[i]` and `y[i]`;
 * ASSERT goes to `x[i]` where assertion `a[i]` holds; MATCH ends.
 */
export interface Program {
  readonly op: number[]
  readonly a: number[]
  readonly b: number[]
  readonly x: number[]
  readonly y: number[]
  readonly start: number
}

/** A larger automaton is refused: it bounds memory and the work for one byte. */
export const MOST_INSTRUCTIONS = 20_000

/** Throws RegexpError when the automaton grows too large. */
export function compileProgram(tree: Regexp): Program {
  const builder = new Builder()
  const match = builder.add(MATCH, 0, 0, -1, -1)
  const start = builder.compile(tree, match)
  return { op: builder.op, a: builder.a, b: builder.b, x: builder.x, y: builder.y, start }
}

class Builder {
  readonly op: number[] = []
  readonly a: number[] = []
  readonly b: number[] = []
  readonly x: number[] = []
  readonly y: number[] = []
  private readonly shared = new Map<string, number>()

  add(op: number, a: number, b: number, x: number, y: number): number {
    if (this.op.length >= MOST_INSTRUCTIONS) throw new RegexpError('the regular expression is too large', 0)
    this.op.push(op)
    this.a.push(a)
    this.b.push(b)
    this.x.push(x)
    this.y.push(y)
    return this.op.length - 1
  }

  /** The first instruction of what matches `node` and goes on at `next`. */
  compile(node: Regexp, next: number): number {
    switch (node.op) {
      case 'empty':
        return next
      case 'set':
        return this.compileSet(node.ranges, next)
      case 'cat':
        return node.items.reduceRight((to, item) => this.compile(item, to), next)
      case 'alt':
        return this.either(node.items.map((item) => this.compile(item, next)))
      case 'assert':
        return this.add(ASSERT, ASSERTS.indexOf(node.kind), 0, next, -1)
      case 'repeat':
        return this.compileRepeat(node.item, node.min, node.max, next)
    }
  }

  private either(starts: number[]): number {
    return starts.reduceRight((rest, start) => (rest < 0 ? start : this.add(SPLIT, 0, 0, start, rest)), -1)
  }

  private compileRepeat(item: Regexp, min: number, max: number | null, next: number): number {
    let to = next
    if (max === null) {
      const loop = this.add(SPLIT, 0, 0, -1, next)
      this.x[loop] = this.compile(item, loop)
      to = loop
    } else {
      for (let i = min; i < max; i++) to = this.add(SPLIT, 0, 0, this.compile(item, to), next)
    }
    for (let i = 0; i < min; i++) to = this.compile(item, to)
    return to
  }

  private compileSet(ranges: Ranges, next: number): number {
    const starts: number[] = []
    this.shared.clear()
    for (let i = 0; i < ranges.length; i += 2) this.utf8(ranges[i]!, ranges[i + 1]!, next, starts)
    // a set without members never matches
    return starts.length === 0 ? this.add(BYTE, 1, 0, next, -1) : this.either(starts)
  }

  /** Sequences of byte ranges for the code points `from .. to`; their first instructions go to `starts`. */
  private utf8(from: number, to: number, next: number, starts: number[]): void {
    for (const edge of [0x7f, 0x7ff, 0xffff]) {
      if (from <= edge && to > edge) {
        this.utf8(from, edge, next, starts)
        this.utf8(edge + 1, to, next, starts)
        return
      }
    }
    if (to <= 0x7f) {
      starts.push(this.byte(from, to, next))
      return
    }
    for (let bits = 6; bits <= 18; bits += 6) {
      const low = (1 << bits) - 1
      if (from >> bits === to >> bits) break
      const head = (from & low) === 0 ? -1 : from | low
      if (head >= 0 && head < to) {
        this.utf8(from, head, next, starts)
        this.utf8(head + 1, to, next, starts)
        return
      }
      if ((to & low) !== low) {
        const cut = (to & ~low) - 1
        this.utf8(from, cut, next, starts)
        this.utf8(cut + 1, to, next, starts)
        return
      }
    }
    const a = encode(from)
    const b = encode(to)
    let state = next
    for (let i = a.length - 1; i >= 0; i--) state = this.byte(a[i]!, b[i]!, state)
    starts.push(state)
  }

  /** A byte range, shared with an equal one of the same set. */
  private byte(lo: number, hi: number, next: number): number {
    const key = `${lo},${hi},${next}`
    let found = this.shared.get(key)
    if (found === undefined) {
      found = this.add(BYTE, lo, hi, next, -1)
      this.shared.set(key, found)
    }
    return found
  }
}

/** Surrogates, which no text holds, are encoded as their pattern says. */
function encode(c: number): number[] {
  if (c <= 0x7f) return [c]
  if (c <= 0x7ff) return [0xc0 | (c >> 6), 0x80 | (c & 63)]
  if (c <= 0xffff) return [0xe0 | (c >> 12), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63)]
  return [0xf0 | (c >> 18), 0x80 | ((c >> 12) & 63), 0x80 | ((c >> 6) & 63), 0x80 | (c & 63)]
}
