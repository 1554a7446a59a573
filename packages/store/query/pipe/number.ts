import type { Column } from '../rows.ts'
import { numberOf } from '../language/index.ts'

/** A number as results show it: no exponent, no superfluous digits; NaN, +Inf and -Inf by name. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return '0'
  const text = String(value)
  if (!text.includes('e')) return text
  if (Number.isInteger(value)) return BigInt(value).toString()
  const [digits, exponent] = text.split('e') as [string, string]
  const sign = digits.startsWith('-') ? '-' : ''
  const plain = digits.replace('-', '').replace('.', '')
  return `${sign}0.${'0'.repeat(-Number(exponent) - 1)}${plain}`
}

/** The number that a value is (durations in nanoseconds, sizes in bytes); NaN when it is none. */
export function valueNumber(text: string): number {
  if (text === '') return Number.NaN
  return numberOf(text) ?? Number.NaN
}

/** Reads numbers of a column; each value of a dictionary is read once. */
export function numbersOf(column: Column): (i: number) => number {
  const { dictionary } = column
  if (dictionary === undefined) return (i) => valueNumber(column.text(i))
  const numbers = Float64Array.from(dictionary.values, valueNumber)
  return (i) => numbers[dictionary.ids[i]!]!
}
