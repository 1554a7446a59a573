import type { FilterNode } from '../language/index.ts'
import { compileFilter, fieldsOf, Selection } from '../filter/index.ts'
import { isWildcard } from './fields.ts'
import type { Fields } from './stage.ts'
import type { Batch, View } from './view.ts'

/** Which of the picked rows match. */
export type Condition = (batch: Batch) => Uint32Array

export function compileCondition(filter: FilterNode): Condition {
  if (filter.op === 'all') return ({ picked }) => picked
  const compiled = compileFilter(filter)
  return ({ view, picked }) => {
    if (picked.length === 0) return picked
    const selection = new Selection(view.count)
    for (let k = 0; k < picked.length; k++) selection.set(picked[k]!)
    compiled.apply(view, selection)
    return pickedOf(selection, picked)
  }
}

function pickedOf(selection: Selection, picked: Uint32Array): Uint32Array {
  const out = new Uint32Array(picked.length)
  let many = 0
  for (let k = 0; k < picked.length; k++) if (selection.has(picked[k]!)) out[many++] = picked[k]!
  return many === picked.length ? picked : out.subarray(0, many)
}

/** For each row of the view: does it match? */
export function rowTest(condition: Condition, view: View, picked: Uint32Array): (i: number) => boolean {
  const matching = new Uint8Array(view.count)
  const found = condition({ view, picked })
  for (let k = 0; k < found.length; k++) matching[found[k]!] = 1
  return (i) => matching[i] === 1
}

/** The fields that a filter reads, null = all; `_time` bounds are read from the times themselves. */
export function filterFields(filter: FilterNode): Fields {
  const fields = fieldsOf(filter)
  return [...fields].some(isWildcard) ? null : fields
}
