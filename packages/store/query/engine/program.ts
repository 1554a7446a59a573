import type { FilterNode, PipeNode, Query } from '../language/index.ts'
import { compileCondition, filterFields, type Condition } from '../pipe/condition.ts'
import { union } from '../pipe/fields.ts'
import { pipes, type Fields, type GatherStage, type LocalStage, type Stage, type StageContext } from '../pipe/index.ts'

/** A query cut into what runs where blocks are read, and what runs after. Plain data. */
export interface Parts {
  readonly filter: FilterNode
  /** Pipes that look at each row by itself. */
  readonly local: readonly PipeNode[]
  /** The first pipe that gathers rows, if no pipe that needs their order comes before it. */
  readonly gather: PipeNode | null
  readonly rest: readonly PipeNode[]
}

export function kindOf(node: PipeNode): Stage['kind'] {
  return pipes.get(node.op)!.kind
}

/** Can the query run over records as they arrive? Only where each pipe looks at each row by itself. */
export function canTail({ pipes: nodes }: Query): boolean {
  return nodes.every((node) => kindOf(node) === 'local')
}

export function split({ filter, pipes: nodes }: Query): Parts {
  let many = nodes.findIndex((node) => kindOf(node) !== 'local')
  if (many < 0) many = nodes.length
  const next = nodes[many]
  const gathers = next !== undefined && kindOf(next) === 'gather'
  return { filter, local: nodes.slice(0, many), gather: gathers ? next : null, rest: nodes.slice(gathers ? many + 1 : many) }
}

/** The fields that a query reads of its rows; null = all. */
export function fieldsRead({ filter, pipes: nodes }: Query): Fields {
  let later: Fields = null
  for (const node of nodes.toReversed()) later = pipes.get(node.op)!.needs(node, later)
  return union(later, filterFields(filter))
}

export function stageOf(node: PipeNode, context: StageContext): Stage {
  return pipes.get(node.op)!.create(node, context)
}

/** The part of a query that runs where blocks are read, ready to run in one thread. */
export interface Program {
  readonly condition: Condition
  readonly local: readonly LocalStage[]
  readonly gather: GatherStage | null
}

export function compile({ filter, local, gather }: Parts, context: StageContext): Program {
  return {
    condition: compileCondition(filter),
    local: local.map((node) => stageOf(node, context) as LocalStage),
    gather: gather === null ? null : (stageOf(gather, context) as GatherStage),
  }
}

/** Does the filter look at nothing but times, so that a block within the range matches whole? */
export function onlyTime(filter: FilterNode): boolean {
  if (filter.op === 'all' || filter.op === 'time') return true
  return filter.op === 'and' && filter.filters.every(onlyTime)
}

/** What a query counts that block statistics can answer. */
export interface Tally {
  /** The field whose values are counted; null = rows are counted. */
  readonly field: string | null
  /** The state of the gathering pipe for these counts. */
  state(values: readonly string[], counts: Float64Array): unknown
}

/** The tally of a query that only counts rows, in all or by one field; null for other queries. */
export function tallyOf({ filter, local, gather }: Parts): Tally | null {
  if (gather === null || local.length > 0 || !onlyTime(filter)) return null
  return pipes.get(gather.op)!.tally?.(gather) ?? null
}
