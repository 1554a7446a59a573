import { choose } from '../pipe/fields.ts'
import { compareNatural } from '../language/index.ts'
import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'

/** How often each value came, per group: exact, and small where values repeat. */
class Quantile implements Accumulator {
  private readonly bags: Map<string, number>[] = []
  private readonly fields: readonly string[]
  private readonly phi: number
  private held = 0

  constructor(fields: readonly string[], phi: number) {
    this.fields = fields
    this.phi = phi
  }

  get bytes(): number {
    return this.bags.length * 200 + this.held
  }

  grow(slots: number): void {
    while (this.bags.length < slots) this.bags.push(new Map())
  }

  private add(slot: number, value: string, many: number): void {
    const bag = this.bags[slot]!
    const old = bag.get(value)
    if (old === undefined) this.held += 80 + value.length * 2
    bag.set(value, (old ?? 0) + many)
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    for (const { column, named } of choose(view, this.fields)) {
      for (let k = 0; k < picked.length; k++) {
        const value = column === null ? '' : column.text(picked[k]!)
        if (named || value !== '') this.add(slots[k]!, value, 1)
      }
    }
  }

  export(): Map<string, number>[] {
    return this.bags
  }

  merge(state: unknown, to: Uint32Array): void {
    const bags = state as Map<string, number>[]
    for (let s = 0; s < to.length; s++) for (const [value, many] of bags[s]!) this.add(to[s]!, value, many)
  }

  result(slot: number): string {
    const values = [...this.bags[slot]!].sort((a, b) => compareNatural(a[0], b[0]))
    let total = 0
    for (const [, many] of values) total += many
    let left = Math.min(Math.floor(this.phi * total), total - 1)
    for (const [value, many] of values) {
      left -= many
      if (left < 0) return value
    }
    return ''
  }
}

/** `quantile(phi, fields)`: the value at place floor(phi * n) of the n values in order. Exact: all distinct values are held. */
export const quantile: StatsFunction = { name: 'quantile', create: (node) => new Quantile(node.fields, node.phi ?? 0.5) }

/** `median(fields)`: `quantile(0.5, fields)`. */
export const median: StatsFunction = { name: 'median', create: (node) => new Quantile(node.fields, 0.5) }
