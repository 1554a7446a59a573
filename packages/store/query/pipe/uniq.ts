import { parseCount, parseWord, type Lexer, type PipeNode } from '../language/index.ts'
import { chunkOfValues, type Chunk } from './chunk.ts'
import { parseOpenFields, parsePlainField } from './fields.ts'
import { GroupTable, NO_SLOT } from './groups.ts'
import { formatNumber } from './number.ts'
import type { Pipe } from './pipe.ts'
import { PIECE_ROWS } from './runs.ts'
import type { Budget, GatherStage, StageContext } from './stage.ts'
import type { Batch } from './view.ts'

export interface UniqNode extends PipeNode {
  readonly op: 'uniq' | 'field_values'
  readonly fields: readonly string[]
  readonly hits: boolean
  /** 0 = all. */
  readonly limit: number
  /** Only tuples with this text in one of their values; empty = all. */
  readonly filter: string
}

/** `hits`, with an `s` more while a field has that name. */
export function hitsName(fields: readonly string[], name = 'hits'): string {
  let out = name
  while (fields.includes(out)) out += 's'
  return out
}

/** `filter "text"`. */
export function parseTextFilter(lexer: Lexer): string {
  return lexer.accept('filter') ? parseWord(lexer, 'a text to look for') : ''
}

function parseUniq(lexer: Lexer): UniqNode {
  const at = lexer.at
  lexer.accept('by')
  if (lexer.is('hits', 'limit', 'with')) lexer.fail('at least one field name expected', 'uniq by (field)', at)
  const fields = parseOpenFields(lexer)
  let hits = false
  if (lexer.accept('with')) {
    lexer.expect('hits', 'after "with"')
    hits = true
  } else if (lexer.accept('hits')) hits = true
  const filter = parseTextFilter(lexer)
  const limit = lexer.accept('limit') ? parseCount(lexer) : 0
  return { op: 'uniq', fields, hits, limit, filter }
}

function parseFieldValues(lexer: Lexer): UniqNode {
  const parens = lexer.accept('(')
  const fields = [parsePlainField(lexer)]
  if (parens) lexer.expect(')')
  const filter = parseTextFilter(lexer)
  const limit = lexer.accept('limit') ? parseCount(lexer) : 0
  return { op: 'field_values', fields, hits: true, limit, filter }
}

interface UniqState {
  readonly keys: readonly (readonly string[])[]
  readonly hits: Float64Array
  readonly overflowed: boolean
}

/** Distinct tuples with their counts. */
export class TupleStage implements GatherStage {
  readonly kind = 'gather'
  protected table!: GroupTable
  protected counts!: Float64Array
  private readonly make: () => GroupTable
  private readonly budget: Budget
  private readonly what: string
  private counted = 0

  constructor(make: () => GroupTable, budget: Budget, what: string) {
    this.make = make
    this.budget = budget
    this.what = what
    this.reset()
  }

  private reset(): void {
    this.table = this.make()
    this.counts = new Float64Array(64)
  }

  get bytes(): number {
    return this.table.bytes + this.counts.byteLength
  }

  private count(): void {
    const more = this.bytes - this.counted
    this.counted += more
    this.budget.add(
      more,
      this.what,
      'name fields with fewer values, narrow the filter or the range, add a limit, or give the query more memory',
    )
  }

  private room(): void {
    if (this.counts.length >= this.table.size) return
    const next = new Float64Array(this.table.size * 2)
    next.set(this.counts)
    this.counts = next
  }

  push(batch: Batch, _base: number): void {
    if (batch.picked.length === 0) return
    const slots = this.table.slotsOf(batch)
    this.room()
    for (let k = 0; k < slots.length; k++) if (slots[k] !== NO_SLOT) this.counts[slots[k]!]!++
    this.count()
  }

  exportState(): UniqState {
    const state = { keys: this.table.keys, hits: this.counts.slice(0, this.table.size), overflowed: this.table.overflowed }
    this.reset()
    this.count()
    return state
  }

  mergeState(state: unknown): void {
    const { keys, hits, overflowed } = state as UniqState
    const to = this.table.merge(keys)
    this.room()
    for (let s = 0; s < to.length; s++) if (to[s] !== NO_SLOT) this.counts[to[s]!]! += hits[s]!
    if (overflowed) this.table.overflowed = true
    this.count()
  }

  *finish(): Generator<Chunk> {}

  async close(): Promise<void> {
    this.budget.used -= this.counted
    this.counted = 0
  }
}

class UniqStage extends TupleStage {
  private readonly node: UniqNode

  constructor(node: UniqNode, { budget }: StageContext) {
    const by = node.fields.map((name) => ({ name, bucket: null }))
    // the texts to look for are judged at the end, so that they don't take part in the limit
    super(() => new GroupTable(by, node.filter === '' ? node.limit : 0), budget, node.op)
    this.node = node
  }

  override *finish(): Generator<Chunk> {
    const { fields, hits, limit, filter } = this.node
    const names = hits ? [...fields, hitsName(fields)] : fields
    let slots = this.table.sorted()
    if (filter !== '') slots = slots.filter((slot) => this.table.keys[slot]!.some((value) => value.includes(filter)))
    const cut = this.table.overflowed || (limit > 0 && slots.length > limit)
    if (limit > 0) slots = slots.slice(0, limit)
    for (let start = 0; start < slots.length; start += PIECE_ROWS) {
      const part = slots.slice(start, start + PIECE_ROWS)
      // counts of a list that was cut are not known in full: some rows came when there was no room for them
      yield chunkOfValues(
        names,
        part.map((slot) => (hits ? [...this.table.keys[slot]!, cut ? '0' : formatNumber(this.counts[slot]!)] : this.table.keys[slot]!)),
      )
    }
  }
}

/** Counts of one field as a state. */
export function tupleTally(field: string): NonNullable<ReturnType<NonNullable<Pipe['tally']>>> {
  return { field, state: (values, hits): UniqState => ({ keys: values.map((value) => [value]), hits, overflowed: false }) }
}

const tally = ({ fields }: UniqNode): ReturnType<NonNullable<Pipe['tally']>> => (fields.length === 1 ? tupleTally(fields[0]!) : null)
const needs = ({ fields }: UniqNode): ReadonlySet<string> => new Set(fields)
const create = (node: UniqNode, context: StageContext): GatherStage => new UniqStage(node, context)

/** `uniq by (fields) with hits limit N`: distinct tuples in the order of their values. With more than N, any N of them and hits 0. */
export const uniq: Pipe<UniqNode> = { names: ['uniq'], kind: 'gather', parse: parseUniq, needs, tally, create }

/** `field_values field limit N`: distinct values with hits. */
export const fieldValues: Pipe<UniqNode> = { names: ['field_values'], kind: 'gather', parse: parseFieldValues, needs, tally, create }
