import type { Column } from '../rows.ts'
import { formatTime } from './time.ts'
import type { Batch, View } from './view.ts'

/** A column of a chunk: all texts in one string with the end of each, or a dictionary. */
export type ChunkColumn =
  | { readonly kind: 'text'; readonly text: string; readonly ends: Uint32Array }
  | { readonly kind: 'dictionary'; readonly values: readonly string[]; readonly ids: Uint8Array | Uint16Array | Uint32Array }

/**
 * Rows that own their memory: plain data, so that it can be sent to another thread or written to a file. `order` is each row's
 * place among rows of equal keys (empty when it does not matter); `ids` null when the rows are no records.
 */
export interface Chunk {
  readonly count: number
  readonly time: Float64Array
  readonly timeIsField: boolean
  readonly order: Float64Array
  readonly ids: ChunkColumn | null
  readonly names: readonly string[]
  readonly columns: readonly ChunkColumn[]
}

/** What `chunkOf` copies beside the fields. */
export interface ChunkOptions {
  /** Only these fields; null = all. */
  readonly fields: ReadonlySet<string> | null
  readonly ids: boolean
  /** Place of the first row of the view among all rows; null = no order is kept. */
  readonly base: number | null
}

const NO_ORDER = new Float64Array(0)

/** Copies the picked rows, in the order of `picked`, which need not ascend. Empty columns are left out. */
export function chunkOf({ view, picked }: Batch, options: ChunkOptions): Chunk {
  const count = picked.length
  const time = new Float64Array(count)
  for (let k = 0; k < count; k++) time[k] = view.time[picked[k]!]!
  let order = NO_ORDER
  if (options.base !== null) {
    order = new Float64Array(count)
    for (let k = 0; k < count; k++) order[k] = options.base + picked[k]!
  }
  const names: string[] = []
  const columns: ChunkColumn[] = []
  for (const name of options.fields ?? new Set(view.names(picked))) {
    // the text of an untouched _time is printed from `time` where it is wanted
    if (name === '_time' && view.timeIsField) continue
    const column = view.column(name)
    if (column === null) continue
    const copy = copyColumn(column, picked)
    if (copy === null) continue
    names.push(name)
    columns.push(copy)
  }
  const timeIsField = view.timeIsField && (options.fields === null || options.fields.has('_time')) && view.column('_time') !== null
  const ids = options.ids ? textColumn(count, (k) => view.id(picked[k]!)) : null
  return { count, time, timeIsField, order, ids, names, columns }
}

/** null when all picked values are empty. */
function copyColumn(column: Column, picked: Uint32Array): ChunkColumn | null {
  const { dictionary } = column
  if (dictionary === undefined) {
    const copy = textColumn(picked.length, (k) => column.text(picked[k]!))
    return copy.kind === 'text' && copy.text === '' ? null : copy
  }
  const place = new Map<number, number>()
  const values: string[] = []
  const ids = new Uint32Array(picked.length)
  let any = false
  for (let k = 0; k < picked.length; k++) {
    const id = dictionary.ids[picked[k]!]!
    let at = place.get(id)
    if (at === undefined) {
      at = values.length
      place.set(id, at)
      values.push(dictionary.values[id]!)
      if (values[at] !== '') any = true
    }
    ids[k] = at
  }
  return any ? { kind: 'dictionary', values, ids: narrow(ids, values.length) } : null
}

function narrow(ids: Uint32Array, values: number): Uint8Array | Uint16Array | Uint32Array {
  if (values <= 0x100) return Uint8Array.from(ids)
  return values <= 0x1_0000 ? Uint16Array.from(ids) : ids
}

/** A column of `count` texts. */
export function textColumn(count: number, text: (k: number) => string): ChunkColumn {
  const ends = new Uint32Array(count)
  const parts: string[] = Array.from({ length: count })
  let end = 0
  for (let k = 0; k < count; k++) {
    const value = text(k)
    parts[k] = value
    end += value.length
    ends[k] = end
  }
  return { kind: 'text', text: parts.join(''), ends }
}

/** Bytes that the chunk takes in memory; texts count two bytes a unit, which is the most they take. */
export function chunkBytes(chunk: Chunk): number {
  let bytes = 256 + chunk.time.byteLength + chunk.order.byteLength
  for (const column of chunk.columns) bytes += columnBytes(column)
  return chunk.ids === null ? bytes : bytes + columnBytes(chunk.ids)
}

function columnBytes(column: ChunkColumn): number {
  if (column.kind === 'text') return 96 + column.text.length * 2 + column.ends.byteLength
  let bytes = 96 + column.ids.byteLength
  for (const value of column.values) bytes += 32 + value.length * 2
  return bytes
}

/** The chunk's buffers, to be moved to another thread and not copied. */
export function chunkTransfers(chunk: Chunk): ArrayBuffer[] {
  const out = new Set<ArrayBuffer>()
  const add = (array: Float64Array | Uint32Array | Uint8Array | Uint16Array): void => {
    if (array.byteLength > 0) out.add(array.buffer as ArrayBuffer)
  }
  add(chunk.time)
  add(chunk.order)
  for (const column of chunk.ids === null ? chunk.columns : [...chunk.columns, chunk.ids]) {
    add(column.kind === 'text' ? column.ends : column.ids)
  }
  return [...out]
}

function readColumn(column: ChunkColumn): Column {
  if (column.kind === 'dictionary') {
    const { values, ids } = column
    return { text: (i) => values[ids[i]!]!, dictionary: { values, ids } }
  }
  const { text, ends } = column
  return { text: (i) => text.slice(i === 0 ? 0 : ends[i - 1]!, ends[i]!) }
}

/** The chunk as rows. */
export function chunkView(chunk: Chunk): View {
  const columns = new Map<string, Column>()
  for (let i = 0; i < chunk.names.length; i++) columns.set(chunk.names[i]!, readColumn(chunk.columns[i]!))
  if (chunk.timeIsField) columns.set('_time', { text: (i) => formatTime(chunk.time[i]!) })
  const ids = chunk.ids === null ? null : readColumn(chunk.ids)
  return {
    count: chunk.count,
    time: chunk.time,
    timeIsField: chunk.timeIsField,
    column: (name) => columns.get(name) ?? null,
    names: () => columns.keys(),
    id: (i) => ids?.text(i) ?? '',
  }
}

/** Rows out of lists of values; for the results of pipes. `rows[i][f]` is the value of `names[f]`. */
export function chunkOfValues(names: readonly string[], rows: readonly (readonly string[])[]): Chunk {
  const columns = names.map((_, f) => textColumn(rows.length, (k) => rows[k]![f] ?? ''))
  const time = new Float64Array(rows.length).fill(Number.NaN)
  return { count: rows.length, time, timeIsField: false, order: NO_ORDER, ids: null, names, columns }
}
