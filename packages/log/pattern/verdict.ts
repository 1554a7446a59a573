import { CodedError } from '../errors.ts'
import type { Automaton } from './automaton.ts'

/** Pairs of states that the search for a collision looks at. */
export const PAIRS_MOST = 2_097_152

/** Where the search has come: two ways that took the same characters; `apart` once they differ. */
interface Pair {
  readonly left: number
  readonly right: number
  readonly apart: boolean
  readonly before: Pair | null
  readonly kind: number
}

/**
 * The shortest line that two readings give, or null when there is none: a search by breadth in the product of the automaton with itself
 * (Book, Even, Greibach and Ott 1971). Throws PATTERN_TOO_LARGE where it would need more than PAIRS_MOST.
 */
export function collisionOf(automaton: Automaton): string | null {
  const { states, start } = automaton
  const moves = movesOf(automaton)
  const endings = endingsOf(automaton)
  const first: Pair = { left: start, right: start, apart: false, before: null, kind: -1 }
  const pairs = [first]
  const seen = new Set<number>()
  const visit = (a: number, b: number, apart: boolean, before: Pair, kind: number): void => {
    const left = Math.min(a, b)
    const right = Math.max(a, b)
    const key = (left * states + right) * 2 + (apart ? 1 : 0)
    if (seen.has(key)) return
    seen.add(key)
    if (seen.size > PAIRS_MOST) throw new CodedError('PATTERN_TOO_LARGE', `the verdict needs more than ${PAIRS_MOST} pairs of states`)
    pairs.push({ left, right, apart, before, kind })
  }
  for (const pair of pairs) {
    const { left, right, apart } = pair
    if (apart ? endings[left] > 0 && endings[right] > 0 : endings[left] > 1) return lineOf(automaton, pair)
    moves[left].forEach((targets, kind) => {
      const others = moves[right][kind]
      targets.forEach((a, i) => {
        if (!apart) visit(a, a, false, pair, kind)
        for (let j = apart ? 0 : i + 1; j < others.length; j++) visit(a, others[j], true, pair, kind)
      })
    })
  }
  return null
}

/** For each state and class of characters, where each way leads; the same state twice where two ways lead there. */
function movesOf({ states, classes, next, paths }: Automaton): number[][][] {
  return Array.from({ length: states }, (_, state) =>
    Array.from({ length: classes }, (__, kind) => {
      const targets: number[] = []
      for (const { to } of paths[state]) {
        const target = next[to * classes + kind]
        if (target !== -1 && targets.indexOf(target) === targets.lastIndexOf(target)) targets.push(target)
      }
      return targets
    }),
  )
}

/** How many ways lead from each state to the end without a character. */
function endingsOf({ paths, end }: Automaton): number[] {
  return paths.map((own) => own.filter(({ to }) => to === end).length)
}

function lineOf(automaton: Automaton, last: Pair): string {
  const characters = exampleCharacters(automaton)
  const line: string[] = []
  for (let pair = last; pair.before !== null; pair = pair.before) line.push(characters[pair.kind])
  return line.toReversed().join('')
}

/** Tried one after another, so that an example is made of characters that can be read well. */
const EXAMPLES = [
  [0x61, 0x7a],
  [0x31, 0x39],
  [0x20, 0x7e],
  [0, 0x10ffff],
] as const

/** A character of each class. */
function exampleCharacters(automaton: Automaton): string[] {
  const found = new Map<number, string>()
  for (const [first, last] of EXAMPLES) {
    for (let point = first; point <= last && found.size < automaton.classes; point++) {
      const kind = automaton.classOf(point)
      if (!found.has(kind)) found.set(kind, String.fromCodePoint(point))
    }
  }
  return Array.from({ length: automaton.classes }, (_, kind) => found.get(kind) ?? '')
}
