import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'
import { rowJson } from './row.ts'

class RowLists implements Accumulator {
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

  private room(slot: number): boolean {
    return this.limit === 0 || this.lists[slot]!.length < this.limit
  }

  private add(slot: number, row: string): void {
    this.lists[slot]!.push(row)
    this.held += 32 + row.length * 2
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    for (let k = 0; k < picked.length; k++) if (this.room(slots[k]!)) this.add(slots[k]!, rowJson(view, picked[k]!, this.fields))
  }

  export(): string[][] {
    return this.lists
  }

  merge(state: unknown, to: Uint32Array): void {
    const lists = state as string[][]
    for (let s = 0; s < to.length; s++) for (const row of lists[s]!) if (this.room(to[s]!)) this.add(to[s]!, row)
  }

  result(slot: number): string {
    return `[${this.lists[slot]!.join(',')}]`
  }
}

/** `json_values(fields) limit N`: JSON list of one object per row, in the order of reading, which is no promise. */
export const jsonValues: StatsFunction = { name: 'json_values', create: (node) => new RowLists(node.fields, node.limit) }
