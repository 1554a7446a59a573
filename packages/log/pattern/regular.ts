import { CodedError } from '../errors.ts'

/** Code points from the first to the last, both of them in. */
export type Range = readonly [first: number, last: number]

/** What texts a type takes: a regular language, put together by `chars`, `all`, `either` and `repeat`. */
export type Shape =
  | { readonly kind: 'chars'; readonly ranges: readonly Range[] }
  | { readonly kind: 'all'; readonly parts: readonly Shape[] }
  | { readonly kind: 'either'; readonly parts: readonly Shape[] }
  | { readonly kind: 'repeat'; readonly part: Shape; readonly least: number; readonly most: number }

/** States of the automaton of a type, before it is made small. */
export const SHAPE_STATES_MOST = 8192

/** One past the last code point. */
export const POINTS = 0x110000

/**
 * A deterministic automaton over code points; state 0 is its start.
 * `next[state * starts.length + k]` is where a code point of the interval from `starts[k]` to the next start leads, -1: nowhere.
 */
export interface Machine {
  readonly starts: Int32Array
  readonly next: Int32Array
  readonly accepts: readonly boolean[]
}

/** One character out of these; each argument is one character (`_`) or a range of two with a hyphen between (`a-z`). */
export function chars(...sets: readonly string[]): Shape {
  const ranges = sets.map((set): Range => {
    const points = [...set].map((character) => character.codePointAt(0)!)
    return points.length === 3 && points[1] === 0x2d ? [points[0], points[2]] : [points[0], points[0]]
  })
  return { kind: 'chars', ranges }
}

/** One character that is in none of the ranges. */
export function except(...ranges: readonly Range[]): Shape {
  const rest: Range[] = []
  let from = 0
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (first > from) rest.push([from, first - 1])
    from = Math.max(from, last + 1)
  }
  if (from < POINTS) rest.push([from, POINTS - 1])
  return { kind: 'chars', ranges: rest }
}

/** The parts one after another; none: the empty text. */
export function all(...parts: readonly Shape[]): Shape {
  return { kind: 'all', parts }
}

/** One of the parts. */
export function either(...parts: readonly Shape[]): Shape {
  return { kind: 'either', parts }
}

/** The part `least` to `most` times. */
export function repeat(part: Shape, least: number, most = Infinity): Shape {
  return { kind: 'repeat', part, least, most }
}

interface Arc {
  readonly ranges: readonly Range[]
  readonly to: number
}

/** The nondeterministic automaton of a shape (Thompson 1968). */
class Draft {
  readonly arcs: Arc[][] = [[]]
  readonly free: number[][] = [[]]

  state(): number {
    bound(this.arcs.length)
    this.free.push([])
    return this.arcs.push([]) - 1
  }

  /** Adds the shape behind `from` and returns the state behind it. */
  add(shape: Shape, from: number): number {
    if (shape.kind === 'all') return shape.parts.reduce((at, part) => this.add(part, at), from)
    const end = this.state()
    if (shape.kind === 'chars') this.arcs[from].push({ ranges: shape.ranges, to: end })
    else if (shape.kind === 'either') {
      for (const part of shape.parts) this.free[this.add(part, this.behind(from))].push(end)
    } else this.addRepeat(shape.part, shape.least, shape.most, from, end)
    return end
  }

  private addRepeat(part: Shape, least: number, most: number, from: number, end: number): void {
    let at = from
    for (let i = 0; i < least; i++) at = this.add(part, at)
    if (most === Infinity) {
      const loop = this.behind(at)
      this.free[this.add(part, loop)].push(loop)
      this.free[loop].push(end)
      return
    }
    this.free[at].push(end)
    for (let i = least; i < most; i++) {
      at = this.add(part, this.behind(at))
      this.free[at].push(end)
    }
  }

  private behind(from: number): number {
    const state = this.state()
    this.free[from].push(state)
    return state
  }

  /** The states and all that are reached from them without a character, ascending. */
  closed(states: readonly number[]): number[] {
    const seen = new Set(states)
    for (const state of seen) for (const to of this.free[state]) seen.add(to)
    return [...seen].toSorted((a, b) => a - b)
  }
}

function bound(states: number): void {
  if (states >= SHAPE_STATES_MOST) throw new CodedError('PATTERN_TOO_LARGE', `a type needs more than ${SHAPE_STATES_MOST} states`)
}

/** The smallest automaton of a shape. Throws PATTERN_TOO_LARGE. */
export function machineOf(shape: Shape): Machine {
  const draft = new Draft()
  const end = draft.add(shape, 0)
  const starts = startsOf(draft.arcs.flatMap((arcs) => arcs.flatMap(({ ranges }) => ranges)))
  const sets = [draft.closed([0])]
  const known = new Map([[sets[0].join(), 0]])
  const next: number[] = []
  for (const set of sets) {
    bound(sets.length)
    for (const point of starts) {
      const targets = set.flatMap((state) => draft.arcs[state].filter(({ ranges }) => takes(ranges, point)).map(({ to }) => to))
      if (targets.length === 0) {
        next.push(-1)
        continue
      }
      const target = draft.closed(targets)
      const key = target.join()
      const number = known.get(key) ?? sets.push(target) - 1
      known.set(key, number)
      next.push(number)
    }
  }
  return smallest(
    starts,
    next,
    sets.map((set) => set.includes(end)),
  )
}

/** Where the intervals begin in which all code points are alike to the ranges; the first is 0. */
export function startsOf(ranges: readonly Range[]): number[] {
  const starts = new Set([0])
  for (const [first, last] of ranges) {
    starts.add(first)
    if (last + 1 < POINTS) starts.add(last + 1)
  }
  return [...starts].toSorted((a, b) => a - b)
}

function takes(ranges: readonly Range[], point: number): boolean {
  return ranges.some(([first, last]) => first <= point && point <= last)
}

/** Joins states that take the same texts (Moore 1956). */
function smallest(starts: readonly number[], next: readonly number[], accepts: readonly boolean[]): Machine {
  const width = starts.length
  let group = accepts.map((accept): number => (accept ? 1 : 0))
  let groups = 0
  for (;;) {
    const names = new Map<string, number>()
    const refined = group.map((own, state) => {
      const row = next.slice(state * width, state * width + width).map((to) => (to === -1 ? -1 : group[to]))
      const key = `${own}:${row.join()}`
      const name = names.get(key) ?? names.size
      names.set(key, name)
      return name
    })
    group = refined
    if (names.size === groups) break
    groups = names.size
  }
  // State 0 is named first, so that it stays 0.
  const small = new Int32Array(groups * width)
  const ends: boolean[] = []
  group.forEach((name, state) => {
    ends[name] = accepts[state]
    for (let k = 0; k < width; k++) {
      const to = next[state * width + k]
      small[name * width + k] = to === -1 ? -1 : group[to]
    }
  })
  return { starts: Int32Array.from(starts), next: small, accepts: ends }
}

/** Whether the automaton takes the whole text. */
export function accepts(machine: Machine, text: string): boolean {
  let state = 0
  for (const character of text) {
    state = machine.next[state * machine.starts.length + intervalOf(machine.starts, character.codePointAt(0)!)]
    if (state === -1) return false
  }
  return machine.accepts[state]
}

/** The interval in which the code point lies. */
export function intervalOf(starts: Int32Array, point: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle] <= point) low = middle
    else high = middle - 1
  }
  return low
}
