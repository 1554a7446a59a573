import type { Column, Rows } from '../rows.ts'
import { formatTime } from './time.ts'

/** Rows on their way through pipes: names can be hidden, changed and added without touching the rows underneath. */
export interface View extends Rows {
  /** `_time` is still `time` printed; false once a pipe has put another text there. */
  readonly timeIsField: boolean
  /** Record id of row `i`; empty for rows that are no records. */
  id(i: number): string
}

/** Some rows of a view, as ascending indexes. */
export interface Batch {
  readonly view: View
  readonly picked: Uint32Array
}

/** A base view: the rows of a block, or of a table. With `timeIsField` they have a `_time`, whether the rows give it or not. */
export function viewOf(rows: Rows & { id?: (i: number) => string }, timeIsField = true): View {
  const { count, time } = rows
  const id = (i: number): string => rows.id?.(i) ?? ''
  if (!timeIsField) return { count, time, timeIsField, column: (name) => rows.column(name), names: (picked) => rows.names(picked), id }
  const printed: Column = { text: (i) => formatTime(time[i]!) }
  return {
    count,
    time,
    timeIsField,
    column: (name) => rows.column(name) ?? (name === '_time' ? printed : null),
    names: function* (picked) {
      yield '_time'
      for (const name of rows.names(picked)) if (name !== '_time') yield name
    },
    id,
  }
}

export function everyRow(count: number): Uint32Array {
  const picked = new Uint32Array(count)
  for (let i = 0; i < count; i++) picked[i] = i
  return picked
}

/** The view with only the names for which `keep` is true. */
export function restrict(view: View, keep: (name: string) => boolean): View {
  return {
    count: view.count,
    time: view.time,
    timeIsField: view.timeIsField,
    column: (name) => (keep(name) ? view.column(name) : null),
    names: function* (picked) {
      for (const name of view.names(picked)) if (keep(name)) yield name
    },
    id: (i) => view.id(i),
  }
}

/** The view with some columns put in place of others; null takes a field away. */
export function overlay(view: View, changed: ReadonlyMap<string, Column | null>): View {
  return {
    count: view.count,
    time: view.time,
    timeIsField: view.timeIsField && !changed.has('_time'),
    column: (name) => {
      const column = changed.get(name)
      return column === undefined ? view.column(name) : column
    },
    names: function* (picked) {
      const seen = new Set<string>()
      for (const name of view.names(picked)) {
        if (changed.get(name) === null || seen.has(name)) continue
        seen.add(name)
        yield name
      }
      for (const [name, column] of changed) {
        if (column === null || seen.has(name)) continue
        seen.add(name)
        yield name
      }
    },
    id: (i) => view.id(i),
  }
}

/**
 * A column computed from others. Values of rows that are not asked for are never computed; the last one is kept, as filters and
 * outputs often ask twice for the same row.
 */
export function computed(value: (i: number) => string): Column {
  let last = -1
  let text = ''
  return {
    text: (i) => {
      if (i !== last) {
        text = value(i)
        last = i
      }
      return text
    },
  }
}

/** A column that is `change` of another one; each dictionary value is changed once. */
export function mapped(column: Column, change: (text: string) => string): Column {
  const { dictionary } = column
  if (dictionary === undefined) return computed((i) => change(column.text(i)))
  const values = dictionary.values.map(change)
  return { text: (i) => values[dictionary.ids[i]!]!, dictionary: { values, ids: dictionary.ids } }
}

/** Names in the order given, each once. */
export function distinct(names: Iterable<string>): string[] {
  return [...new Set(names)]
}
