import { compareNatural } from '../language/index.ts'
import { bucketText, timeBucket, type ByField } from './bucket.ts'
import { formatTime } from './time.ts'
import type { Batch } from './view.ts'

/** Slot of rows that a limited table has no room for. */
export const NO_SLOT = 0xffff_ffff

/** One field's values of a batch: row `k` of the picked ones has `values[ids[k]]`. */
interface Local {
  readonly ids: Uint32Array
  readonly values: readonly string[]
}

/** Distinct tuples of values of some fields, each with a small number, its slot. */
export class GroupTable {
  readonly by: readonly ByField[]
  /** The values of each slot. */
  readonly keys: (readonly string[])[] = []
  /** Rows came that would have made more than `limit` groups. */
  overflowed = false
  private readonly slots = new Map<string, number>()
  private readonly limit: number
  private held = 0

  /** At most `limit` groups; 0 = any number. */
  constructor(by: readonly ByField[], limit = 0) {
    this.by = by
    this.limit = limit
  }

  get size(): number {
    return this.keys.length
  }

  /** Bytes held now, roughly. */
  get bytes(): number {
    return this.held
  }

  /** The slot of each picked row; new tuples get new slots. */
  slotsOf(batch: Batch): Uint32Array {
    const rows = batch.picked.length
    if (this.by.length === 0) {
      if (rows > 0) this.slotOf([])
      return new Uint32Array(rows)
    }
    const locals = this.by.map((field) => localIds(batch, field))
    const { ids, firsts } = combine(locals, rows)
    const slots = new Uint32Array(firsts.length)
    for (let g = 0; g < firsts.length; g++) {
      const k = firsts[g]!
      slots[g] = this.slotOf(locals.map((local) => local.values[local.ids[k]!]!))
    }
    for (let k = 0; k < rows; k++) ids[k] = slots[ids[k]!]!
    return ids
  }

  slotOf(values: readonly string[]): number {
    const key = values.length === 1 ? values[0]! : values.map((value) => `${value.length}:${value}`).join('')
    const old = this.slots.get(key)
    if (old !== undefined) return old
    if (this.limit > 0 && this.keys.length >= this.limit) {
      this.overflowed = true
      return NO_SLOT
    }
    const slot = this.keys.length
    this.slots.set(key, slot)
    this.keys.push(values)
    this.held += 160 + 4 * key.length
    return slot
  }

  /** The slots here of the groups of another table. */
  merge(keys: readonly (readonly string[])[]): Uint32Array {
    return Uint32Array.from(keys, (values) => this.slotOf(values))
  }

  /** All slots in the order of their values. */
  sorted(): number[] {
    const { keys } = this
    return keys.map((_, slot) => slot).sort((a, b) => compareTuples(keys[a]!, keys[b]!))
  }
}

export function compareTuples(a: readonly string[], b: readonly string[]): number {
  for (let f = 0; f < a.length; f++) {
    const order = compareNatural(a[f]!, b[f]!)
    if (order !== 0) return order
  }
  for (let f = 0; f < a.length; f++) if (a[f] !== b[f]) return a[f]! < b[f]! ? -1 : 1
  return 0
}

/** Numbers rows by the tuple of their local ids; `firsts[g]` is the first row of tuple `g`. */
function combine(locals: readonly Local[], rows: number): { ids: Uint32Array; firsts: number[] } {
  let ids = locals[0]!.ids
  let many = locals[0]!.values.length
  for (let f = 1; f < locals.length; f++) {
    const packed = compact(ids, locals[f]!.ids, many, locals[f]!.values.length, rows)
    ids = packed.ids
    many = packed.firsts.length
    if (f === locals.length - 1) return packed
  }
  return compact(ids, null, many, 1, rows)
}

function compact(
  a: Uint32Array,
  b: Uint32Array | null,
  manyA: number,
  manyB: number,
  rows: number,
): { ids: Uint32Array; firsts: number[] } {
  const ids = new Uint32Array(rows)
  const firsts: number[] = []
  const table = manyA * manyB <= 0x1_0000 ? new Int32Array(manyA * manyB).fill(-1) : null
  const map = new Map<number, number>()
  for (let k = 0; k < rows; k++) {
    const pair = b === null ? a[k]! : a[k]! * manyB + b[k]!
    let id = table === null ? (map.get(pair) ?? -1) : table[pair]!
    if (id < 0) {
      id = firsts.length
      firsts.push(k)
      if (table === null) map.set(pair, id)
      else table[pair] = id
    }
    ids[k] = id
  }
  return { ids, firsts }
}

function localIds({ view, picked }: Batch, { name, bucket }: ByField): Local {
  const rows = picked.length
  const ids = new Uint32Array(rows)
  if (name === '_time' && view.timeIsField && bucket !== null) return timeIds(view.time, picked, timeBucket(bucket))
  const column = view.column(name)
  if (column === null) return { ids, values: [''] }
  const change = bucket === null ? null : bucketText(bucket)
  const { dictionary } = column
  if (dictionary !== undefined) {
    for (let k = 0; k < rows; k++) ids[k] = dictionary.ids[picked[k]!]!
    return { ids, values: change === null ? dictionary.values : dictionary.values.map(change) }
  }
  const places = new Map<string, number>()
  const values: string[] = []
  for (let k = 0; k < rows; k++) {
    const text = column.text(picked[k]!)
    let id = places.get(text)
    if (id === undefined) {
      id = values.length
      places.set(text, id)
      values.push(change === null ? text : change(text))
    }
    ids[k] = id
  }
  return { ids, values }
}

function timeIds(time: Float64Array, picked: Uint32Array, bucket: (micros: number) => number): Local {
  const ids = new Uint32Array(picked.length)
  const places = new Map<number, number>()
  const values: string[] = []
  let last = Number.NaN
  let lastId = 0
  for (let k = 0; k < picked.length; k++) {
    const start = bucket(time[picked[k]!]!)
    if (start !== last) {
      last = start
      const id = places.get(start)
      lastId = id ?? values.length
      if (id === undefined) {
        places.set(start, lastId)
        values.push(formatTime(start))
      }
    }
    ids[k] = lastId
  }
  return { ids, values }
}
