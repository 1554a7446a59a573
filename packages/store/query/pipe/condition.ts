import type { FilterNode, Lexer, ParseContext } from '../language/index.ts'
import { parseFilter, printFilter } from '../language/index.ts'
import { compileFilter, Selection } from '../filter/index.ts'
import type { Fields } from './stage.ts'
import type { Batch, View } from './view.ts'

/** `if (filter)` if it stands here; the current token may be any. */
export function parseIf(lexer: Lexer, context: ParseContext): FilterNode | null {
  if (!lexer.accept('if')) return null
  lexer.expect('(', 'after "if"')
  const filter = parseFilter(lexer, context)
  lexer.expect(')')
  return filter
}

export function printIf(filter: FilterNode | null, context?: Pick<ParseContext, 'printPipe'>): string {
  return filter === null ? '' : ` if (${printFilter(filter, context?.printPipe)})`
}

/** Which of the picked rows match. */
export type Condition = (batch: Batch) => Uint32Array

export function compileCondition(filter: FilterNode): Condition {
  if (filter.op === 'all') return ({ picked }) => picked
  const compiled = compileFilter(filter)
  return ({ view, picked }) => {
    if (picked.length === 0) return picked
    const selection = Selection.none(view.count)
    for (let k = 0; k < picked.length; k++) selection.add(picked[k]!)
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

/** The fields that a filter reads; `_time` bounds are read from the times themselves. */
export function filterFields(filter: FilterNode): Fields {
  const out = new Set<string>()
  return addFields(filter, out) ? out : null
}

function addFields(filter: FilterNode, out: Set<string>): boolean {
  switch (filter.op) {
    case 'all':
    case 'time':
    case 'day_range':
    case 'week_range':
      return true
    case 'and':
    case 'or':
      return filter.filters.every((one) => addFields(one, out))
    case 'not':
      return addFields(filter.filter, out)
    case 'stream':
      out.add('_stream')
      for (const group of filter.groups) for (const tag of group) out.add(tag.name)
      return true
    case 'stream_id':
      out.add('_stream_id')
      return true
    default:
      if (filter.field.endsWith('*')) return false
      out.add(filter.field)
      if ('other' in filter) out.add(filter.other)
      return true
  }
}
