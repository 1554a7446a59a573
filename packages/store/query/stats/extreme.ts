import { choose } from '../pipe/fields.ts'
import { compareNatural } from '../language/index.ts'
import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'

/** Least or greatest value; null where there was none yet. */
class Extreme implements Accumulator {
  private readonly best: (string | null)[] = []
  private readonly fields: readonly string[]
  private readonly sign: number
  private held = 0

  constructor(fields: readonly string[], sign: number) {
    this.fields = fields
    this.sign = sign
  }

  get bytes(): number {
    return this.best.length * 48 + this.held * 2
  }

  grow(slots: number): void {
    while (this.best.length < slots) this.best.push(null)
  }

  private offer(slot: number, value: string): void {
    const old = this.best[slot]!
    if (old === value || (old !== null && compareNatural(value, old) * this.sign >= 0)) return
    this.held += value.length - (old?.length ?? 0)
    this.best[slot] = value
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    for (const { column, named } of choose(view, this.fields)) {
      for (let k = 0; k < picked.length; k++) {
        const value = column === null ? '' : column.text(picked[k]!)
        if (named || value !== '') this.offer(slots[k]!, value)
      }
    }
  }

  export(): (string | null)[] {
    return this.best
  }

  merge(state: unknown, to: Uint32Array): void {
    const best = state as (string | null)[]
    for (let s = 0; s < to.length; s++) if (best[s] !== null) this.offer(to[s]!, best[s]!)
  }

  result(slot: number): string {
    return this.best[slot] ?? ''
  }
}

/** `min(fields)`: the value that comes first as `sort` orders. A field asked for by name counts as empty where it is missing. */
export const min: StatsFunction = { name: 'min', create: (node) => new Extreme(node.fields, 1) }

/** `max(fields)`: the value that comes last as `sort` orders. */
export const max: StatsFunction = { name: 'max', create: (node) => new Extreme(node.fields, -1) }
