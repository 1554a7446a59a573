import { choose } from '../pipe/fields.ts'
import { formatNumber } from '../pipe/number.ts'
import type { View } from '../pipe/view.ts'
import { grown, type Accumulator, type StatsFunction } from './accumulator.ts'

class LengthSummer implements Accumulator {
  private sums = new Float64Array(8)
  private readonly fields: readonly string[]

  constructor(fields: readonly string[]) {
    this.fields = fields
  }

  get bytes(): number {
    return this.sums.byteLength
  }

  grow(slots: number): void {
    this.sums = grown(this.sums, slots) as Float64Array<ArrayBuffer>
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    for (const { column } of choose(view, this.fields)) {
      if (column === null) continue
      for (let k = 0; k < picked.length; k++) this.sums[slots[k]!]! += Buffer.byteLength(column.text(picked[k]!))
    }
  }

  export(): Float64Array {
    return this.sums
  }

  merge(state: unknown, to: Uint32Array): void {
    for (let s = 0; s < to.length; s++) this.sums[to[s]!]! += (state as Float64Array)[s]!
  }

  result(slot: number): string {
    return formatNumber(this.sums[slot]!)
  }
}

/** `sum_len(fields)`: sum of the lengths of the values, in bytes of UTF-8. */
export const sumLen: StatsFunction = { name: 'sum_len', create: (node) => new LengthSummer(node.fields) }
