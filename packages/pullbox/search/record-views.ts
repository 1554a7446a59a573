import type { BlockRows, RecordView } from '@pullbox/log/record'
import { recordView } from '@pullbox/log/record'

/**
 * Records of one block as search shows them, made one at a time. Every section of the block that they need is read before the first,
 * so that damage is thrown (BLOCK_SECTION_DAMAGED) before any is given.
 */
export function recordViews(rows: BlockRows, picked: Uint32Array): Iterable<RecordView> {
  if (picked.length === 0) return []
  const names = [...new Set(rows.names())]
  const columns = names.map((name) => rows.column(name))
  for (const column of columns) column?.text(picked[0])
  return views()

  function* views(): Generator<RecordView> {
    for (const i of picked) {
      const fields = new Map<string, string>()
      for (let f = 0; f < names.length; f++) {
        const value = columns[f]?.text(i) ?? ''
        if (value !== '') fields.set(names[f], value)
      }
      yield recordView(rows.id(i), fields)
    }
  }
}
