import { numberOf, rfc3339Of } from './numbers.ts'

/**
 * Order of two values as `sort`, `le_field` and `lt_field` have it: numbers (with or without unit) by value; other text in natural order,
 * where runs of digits count as numbers (`v1.9` before `v1.10`) and all else goes by code point.
 * True when `a` comes strictly before `b`. A number comes before text that is none only as their characters say.
 */
export function lessNatural(a: string, b: string): boolean {
  return compareNatural(a, b) < 0
}

/** Negative, zero or positive as `a` stands before, level with or after `b`; see `lessNatural`. */
export function compareNatural(a: string, b: string): number {
  if (a === b) return 0
  if (mayBeNumber(a) && mayBeNumber(b)) {
    const x = numberOf(a) ?? rfc3339Of(a)
    const y = x === null ? null : (numberOf(b) ?? rfc3339Of(b))
    if (x !== null && y !== null && !Number.isNaN(x) && !Number.isNaN(y)) return x < y ? -1 : x > y ? 1 : 0
  }
  return naturalText(a, b)
}

/** Only digits, a sign, a point or `inf` begin a number. */
function mayBeNumber(text: string): boolean {
  const c = text.charCodeAt(0)
  return (c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46 || c === 73 || c === 105
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57
}

function naturalText(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const c = a.codePointAt(i)!
    const d = b.codePointAt(j)!
    if (isDigit(c) && isDigit(d)) {
      const x = digitsEnd(a, i)
      const y = digitsEnd(b, j)
      const order = isFraction(a, i) || isFraction(b, j) ? plain(a.slice(i, x), b.slice(j, y)) : compareDigits(a.slice(i, x), b.slice(j, y))
      if (order !== 0) return order
      i = x
      j = y
      continue
    }
    if (c !== d) return c - d
    const width = c > 0xffff ? 2 : 1
    i += width
    j += width
  }
  const rest = a.length - i - (b.length - j)
  return rest !== 0 ? rest : plain(a, b)
}

function plain(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function digitsEnd(text: string, from: number): number {
  let i = from
  while (i < text.length && isDigit(text.charCodeAt(i))) i++
  return i
}

/** Digits after `hh:mm:ss.` are a fraction, so `.09` stands before `.1`. */
function isFraction(text: string, at: number): boolean {
  return at >= 3 && text[at - 1] === '.' && /:\d\d\.$/u.test(text.slice(Math.max(0, at - 4), at))
}

function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+(?=\d)/u, '')
  const y = b.replace(/^0+(?=\d)/u, '')
  if (x.length !== y.length) return x.length - y.length
  return plain(x, y)
}
