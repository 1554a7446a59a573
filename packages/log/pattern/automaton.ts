import { CodedError } from '../errors.ts'
import type { Piece } from './definition.ts'
import { intervalOf, startsOf, type Range } from './regular.ts'
import type { FieldType } from './types.ts'

/** Readings of one line that are given; where there are more, `complete` is false. */
export const READINGS_MOST = 16

/** States of the automaton of a pattern. */
export const STATES_MOST = 8192

/** A place in the pattern where a reading says something: a field begins or ends, a group is there. */
export type Mark = { readonly kind: 'enter' | 'exit' | 'there'; readonly name: string; readonly type: FieldType | null }

/** A way that takes no character: to a state that takes one, or to the end. */
export interface Path {
  readonly to: number
  /** Numbers of the marks on it, in order. */
  readonly marks: readonly number[]
}

/**
 * The automaton of a pattern. Each way from `start` to `end` that takes a line is one reading of it: fields are deterministic inside, so
 * that two ways differ in where a field ends or in which groups are there.
 */
export interface Automaton {
  readonly marks: readonly Mark[]
  readonly flags: readonly string[]
  readonly start: number
  readonly end: number
  readonly states: number
  /** Code points of a class are alike to the pattern. `next[state * classes + class]`, -1: nowhere. */
  readonly classes: number
  readonly next: Int32Array
  /** Of each state; at most READINGS_MOST + 1 to the same state. */
  readonly paths: readonly (readonly Path[])[]
  classOf(point: number): number
}

interface Arc {
  readonly range: Range
  readonly to: number
}

class Builder {
  readonly arcs: Arc[][] = []
  readonly free: { to: number; mark: number }[][] = []
  readonly marks: Mark[] = []
  readonly flags: string[] = []
  readonly #types: ReadonlyMap<string, FieldType>

  constructor(types: ReadonlyMap<string, FieldType>) {
    this.#types = types
  }

  state(): number {
    if (this.arcs.length === STATES_MOST) throw new CodedError('PATTERN_TOO_LARGE', `the pattern has more than ${STATES_MOST} states`)
    this.free.push([])
    return this.arcs.push([]) - 1
  }

  mark(kind: Mark['kind'], name: string, type: FieldType | null): number {
    return this.marks.push({ kind, name, type }) - 1
  }

  /** Adds the pieces behind `from` and returns the state behind them. */
  add(pieces: readonly Piece[], from: number): number {
    let at = from
    for (const piece of pieces) {
      if (piece.kind === 'field') at = this.#field(piece.name, piece.type, piece.at, at)
      else if (piece.kind === 'group') at = this.#group(piece, at)
      else {
        for (const character of piece.text) {
          const point = character.codePointAt(0)!
          const to = this.state()
          this.arcs[at].push({ range: [point, point], to })
          at = to
        }
      }
    }
    return at
  }

  #group(group: Piece & { kind: 'group' }, from: number): number {
    if (group.name !== null) this.flags.push(group.name)
    const inside = this.state()
    this.free[from].push({ to: inside, mark: group.name === null ? -1 : this.mark('there', group.name, null) })
    const end = this.add(group.pieces, inside)
    const after = this.state()
    this.free[end].push({ to: after, mark: -1 })
    this.free[from].push({ to: after, mark: -1 })
    return after
  }

  #field(name: string, typeName: string, at: number, from: number): number {
    const type = this.#types.get(typeName)
    if (type === undefined) {
      const hint = `Types are ${[...this.#types.keys()].join(', ')}.`
      throw new CodedError('PATTERN_TYPE', `there is no type "${typeName}"`, { at: `character ${at}`, hint })
    }
    const { starts, next, accepts } = type.machine
    const first = this.arcs.length
    for (let i = 0; i < accepts.length; i++) this.state()
    const after = this.state()
    this.free[from].push({ to: first, mark: this.mark('enter', name, type) })
    const exit = this.mark('exit', name, type)
    accepts.forEach((accept, state) => {
      if (accept) this.free[first + state].push({ to: after, mark: exit })
      starts.forEach((start, k) => {
        const to = next[state * starts.length + k]
        const last = (k + 1 < starts.length ? starts[k + 1] : 0x110000) - 1
        if (to !== -1) this.arcs[first + state].push({ range: [start, last], to: first + to })
      })
    })
    return after
  }
}

/** Throws PATTERN_TYPE, PATTERN_TOO_LARGE. */
export function automatonOf(pieces: readonly Piece[], types: ReadonlyMap<string, FieldType>): Automaton {
  const builder = new Builder(types)
  const start = builder.state()
  const end = builder.add(pieces, start)
  const { arcs, marks, flags } = builder
  const starts = Int32Array.from(startsOf(arcs.flatMap((list) => list.map(({ range }) => range))))
  const { next, classes, classAt } = classify(arcs, starts)
  const ascii = Int32Array.from({ length: 128 }, (_, point) => classAt[intervalOf(starts, point)])
  return {
    marks,
    flags,
    start,
    end,
    states: arcs.length,
    classes,
    next,
    paths: pathsOf(builder, end),
    classOf: (point) => (point < 128 ? ascii[point] : classAt[intervalOf(starts, point)]),
  }
}

/** Joins intervals of code points that lead to the same states everywhere. */
function classify(arcs: readonly (readonly Arc[])[], starts: Int32Array): { next: Int32Array; classes: number; classAt: Int32Array } {
  const columns = Array.from(starts, (): number[] => [])
  const targets = Array.from(starts, (): number[] => [])
  arcs.forEach((list, state) => {
    for (const { range, to } of list) {
      for (let k = intervalOf(starts, range[0]); k < starts.length && starts[k] <= range[1]; k++) {
        columns[k].push(state)
        targets[k].push(to)
      }
    }
  })
  const known = new Map<string, number>()
  const examples: number[] = []
  const classAt = Int32Array.from(starts, (_, k) => {
    const key = `${columns[k].join()}:${targets[k].join()}`
    const number = known.get(key) ?? examples.push(k) - 1
    known.set(key, number)
    return number
  })
  const classes = examples.length
  const next = new Int32Array(arcs.length * classes).fill(-1)
  examples.forEach((k, number) => {
    columns[k].forEach((state, i) => (next[state * classes + number] = targets[k][i]))
  })
  return { next, classes, classAt }
}

/** Ways without a character never return to where they were, so that each state's are made from those behind it. */
function pathsOf({ arcs, free }: Builder, end: number): Path[][] {
  const paths: (Path[] | undefined)[] = Array.from({ length: arcs.length })
  const from = (state: number): Path[] => {
    const known = paths[state]
    if (known !== undefined) return known
    const found: Path[] = arcs[state].length > 0 || state === end ? [{ to: state, marks: [] }] : []
    const counts = new Map<number, number>()
    for (const { to, mark } of free[state]) {
      for (const path of from(to)) {
        const count = counts.get(path.to) ?? 0
        if (count > READINGS_MOST) continue
        counts.set(path.to, count + 1)
        found.push(mark === -1 ? path : { to: path.to, marks: [mark, ...path.marks] })
      }
    }
    paths[state] = found
    return found
  }
  // From the back, so that a long pattern needs no deep recursion.
  for (let state = arcs.length - 1; state >= 0; state--) from(state)
  return paths as Path[][]
}
