import { lexerEndsItem } from './item.ts'
import { parseIfFilter, parseInParens, type Lexer, type ParseContext, type PipeNode } from '../language/index.ts'
import { parseStatsCall, printStatsCall, statsFunctions, type Accumulator, type StatsContext, type StatsNode } from '../stats/index.ts'
import { bucketSeconds, parseByField, type ByField } from './bucket.ts'
import { chunkOfValues, type Chunk } from './chunk.ts'
import { compileCondition, filterFields, type Condition } from './condition.ts'
import { fieldsOf, parsePlainField, union } from './fields.ts'
import { GroupTable } from './groups.ts'
import type { Pipe } from './pipe.ts'
import { PIECE_ROWS } from './runs.ts'
import type { Budget, Fields, GatherStage, StageContext } from './stage.ts'
import type { Batch } from './view.ts'

export interface StatsPipeNode extends PipeNode {
  readonly op: 'stats'
  readonly by: readonly ByField[]
  readonly functions: readonly StatsNode[]
}

function parse(lexer: Lexer, context: ParseContext): StatsPipeNode {
  const by: ByField[] = []
  if (lexer.accept('by') || lexer.is('(')) by.push(...parseInParens(lexer, parseByField))
  const functions = [parseFunction(lexer, context)]
  while (lexer.accept(',')) functions.push(parseFunction(lexer, context))
  const names = new Set(by.map((field) => field.name))
  for (const { as } of functions) {
    if (names.has(as)) lexer.fail(`two results are named ${JSON.stringify(as)}`, 'name them apart with "as"')
    names.add(as)
  }
  return { op: 'stats', by, functions }
}

function parseFunction(lexer: Lexer, context: ParseContext): StatsNode {
  const call = parseStatsCall(lexer)
  const from = lexer.at
  const condition = parseIfFilter(lexer, context)
  // a result without a name is called as the function is written
  const suffix = condition === null ? '' : ` ${lexer.text.slice(from, lexer.end ? undefined : lexer.at).trim()}`
  const named = lexer.accept('as')
  return { ...call, condition, as: named || !lexerEndsItem(lexer) ? parsePlainField(lexer) : printStatsCall(call) + suffix }
}

function needs({ by, functions }: StatsPipeNode): Fields {
  // the buckets of an untouched _time are read from the times themselves
  let out: Fields = new Set(by.filter(({ name, bucket }) => name !== '_time' || bucket === null).map(({ name }) => name))
  for (const { name, fields, condition } of functions) {
    if (condition !== null) out = union(out, filterFields(condition))
    if (name === 'rate' || (name === 'count' && fields.includes('*'))) continue
    // the row that a field chooses is given whole when no other fields are named
    out = union(out, (name === 'row_min' || name === 'row_max') && fields.length === 1 ? null : fieldsOf(fields))
  }
  return out
}

/** What `exportState` gives. */
interface StatsState {
  readonly keys: readonly (readonly string[])[]
  readonly values: readonly unknown[]
}

/** `stats`: groups in the order of their values, whatever the order of reading. */
class StatsStage implements GatherStage {
  readonly kind = 'gather'
  private readonly node: StatsPipeNode
  private readonly context: StatsContext
  private readonly budget: Budget
  private readonly conditions: readonly (Condition | null)[]
  private table!: GroupTable
  private accumulators!: Accumulator[]
  private counted = 0

  constructor(node: StatsPipeNode, { budget, rangeSeconds }: StageContext) {
    this.node = node
    this.budget = budget
    const bucket = node.by.find(({ name }) => name === '_time')?.bucket
    this.context = { stepSeconds: bucket === undefined || bucket === null ? rangeSeconds : bucketSeconds(bucket) }
    this.conditions = node.functions.map(({ condition }) => (condition === null ? null : compileCondition(condition)))
    this.reset()
  }

  private reset(): void {
    this.table = new GroupTable(this.node.by)
    this.accumulators = this.node.functions.map((one) => statsFunctions.get(one.name)!.create(one, this.context))
    if (this.node.by.length === 0) this.grow(this.table.slotOf([]) + 1)
  }

  private grow(slots: number): void {
    for (const accumulator of this.accumulators) accumulator.grow(slots)
  }

  get bytes(): number {
    let bytes = this.table.bytes
    for (const accumulator of this.accumulators) bytes += accumulator.bytes
    return bytes
  }

  private count(): void {
    const bytes = this.bytes
    const more = bytes - this.counted
    this.counted = bytes
    this.budget.add(
      more,
      'stats',
      'group by fields with fewer values or wider buckets, narrow the filter or the range, or give the query more memory',
    )
  }

  push(batch: Batch): void {
    const { picked, view } = batch
    if (picked.length === 0) return
    const slots = this.table.slotsOf(batch)
    this.grow(this.table.size)
    for (let f = 0; f < this.accumulators.length; f++) {
      const condition = this.conditions[f]!
      if (condition === null) {
        this.accumulators[f]!.push(view, picked, slots)
        continue
      }
      const matching = condition(batch)
      this.accumulators[f]!.push(view, matching, matching === picked ? slots : subset(slots, picked, matching))
    }
    this.count()
  }

  exportState(): StatsState {
    const state = { keys: this.table.keys, values: this.accumulators.map((one) => one.export()) }
    this.reset()
    this.count()
    return state
  }

  mergeState(state: unknown): void {
    const { keys, values } = state as StatsState
    const to = this.table.merge(keys)
    this.grow(this.table.size)
    for (let f = 0; f < values.length; f++) this.accumulators[f]!.merge(values[f], to)
    this.count()
  }

  *finish(): Generator<Chunk> {
    const names = [...this.node.by.map(({ name }) => name), ...this.node.functions.map(({ as }) => as)]
    const slots = this.table.sorted()
    for (let start = 0; start < slots.length; start += PIECE_ROWS) {
      const rows = slots
        .slice(start, start + PIECE_ROWS)
        .map((slot) => [...this.table.keys[slot]!, ...this.accumulators.map((one) => one.result(slot))])
      yield chunkOfValues(names, rows)
    }
  }

  async close(): Promise<void> {
    this.budget.used -= this.counted
    this.counted = 0
  }
}

/** The slots of those of the picked rows that are in `part`, which ascends too. */
function subset(slots: Uint32Array, picked: Uint32Array, part: Uint32Array): Uint32Array {
  const out = new Uint32Array(part.length)
  for (let k = 0, p = 0; p < part.length; k++) if (picked[k] === part[p]) out[p++] = slots[k]!
  return out
}

/** Only `count()` of all rows, in all or by one field without buckets. */
function tally({ by, functions }: StatsPipeNode): ReturnType<NonNullable<Pipe['tally']>> {
  if (by.length > 1 || by[0]?.bucket || by[0]?.name === '_time') return null
  if (!functions.every(({ name, fields, condition }) => name === 'count' && condition === null && fields.includes('*'))) return null
  return {
    field: by[0]?.name ?? null,
    state: (values, counts): StatsState => ({
      keys: by.length === 0 ? [[]] : values.map((value) => [value]),
      values: functions.map(() => counts),
    }),
  }
}

/** `stats by (fields) function(...) if (filter) as name, ...`. */
export const stats: Pipe<StatsPipeNode> = {
  names: ['stats', 'stats_remote'],
  kind: 'gather',
  parse,
  needs,
  tally,
  create: (node, context) => new StatsStage(node, context),
}
