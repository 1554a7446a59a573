import { choose } from '../pipe/fields.ts'
import type { View } from '../pipe/view.ts'
import type { StatsFunction } from './accumulator.ts'
import { TextLists, type TextsOf } from './lists.ts'

const valuesOf =
  (fields: readonly string[]): TextsOf =>
  (view: View) => {
    const columns = choose(view, fields)
    return (row, add) => {
      for (const { column, named } of columns) {
        const value = column === null ? '' : column.text(row)
        if (named || value !== '') add(value)
      }
    }
  }

/** `values(fields) limit N`: JSON list of all values in the order of reading, which is no promise; missing ones are empty texts. */
export const values: StatsFunction = {
  name: 'values',
  create: ({ fields, limit }) => new TextLists(limit, valuesOf(fields), (list) => JSON.stringify(list)),
}
