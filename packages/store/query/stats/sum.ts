import { choose } from '../pipe/fields.ts'
import { formatNumber, numbersOf } from '../pipe/number.ts'
import type { View } from '../pipe/view.ts'
import { grown, type Accumulator, type StatsFunction } from './accumulator.ts'

interface SumState {
  readonly sums: Float64Array
  readonly counts: Float64Array
}

/** Sum and count of the numbers among the values; what is no number is passed over. */
export class Summer implements Accumulator {
  private sums = new Float64Array(8)
  private counts = new Float64Array(8)
  private readonly fields: readonly string[]
  private readonly finish: (sum: number, count: number) => number

  constructor(fields: readonly string[], finish: (sum: number, count: number) => number) {
    this.fields = fields
    this.finish = finish
  }

  get bytes(): number {
    return this.sums.byteLength * 2
  }

  grow(slots: number): void {
    this.sums = grown(this.sums, slots) as Float64Array<ArrayBuffer>
    this.counts = grown(this.counts, slots) as Float64Array<ArrayBuffer>
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    const { sums, counts } = this
    for (const { column } of choose(view, this.fields)) {
      if (column === null) continue
      const number = numbersOf(column)
      for (let k = 0; k < picked.length; k++) {
        const value = number(picked[k]!)
        if (Number.isNaN(value)) continue
        sums[slots[k]!]! += value
        counts[slots[k]!]!++
      }
    }
  }

  export(): SumState {
    return { sums: this.sums, counts: this.counts }
  }

  merge(state: unknown, to: Uint32Array): void {
    const { sums, counts } = state as SumState
    for (let s = 0; s < to.length; s++) {
      this.sums[to[s]!]! += sums[s]!
      this.counts[to[s]!]! += counts[s]!
    }
  }

  result(slot: number): string {
    const many = this.counts[slot]!
    return formatNumber(many === 0 ? Number.NaN : this.finish(this.sums[slot]!, many))
  }
}

/** `sum(fields)`: NaN when no value is a number. Doubles are added in the order of reading. */
export const sum: StatsFunction = { name: 'sum', create: (node) => new Summer(node.fields, (total) => total) }

/** `avg(fields)`: mean of the values that are numbers. */
export const avg: StatsFunction = { name: 'avg', create: (node) => new Summer(node.fields, (total, many) => total / many) }

/** `rate_sum(fields)`: sum per second. */
export const rateSum: StatsFunction = {
  name: 'rate_sum',
  create: (node, { stepSeconds }) => new Summer(node.fields, (total) => total / (stepSeconds > 0 ? stepSeconds : 1)),
}
