import { compareNatural, numberOf, rfc3339Of } from '../language/index.ts'
import type { Column } from '../rows.ts'
import { chunkView, type Chunk } from './chunk.ts'

/** A total order of rows. `keys` prepares a chunk for comparing; ties are broken by the rows' own place. */
export interface RowOrder<K> {
  keys(chunk: Chunk): K
  compare(a: K, i: number, b: K, j: number): number
  /** There is more than one partition. */
  readonly partitioned: boolean
  /** Are the rows of one partition? Limits count for each partition. */
  together(a: K, i: number, b: K, j: number): boolean
}

export interface TimeKeys {
  readonly time: Float64Array
  readonly order: Float64Array
}

/** By time, then by the order of arrival; `newest` is the exact reverse. */
export function timeOrder(newest: boolean): RowOrder<TimeKeys> {
  const sign = newest ? -1 : 1
  return {
    keys: ({ time, order }) => ({ time, order }),
    compare: (a, i, b, j) => sign * (a.time[i]! - b.time[j]! || a.order[i]! - b.order[j]!),
    partitioned: false,
    together: () => true,
  }
}

/** One field to sort by. */
export interface SortField {
  readonly name: string
  readonly desc: boolean
}

interface Key {
  readonly column: Column | null
  /** NaN where the value is no number. */
  readonly numbers: Float64Array
}

export interface FieldKeys {
  readonly keys: readonly Key[]
  readonly order: Float64Array
}

/** By partition, then by fields in the order of `compareNatural`; without fields by all fields of a row. */
export function fieldOrder(partition: readonly string[], by: readonly SortField[], desc: boolean): RowOrder<FieldKeys> {
  const fields: SortField[] = [
    ...partition.map((name) => ({ name, desc: false })),
    ...by.map((field) => ({ name: field.name, desc: field.desc !== desc })),
  ]
  const whole = by.length === 0
  const signs = [...fields.map((field) => (field.desc ? -1 : 1)), ...(whole ? [desc ? -1 : 1] : [])]
  return {
    keys: (chunk) => {
      const view = chunkView(chunk)
      const keys = fields.map(({ name }) => keyOf(name === '_time' && view.timeIsField ? null : view.column(name), chunk, name))
      if (whole) keys.push(keyOf(wholeRow(chunk), chunk, ''))
      return { keys, order: chunk.order }
    },
    compare: (a, i, b, j) => {
      for (let f = 0; f < signs.length; f++) {
        const order = compareKeys(a.keys[f]!, i, b.keys[f]!, j)
        if (order !== 0) return order * signs[f]!
      }
      return (a.order[i] ?? 0) - (b.order[j] ?? 0)
    },
    partitioned: partition.length > 0,
    together: (a, i, b, j) => {
      for (let f = 0; f < partition.length; f++) {
        if ((a.keys[f]!.column?.text(i) ?? '') !== (b.keys[f]!.column?.text(j) ?? '')) return false
      }
      return true
    },
  }
}

function keyOf(column: Column | null, chunk: Chunk, name: string): Key {
  if (name === '_time' && chunk.timeIsField)
    return { column: chunkView(chunk).column('_time'), numbers: Float64Array.from(chunk.time, (time) => time * 1000) }
  if (column === null) return { column, numbers: new Float64Array(chunk.count).fill(Number.NaN) }
  const { dictionary } = column
  if (dictionary !== undefined) {
    const values = Float64Array.from(dictionary.values, keyNumber)
    return { column, numbers: Float64Array.from(dictionary.ids, (id) => values[id]!) }
  }
  return { column, numbers: Float64Array.from({ length: chunk.count }, (_, i) => keyNumber(column.text(i))) }
}

function keyNumber(text: string): number {
  return text === '' ? Number.NaN : (numberOf(text) ?? rfc3339Of(text) ?? Number.NaN)
}

function compareKeys(a: Key, i: number, b: Key, j: number): number {
  const x = a.numbers[i]!
  const y = b.numbers[j]!
  if (x < y) return -1
  if (x > y) return 1
  if (x === y) return 0
  return compareNatural(a.column?.text(i) ?? '', b.column?.text(j) ?? '')
}

/** All fields of a row in the order of their names, as one text. */
function wholeRow(chunk: Chunk): Column {
  const view = chunkView(chunk)
  const names = [...view.names()].sort()
  const columns = names.map((name) => view.column(name)!)
  return {
    text: (i) => {
      let out = ''
      for (let f = 0; f < names.length; f++) {
        const value = columns[f]!.text(i)
        if (value !== '') out += `${names[f]}\u0000${value}\u0000`
      }
      return out
    },
  }
}
