import { ipv4Of, numberOf, rfc3339Of } from '../language/index.ts'
import type { Column } from '../rows.ts'
import { formatNumber } from './number.ts'
import { computed, type View } from './view.ts'

/** What `math` computes: a number, the number in a field, or an operator or function of others. */
export type MathExpression =
  | { readonly value: number }
  | { readonly field: string }
  | { readonly call: string; readonly args: readonly MathExpression[] }

type Evaluate = (i: number) => number

function valueOf(text: string): number {
  if (text === '') return Number.NaN
  return numberOf(text) ?? rfc3339Of(text) ?? ipv4Of(text) ?? Number.NaN
}

/** Bits of whole numbers up to 2^64; NaN for others. */
function bits(a: number, b: number, operate: (x: bigint, y: bigint) => bigint): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.NaN
  return Number(operate(BigInt.asUintN(64, BigInt(Math.trunc(a))), BigInt.asUintN(64, BigInt(Math.trunc(b)))))
}

/** The multiple of `step` nearest to a value, with no more decimals than the step has. */
function roundTo(value: number, step: number): number {
  if (!Number.isFinite(value) || step === 0 || !Number.isFinite(step)) return value
  const size = Math.abs(step)
  const nearest = Math.sign(value) * Math.round(Math.abs(value) / size) * size
  const decimals = /\.(\d+)$/.exec(formatNumber(size))?.[1]?.length ?? 0
  return decimals > 100 ? nearest : Number(nearest.toFixed(decimals))
}

const CALLS: ReadonlyMap<string, (...args: number[]) => number> = new Map<string, (...args: number[]) => number>([
  ['default', (a, b) => (Number.isNaN(a!) ? b! : a!)],
  ['or', (a, b) => bits(a!, b!, (x, y) => x | y)],
  ['xor', (a, b) => bits(a!, b!, (x, y) => x ^ y)],
  ['&', (a, b) => bits(a!, b!, (x, y) => x & y)],
  ['+', (a, b) => a! + b!],
  ['-', (a, b) => a! - b!],
  ['*', (a, b) => a! * b!],
  ['/', (a, b) => a! / b!],
  ['%', (a, b) => a! % b!],
  ['^', (a, b) => a! ** b!],
  ['negate', (a) => -a!],
  ['abs', (a) => Math.abs(a!)],
  ['exp', (a) => Math.exp(a!)],
  ['ln', (a) => (a! > 0 ? Math.log(a!) : Number.NaN)],
  ['ceil', (a) => Math.ceil(a!)],
  ['floor', (a) => Math.floor(a!)],
  ['round', (a, step = 1) => roundTo(a!, step)],
  // what is no number is passed over
  ['min', (...args) => args.reduce((a, b) => (Number.isNaN(a) || b < a ? b : a))],
  ['max', (...args) => args.reduce((a, b) => (Number.isNaN(a) || b > a ? b : a))],
])

function bind(expression: MathExpression, view: View, nowNanos: number): Evaluate {
  if ('value' in expression) return () => expression.value
  if ('field' in expression) {
    const column = view.column(expression.field)
    return column === null ? () => Number.NaN : (i) => valueOf(column.text(i))
  }
  if (expression.call === 'now') return () => nowNanos
  const call = CALLS.get(expression.call)!
  const args = expression.args.map((arg) => bind(arg, view, nowNanos))
  if (args.length === 1) return (i) => call(args[0]!(i))
  if (args.length === 2) return (i) => call(args[0]!(i), args[1]!(i))
  return (i) => call(...args.map((arg) => arg(i)))
}

/** The results of an expression for the rows of a view, computed when they are asked for. Times are nanoseconds. */
export function evaluator(expression: MathExpression, nowNanos: number): (view: View) => Column {
  return (view) => {
    const evaluate = bind(expression, view, nowNanos)
    return computed((i) => formatNumber(evaluate(i)))
  }
}
