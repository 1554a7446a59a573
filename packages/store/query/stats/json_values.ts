import type { StatsFunction } from './accumulator.ts'
import { TextLists } from './lists.ts'
import { rowJson } from './row.ts'

/** `json_values(fields) limit N`: JSON list of one object per row, in the order of reading, which is no promise. */
export const jsonValues: StatsFunction = {
  name: 'json_values',
  create: ({ fields, limit }) =>
    new TextLists(
      limit,
      (view) => (row, add) => add(rowJson(view, row, fields)),
      (list) => `[${list.join(',')}]`,
    ),
}
