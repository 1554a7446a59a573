import { choose } from '../pipe/fields.ts'
import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'

class ValueLists implements Accumulator {
  private readonly lists: string[][] = []
  private readonly fields: readonly string[]
  private readonly limit: number
  private held = 0

  constructor(fields: readonly string[], limit: number) {
    this.fields = fields
    this.limit = limit
  }

  get bytes(): number {
    return this.lists.length * 64 + this.held
  }

  grow(slots: number): void {
    while (this.lists.length < slots) this.lists.push([])
  }

  private add(slot: number, value: string): void {
    const list = this.lists[slot]!
    if (this.limit > 0 && list.length >= this.limit) return
    list.push(value)
    this.held += 32 + value.length * 2
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    const columns = choose(view, this.fields)
    for (let k = 0; k < picked.length; k++) {
      for (const { column, named } of columns) {
        const value = column === null ? '' : column.text(picked[k]!)
        if (named || value !== '') this.add(slots[k]!, value)
      }
    }
  }

  export(): string[][] {
    return this.lists
  }

  merge(state: unknown, to: Uint32Array): void {
    const lists = state as string[][]
    for (let s = 0; s < to.length; s++) for (const value of lists[s]!) this.add(to[s]!, value)
  }

  result(slot: number): string {
    return JSON.stringify(this.lists[slot]!)
  }
}

/** `values(fields) limit N`: JSON list of all values in the order of reading, which is no promise; missing ones are empty texts. */
export const values: StatsFunction = { name: 'values', create: (node) => new ValueLists(node.fields, node.limit) }
