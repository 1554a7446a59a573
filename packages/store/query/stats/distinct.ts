import { choose } from '../pipe/fields.ts'
import { compareNatural } from '../language/index.ts'
import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'

/** Bytes that one entry of a set of texts costs beside its text. */
const ENTRY = 72

/** A set of texts per group, with at most `limit` each (0 = any number). */
abstract class TextSets implements Accumulator {
  protected readonly sets: Set<string>[] = []
  private readonly limit: number
  private held = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get bytes(): number {
    return this.sets.length * 200 + this.held
  }

  grow(slots: number): void {
    while (this.sets.length < slots) this.sets.push(new Set())
  }

  protected add(slot: number, text: string): void {
    const set = this.sets[slot]!
    if ((this.limit > 0 && set.size >= this.limit) || set.has(text)) return
    set.add(text)
    this.held += ENTRY + text.length * 2
  }

  abstract push(view: View, picked: Uint32Array, slots: Uint32Array): void
  abstract result(slot: number): string

  export(): Set<string>[] {
    return this.sets
  }

  merge(state: unknown, to: Uint32Array): void {
    const sets = state as Set<string>[]
    for (let s = 0; s < to.length; s++) for (const text of sets[s]!) this.add(to[s]!, text)
  }
}

class TupleCounter extends TextSets {
  private readonly fields: readonly string[]

  constructor(fields: readonly string[], limit: number) {
    super(limit)
    this.fields = fields
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    const columns = choose(view, this.fields)
    for (let k = 0; k < picked.length; k++) {
      let key = ''
      let any = false
      for (const { column } of columns) {
        const value = column === null ? '' : column.text(picked[k]!)
        if (value !== '') any = true
        key += columns.length === 1 ? value : `${value.length}:${value}`
      }
      if (any) this.add(slots[k]!, key)
    }
  }

  result(slot: number): string {
    return String(this.sets[slot]!.size)
  }
}

class ValueSets extends TextSets {
  private readonly fields: readonly string[]

  constructor(fields: readonly string[], limit: number) {
    super(limit)
    this.fields = fields
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    for (const { column } of choose(view, this.fields)) {
      if (column === null) continue
      for (let k = 0; k < picked.length; k++) {
        const value = column.text(picked[k]!)
        if (value !== '') this.add(slots[k]!, value)
      }
    }
  }

  result(slot: number): string {
    return JSON.stringify([...this.sets[slot]!].sort(compareNatural))
  }
}

/** `count_uniq(fields) limit N`: distinct tuples of values of which at least one is not empty; counting stops at N. Exact. */
export const countUniq: StatsFunction = { name: 'count_uniq', create: (node) => new TupleCounter(node.fields, node.limit) }

/** `count_uniq_hash`: as `count_uniq`. The hash that the name speaks of would save memory at the price of exactness. */
export const countUniqHash: StatsFunction = { name: 'count_uniq_hash', create: (node) => new TupleCounter(node.fields, node.limit) }

/** `uniq_values(fields) limit N`: JSON list of the distinct values that are not empty, sorted; any N of them with a limit. */
export const uniqValues: StatsFunction = { name: 'uniq_values', create: (node) => new ValueSets(node.fields, node.limit) }
