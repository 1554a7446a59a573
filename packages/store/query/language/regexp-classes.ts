/** A set of code points: pairs of first and last, ascending, not touching. */
export type Ranges = readonly number[]

const LAST = 0x10ffff

/** The set of these pairs, which may be in any order and overlap. */
export function toSet(pairs: readonly number[]): number[] {
  const list: [number, number][] = []
  for (let i = 0; i < pairs.length; i += 2) list.push([pairs[i]!, pairs[i + 1]!])
  list.sort((a, b) => a[0] - b[0])
  const out: number[] = []
  for (const [from, to] of list) {
    if (out.length > 0 && from <= out.at(-1)! + 1) out[out.length - 1] = Math.max(out.at(-1)!, to)
    else out.push(from, to)
  }
  return out
}

export function negate(set: Ranges): number[] {
  const out: number[] = []
  let from = 0
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > from) out.push(from, set[i]! - 1)
    from = set[i + 1]! + 1
  }
  if (from <= LAST) out.push(from, LAST)
  return out
}

export const DIGIT: Ranges = [48, 57]
export const WORD: Ranges = [48, 57, 65, 90, 95, 95, 97, 122]
export const SPACE: Ranges = [9, 10, 12, 13, 32, 32]
export const ANY: Ranges = [0, LAST]
export const NOT_NEWLINE: Ranges = [0, 9, 11, LAST]

const POSIX: Record<string, Ranges> = {
  alnum: [48, 57, 65, 90, 97, 122],
  alpha: [65, 90, 97, 122],
  ascii: [0, 127],
  blank: [9, 9, 32, 32],
  cntrl: [0, 31, 127, 127],
  digit: DIGIT,
  graph: [33, 126],
  lower: [97, 122],
  print: [32, 126],
  punct: [33, 47, 58, 64, 91, 96, 123, 126],
  space: [9, 13, 32, 32],
  upper: [65, 90],
  word: WORD,
  xdigit: [48, 57, 65, 70, 97, 102],
}

/** `[:name:]`; null when there is none of that name. */
export function posixClass(name: string): Ranges | null {
  return POSIX[name] ?? null
}

/** `\p{name}`: a general category or a script; null when there is none of that name. */
export function unicodeClass(name: string): Ranges | null {
  if (name === 'Any') return ANY
  let test: RegExp | null = null
  for (const property of [`gc=${name}`, `Script=${name}`]) {
    try {
      test ??= new RegExp(`^\\p{${property}}$`, 'u')
    } catch {
      // no such category or script
    }
  }
  if (test === null || !/^[A-Za-z_]+$/u.test(name)) return null
  const out: number[] = []
  for (let c = 0; c <= LAST; c++) {
    if (!test.test(String.fromCodePoint(c))) continue
    if (out.length > 0 && out.at(-1) === c - 1) out[out.length - 1] = c
    else out.push(c, c)
  }
  return out
}

/** Letters whose case forms are more than one upper and one lower: code points of each row are the same letter. */
const ORBITS = ['å\u00c5\u212b', 'σΣς', 'θΘϑϴ', 'βΒϐ', 'εΕϵ', 'κΚϰ', 'πΠϖ', 'ρΡϱ', 'φΦϕ', 'ωΩ\u2126', 'µμΜ', 'ßẞ', 'ιΙ\u0345\u1fbe', 'ṡṠẛ']
/** Sets larger than this are taken as they are: they are negations or scripts, closed under case or nearly so. */
const FOLD_LIMIT = 20_000

/**
 * The set with the other case forms of its letters. ASCII letters fold only with ASCII letters (not with the Kelvin sign and the long s), so that a
 * literal can be searched in a lower-cased copy.
 */
export function fold(set: Ranges): number[] {
  let size = 0
  for (let i = 0; i < set.length; i += 2) size += set[i + 1]! - set[i]! + 1
  if (size > FOLD_LIMIT) return [...set]
  const out = [...set]
  for (let i = 0; i < set.length; i += 2) {
    for (let c = set[i]!; c <= set[i + 1]!; c++) {
      for (const other of caseForms(c)) out.push(other, other)
    }
  }
  return toSet(out)
}

function caseForms(c: number): number[] {
  if (c < 128) {
    if (c >= 65 && c <= 90) return [c + 32]
    return c >= 97 && c <= 122 ? [c - 32] : []
  }
  const char = String.fromCodePoint(c)
  const orbit = ORBITS.find((row) => row.includes(char))
  if (orbit !== undefined) return [...orbit].map((one) => one.codePointAt(0)!)
  const forms = [char.toLowerCase(), char.toUpperCase()]
  return forms
    .filter((form) => form !== char && [...form].length === 1)
    .map((form) => form.codePointAt(0)!)
    .filter((code) => code > 127)
}
