import type { Regexp } from '../language/index.ts'

/** What every match of an expression holds. */
export interface RegexpLiterals {
  /** The longest text that is in every match as it is; '' when there is none. */
  readonly exact: string
  /** Texts in lower case, ASCII letters standing for both cases: all are in every match that is lower-cased (ASCII only). */
  readonly lower: readonly string[]
  /** Where `lower` is empty: each match holds all of the texts of one of these; null when nothing is known. */
  readonly any: readonly (readonly string[])[] | null
}

export function regexpLiterals(tree: Regexp): RegexpLiterals {
  const exact = runs(tree, exactChar).reduce((best, run) => (run.length > best.length ? run : best), '')
  const lower = runs(tree, lowerChar).filter((run) => run !== '')
  return { exact, lower, any: lower.length > 0 ? null : alternatives(tree) }
}

/** The branches of the first alternation that must match, each with what it holds; null when one holds nothing. */
function alternatives(node: Regexp): string[][] | null {
  if (node.op === 'alt') {
    const out = node.items.map((item) => runs(item, lowerChar).filter((run) => run !== ''))
    return out.every((list) => list.length > 0) ? out : null
  }
  if (node.op === 'repeat' && node.min > 0) return alternatives(node.item)
  if (node.op !== 'cat') return null
  for (const item of node.items) {
    const found = alternatives(item)
    if (found !== null) return found
  }
  return null
}

type CharOf = (ranges: readonly number[]) => string | null

/** The one character of a set; null when there are more. */
function exactChar(ranges: readonly number[]): string | null {
  return ranges.length === 2 && ranges[0] === ranges[1] && !isSurrogate(ranges[0]!) ? String.fromCodePoint(ranges[0]!) : null
}

/** The one character of a set after ASCII letters are lower-cased. */
function lowerChar(ranges: readonly number[]): string | null {
  const one = exactChar(ranges)
  if (one !== null) return /[A-Z]/u.test(one) ? one.toLowerCase() : one
  const [a, b, c, d] = ranges
  if (ranges.length === 4 && a === b && c === d && a! >= 65 && a! <= 90 && c === a! + 32) return String.fromCharCode(c)
  return null
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff
}

/** Texts that stand in every match; parts that do not have one text break a run. */
function runs(node: Regexp, charOf: CharOf): string[] {
  const out: string[] = []
  let run = ''
  const walk = (part: Regexp): void => {
    if (part.op === 'set') {
      const char = charOf(part.ranges)
      if (char === null) cut()
      else run += char
    } else if (part.op === 'cat') part.items.forEach(walk)
    else if (part.op === 'repeat' && part.min > 0) {
      // the first and the last of many touch what is around them; only whole copies of the part are sure
      cut()
      walk(part.item)
      cut()
    } else if (part.op !== 'assert' && part.op !== 'empty') cut()
  }
  const cut = (): void => {
    if (run !== '') out.push(run)
    run = ''
  }
  walk(node)
  cut()
  return out
}
