import { choose } from '../pipe/fields.ts'
import { compareNatural } from '../language/index.ts'
import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'

/** JSON object of the filled fields of a row; names in the order of `choose`. */
export function rowJson(view: View, i: number, fields: readonly string[]): string {
  const parts: string[] = []
  for (const { name, column } of choose(view, fields)) {
    const value = column === null ? '' : column.text(i)
    if (value !== '') parts.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
  }
  return `{${parts.join(',')}}`
}

interface RowState {
  readonly keys: (string | null)[]
  readonly rows: string[]
}

/** Keeps one row per group: the first one, or that with the least or greatest value of a field. */
class RowKeeper implements Accumulator {
  private readonly keys: (string | null)[] = []
  private readonly rows: string[] = []
  private readonly by: string | null
  private readonly fields: readonly string[]
  private readonly sign: number
  private held = 0

  constructor(by: string | null, fields: readonly string[], sign: number) {
    this.by = by
    this.fields = fields
    this.sign = sign
  }

  get bytes(): number {
    return this.keys.length * 96 + this.held
  }

  grow(slots: number): void {
    while (this.keys.length < slots) {
      this.keys.push(null)
      this.rows.push('{}')
    }
  }

  private wants(slot: number, key: string): boolean {
    const old = this.keys[slot]!
    return old === null || (this.by !== null && compareNatural(key, old) * this.sign < 0)
  }

  private put(slot: number, key: string, row: string): void {
    this.held += 2 * (key.length + row.length - (this.keys[slot]?.length ?? 0) - this.rows[slot]!.length)
    this.keys[slot] = key
    this.rows[slot] = row
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    const column = this.by === null ? null : view.column(this.by)
    if (this.by !== null && column === null) return
    for (let k = 0; k < picked.length; k++) {
      const i = picked[k]!
      const key = column === null ? '' : column.text(i)
      if (column !== null && key === '') continue
      if (this.wants(slots[k]!, key)) this.put(slots[k]!, key, rowJson(view, i, this.fields))
    }
  }

  export(): RowState {
    return { keys: this.keys, rows: this.rows }
  }

  merge(state: unknown, to: Uint32Array): void {
    const { keys, rows } = state as RowState
    for (let s = 0; s < to.length; s++) {
      const key = keys[s]!
      if (key !== null && this.wants(to[s]!, key)) this.put(to[s]!, key, rows[s]!)
    }
  }

  result(slot: number): string {
    return this.rows[slot]!
  }
}

function keeper(sign: number): StatsFunction['create'] {
  return ({ fields }) => new RowKeeper(fields[0]!, fields.length > 1 ? fields.slice(1) : ['*'], sign)
}

/** `row_any(fields)`: JSON of any one row. */
export const rowAny: StatsFunction = { name: 'row_any', create: (node) => new RowKeeper(null, node.fields, 0) }

/** `row_min(by, fields)`: JSON of the row with the least value of `by`; rows without it are passed over. */
export const rowMin: StatsFunction = { name: 'row_min', create: keeper(1) }

/** `row_max(by, fields)`: JSON of the row with the greatest value of `by`. */
export const rowMax: StatsFunction = { name: 'row_max', create: keeper(-1) }
