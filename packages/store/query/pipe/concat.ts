import type { Column } from '../rows.ts'
import { chunkOf, chunkView, type Chunk } from './chunk.ts'
import { everyRow, type View } from './view.ts'

/** Rows of several chunks in any order: row `k` is row `rows[k]` of `chunks[from[k]]`. */
export interface RowList {
  readonly chunks: readonly Chunk[]
  readonly from: Uint32Array
  readonly rows: Uint32Array
}

/** Copies the rows of a list from `start` to `end` (exclusive) into one chunk that needs none of the others. */
export function collect(list: RowList, start: number, end: number): Chunk {
  const count = end - start
  const views = list.chunks.map(chunkView)
  const time = new Float64Array(count)
  const ordered = list.chunks.some((chunk) => chunk.order.length > 0)
  const order = new Float64Array(ordered ? count : 0)
  for (let k = 0; k < count; k++) {
    const chunk = list.chunks[list.from[start + k]!]!
    const row = list.rows[start + k]!
    time[k] = chunk.time[row]!
    if (ordered) order[k] = chunk.order[row] ?? 0
  }
  const from = list.from.subarray(start, end)
  const rows = list.rows.subarray(start, end)
  const names = new Set(views.flatMap((view) => [...view.names()]))
  const timeIsField = list.chunks.every((chunk) => chunk.timeIsField)
  const columns = new Map<string, Column>()
  const view: View = {
    count,
    time,
    timeIsField,
    column: (name) => {
      let column = columns.get(name)
      if (column === undefined) {
        column = joined(
          views.map((one) => one.column(name)),
          from,
          rows,
        )
        columns.set(name, column)
      }
      return column
    },
    names: () => names,
    id: (k) => views[from[k]!]!.id(rows[k]!),
  }
  const ids = list.chunks.some((chunk) => chunk.ids !== null)
  const copy = chunkOf({ view, picked: everyRow(count) }, { fields: null, ids, base: null })
  return { ...copy, order }
}

function joined(columns: readonly (Column | null)[], from: Uint32Array, rows: Uint32Array): Column {
  const text = (k: number): string => columns[from[k]!]?.text(rows[k]!) ?? ''
  if (!columns.some((column) => column !== null) || columns.some((column) => column !== null && column.dictionary === undefined))
    return { text }
  const values: string[] = ['']
  const places = new Map<string, number>([['', 0]])
  // chunk -> id there -> id here
  const maps = columns.map((column) => Int32Array.from({ length: column?.dictionary?.values.length ?? 0 }, () => -1))
  const ids = new Uint32Array(from.length)
  for (let k = 0; k < from.length; k++) {
    const dictionary = columns[from[k]!]?.dictionary
    if (dictionary === undefined) continue
    const old = dictionary.ids[rows[k]!]!
    const map = maps[from[k]!]!
    if (map[old]! < 0) {
      const value = dictionary.values[old]!
      let place = places.get(value)
      if (place === undefined) {
        place = values.length
        places.set(value, place)
        values.push(value)
      }
      map[old] = place
    }
    ids[k] = map[old]!
  }
  return { text, dictionary: { values, ids } }
}
