import { parseFilter, type FilterNode, type PipeNode } from '../language/index.ts'
import { compileCondition, filterFields } from './condition.ts'
import { union } from './fields.ts'
import type { Pipe } from './pipe.ts'

export interface FilterPipeNode extends PipeNode {
  readonly op: 'filter'
  readonly filter: FilterNode
}

/** `filter ...`, `where ...`, or a filter by itself: only rows that match stay. */
export const filter: Pipe<FilterPipeNode> = {
  names: ['filter', 'where'],
  kind: 'local',
  parse: (lexer, context) => ({ op: 'filter', filter: parseFilter(lexer, context) }),
  needs: (node, later) => union(later, filterFields(node.filter)),
  create: (node) => {
    const condition = compileCondition(node.filter)
    return { kind: 'local', transform: (batch) => ({ view: batch.view, picked: condition(batch) }) }
  },
}
