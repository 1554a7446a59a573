import { numberOf, rfc3339Of } from './numbers.ts'

/**
 * Order of two values as `sort`, `le_field` and `lt_field` have it: true when `a` comes strictly before `b`.
 * The empty (missing) value is the least. Numbers, with or without unit, and RFC 3339 times go by value, before all other text. Other text goes
 * in natural order: runs of digits count as numbers (`v1.9` before `v1.10`), all else by code point. A consistent order: sorted runs can be merged.
 */
export function lessNatural(a: string, b: string): boolean {
  return compareNatural(a, b) < 0
}

/** Negative, zero or positive as `a` stands before, level with or after `b`; see `lessNatural`. Values of one size in two units are level. */
export function compareNatural(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? -1 : 1
  const x = valueOf(a)
  const y = valueOf(b)
  if (x === null) return y === null ? naturalText(a, b) : 1
  if (y === null) return -1
  return x < y ? -1 : x > y ? 1 : 0
}

function valueOf(text: string): number | null {
  const c = text.charCodeAt(0)
  // only digits, a sign, a point or `inf` begin a number
  if (!(isDigit(c) || c === 43 || c === 45 || c === 46 || c === 73 || c === 105)) return null
  const value = numberOf(text) ?? rfc3339Of(text)
  return value === null || Number.isNaN(value) ? null : value
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
      const order = compareDigits(a.slice(i, x), b.slice(j, y))
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

function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+(?=\d)/u, '')
  const y = b.replace(/^0+(?=\d)/u, '')
  if (x.length !== y.length) return x.length - y.length
  return plain(x, y)
}
