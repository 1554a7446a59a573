import { choose } from '../pipe/fields.ts'
import type { View } from '../pipe/view.ts'
import { grown, type Accumulator, type StatsFunction, type StatsNode } from './accumulator.ts'
import { formatNumber } from '../pipe/number.ts'

/** Rows counted per group, of all rows or of those that `counts` chooses. */
export class RowCounter implements Accumulator {
  private counts = new Float64Array(8)
  private readonly chooser: ((view: View) => ((i: number) => boolean) | null) | null
  private readonly divisor: number

  /** `chooser` gives the test of one view's rows (null = none counts); without it every row counts. Results are divided. */
  constructor(chooser: ((view: View) => ((i: number) => boolean) | null) | null, divisor = 1) {
    this.chooser = chooser
    this.divisor = divisor
  }

  get bytes(): number {
    return this.counts.byteLength
  }

  grow(slots: number): void {
    this.counts = grown(this.counts, slots) as Float64Array<ArrayBuffer>
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    const { counts } = this
    if (this.chooser === null) {
      for (let k = 0; k < slots.length; k++) counts[slots[k]!]!++
      return
    }
    const test = this.chooser(view)
    if (test === null) return
    for (let k = 0; k < picked.length; k++) if (test(picked[k]!)) counts[slots[k]!]!++
  }

  export(): unknown {
    return this.counts
  }

  merge(state: unknown, to: Uint32Array): void {
    const from = state as Float64Array
    for (let s = 0; s < to.length; s++) this.counts[to[s]!]! += from[s]!
  }

  result(slot: number): string {
    return formatNumber(this.counts[slot]! / this.divisor)
  }
}

/** The test whether a row has a value in any of the fields; null = no row has. */
export function anyFilled(view: View, fields: readonly string[]): ((i: number) => boolean) | null {
  const columns = choose(view, fields).flatMap((chosen) => (chosen.column === null ? [] : [chosen.column]))
  if (columns.length === 0) return null
  return (i) => columns.some((column) => column.text(i) !== '')
}

/** `count(fields)`: rows with a value in at least one of the fields; `count()`: all rows. */
export const count: StatsFunction = {
  name: 'count',
  create: (node: StatsNode) => new RowCounter(node.fields.includes('*') ? null : (view) => anyFilled(view, node.fields)),
}

/** `count_empty(fields)`: rows without a value in any of the fields. */
export const countEmpty: StatsFunction = {
  name: 'count_empty',
  create: (node: StatsNode) =>
    new RowCounter((view) => {
      const filled = anyFilled(view, node.fields)
      return filled === null ? () => true : (i) => !filled(i)
    }),
}

/** `rate()`: rows per second. */
export const rate: StatsFunction = {
  name: 'rate',
  create: (_node, { stepSeconds }) => new RowCounter(null, stepSeconds > 0 ? stepSeconds : 1),
}
