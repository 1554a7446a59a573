import { READINGS_MOST, type Automaton, type Path } from './automaton.ts'
import type { FieldValue } from './types.ts'

/** What a line says, by name: fields that are there, and each flag as true or false. */
export type Values = Record<string, FieldValue>

/** `readings` are READINGS_MOST at most; `complete` is false where there are more. `at` is an offset in the line, as of strings. */
export type Reading =
  | { readonly kind: 'read'; readonly values: Values }
  | { readonly kind: 'ambiguous'; readonly readings: readonly Values[]; readonly complete: boolean }
  | { readonly kind: 'none'; readonly at: number }

/** What one way through the automaton has met, last first. */
interface Trail {
  readonly mark: number
  readonly at: number
  readonly before: Trail | null
}

type Trails = readonly (Trail | null)[]

/**
 * Follows all ways at once and keeps for each state the trails of at most READINGS_MOST + 1 of them: the ways that meet in a state go on
 * alike, so that no more are needed to know whether there are more. Steps: characters times ways of the pattern; no way is tried again.
 */
export function readLine(automaton: Automaton, line: string): Reading {
  const { next, classes, paths, start, end, states } = automaton
  let trails: (Trails | undefined)[] = Array.from({ length: states })
  let others: (Trails | undefined)[] = Array.from({ length: states })
  let active = [start]
  trails[start] = [null]
  for (let at = 0; at < line.length;) {
    const point = line.codePointAt(at)!
    const kind = automaton.classOf(point)
    const reached: number[] = []
    for (const state of active) {
      const own = trails[state]!
      trails[state] = undefined
      for (const path of paths[state]) {
        const to = next[path.to * classes + kind]
        if (to === -1) continue
        const there = others[to]
        if (there === undefined) reached.push(to)
        others[to] = join(there, own, path, at)
      }
    }
    if (reached.length === 0) return { kind: 'none', at }
    ;[trails, others] = [others, trails]
    active = reached
    at += point > 0xffff ? 2 : 1
  }
  let found: Trails | undefined
  for (const state of active) {
    for (const path of paths[state]) if (path.to === end) found = join(found, trails[state]!, path, line.length)
  }
  return settle(automaton, line, found)
}

function join(there: Trails | undefined, own: Trails, path: Path, at: number): Trails {
  if (there !== undefined && there.length > READINGS_MOST) return there
  const longer =
    path.marks.length === 0 ? own : own.map((trail) => path.marks.reduce<Trail | null>((before, mark) => ({ mark, at, before }), trail))
  return there === undefined ? longer : [...there, ...longer].slice(0, READINGS_MOST + 1)
}

function settle(automaton: Automaton, line: string, found: Trails | undefined): Reading {
  if (found === undefined) return { kind: 'none', at: line.length }
  if (found.length === 1) return { kind: 'read', values: valuesOf(automaton, line, found[0]) }
  const readings = found.slice(0, READINGS_MOST).map((trail) => valuesOf(automaton, line, trail))
  return { kind: 'ambiguous', readings, complete: found.length <= READINGS_MOST }
}

function valuesOf({ marks, flags }: Automaton, line: string, last: Trail | null): Values {
  const values = new Map<string, FieldValue>(flags.map((name) => [name, false]))
  const fields: [string, FieldValue][] = []
  let end = 0
  for (let trail = last; trail !== null; trail = trail.before) {
    const { kind, name, type } = marks[trail.mark]
    if (kind === 'there') values.set(name, true)
    else if (kind === 'exit') end = trail.at
    else if (type !== null) fields.push([name, type.valueOf(line.slice(trail.at, end))])
  }
  return Object.fromEntries([...fields.toReversed(), ...values])
}
