import type { FilterNode } from '../language/index.ts'
import type { View } from '../pipe/view.ts'

/** One stats function of a query, as its parser made it. */
export interface StatsNode {
  readonly name: string
  /** Field patterns; `['*']` = all fields. */
  readonly fields: readonly string[]
  /** `limit N`; 0 = none. */
  readonly limit: number
  /** The phi of a quantile. */
  readonly phi?: number
  /** `if (...)`: only rows that match are counted. */
  readonly condition: FilterNode | null
  /** The field that holds the result. */
  readonly as: string
}

/** What makes rates per second. */
export interface StatsContext {
  /** Seconds of one time bucket, or of the query's range; 0 = unknown, the plain sum is given. */
  readonly stepSeconds: number
}

/**
 * Values of one stats function for many groups side by side. A group is a slot, a small number; slot `slots[k]` is that of row
 * `picked[k]`. States of accumulators that read different rows are merged.
 */
export interface Accumulator {
  /** Bytes held now, roughly; never less than half of the truth. */
  readonly bytes: number
  /** There are `slots` groups from now on. */
  grow(slots: number): void
  push(view: View, picked: Uint32Array, slots: Uint32Array): void
  /** Structured-cloneable; owned by the caller, so the accumulator must not be used after. */
  export(): unknown
  /** Slot `s` of the state goes into slot `to[s]`. */
  merge(state: unknown, to: Uint32Array): void
  result(slot: number): string
}

/** A stats function: how it is made, what it reads. */
export interface StatsFunction {
  readonly name: string
  create(node: StatsNode, context: StatsContext): Accumulator
}

/** A Float64Array of at least `slots` entries with the old ones kept. */
export function grown(array: Float64Array, slots: number, fill = 0): Float64Array {
  if (array.length >= slots) return array
  const next = new Float64Array(Math.max(slots, array.length * 2, 8))
  next.set(array)
  if (fill !== 0) next.fill(fill, array.length)
  return next
}
