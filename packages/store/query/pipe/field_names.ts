import { type Lexer, type PipeNode } from '../language/index.ts'
import { chunkOfValues, type Chunk } from './chunk.ts'
import { compareTuples } from './groups.ts'
import { parsePlainField } from './fields.ts'
import { lexerEndsItem } from './item.ts'
import { formatNumber } from './number.ts'
import type { Pipe } from './pipe.ts'
import type { GatherStage, StageContext, Budget } from './stage.ts'
import { hitsName, parseTextFilter } from './uniq.ts'
import type { Batch } from './view.ts'

export interface FieldNamesNode extends PipeNode {
  readonly op: 'field_names'
  readonly as: string
  readonly filter: string
}

function parse(lexer: Lexer): FieldNamesNode {
  const named = lexer.accept('as') || !(lexerEndsItem(lexer) || lexer.is('filter'))
  const as = named ? parsePlainField(lexer) : 'name'
  return { op: 'field_names', as, filter: parseTextFilter(lexer) }
}

class FieldNamesStage implements GatherStage {
  readonly kind = 'gather'
  private readonly node: FieldNamesNode
  private readonly budget: Budget
  private hits = new Map<string, number>()
  private held = 0

  constructor(node: FieldNamesNode, { budget }: StageContext) {
    this.node = node
    this.budget = budget
  }

  get bytes(): number {
    return this.held
  }

  private add(name: string, many: number): void {
    const old = this.hits.get(name)
    if (old === undefined) {
      const bytes = 80 + name.length * 2
      this.held += bytes
      this.budget.add(bytes, 'field_names', 'narrow the filter or the range, or give the query more memory')
    }
    this.hits.set(name, (old ?? 0) + many)
  }

  push({ view, picked }: Batch): void {
    for (const name of new Set(view.names())) {
      const column = view.column(name)
      if (column === null) continue
      let many = 0
      const { dictionary } = column
      if (dictionary === undefined) for (let k = 0; k < picked.length; k++) many += column.text(picked[k]!) === '' ? 0 : 1
      else for (let k = 0; k < picked.length; k++) many += dictionary.values[dictionary.ids[picked[k]!]!] === '' ? 0 : 1
      if (many > 0) this.add(name, many)
    }
  }

  exportState(): Map<string, number> {
    const state = this.hits
    this.hits = new Map()
    void this.close()
    return state
  }

  mergeState(state: unknown): void {
    for (const [name, many] of state as Map<string, number>) this.add(name, many)
  }

  *finish(): Generator<Chunk> {
    const { as, filter } = this.node
    const rows = [...this.hits].filter(([name]) => name.includes(filter)).map(([name, many]) => [name, formatNumber(many)])
    if (rows.length > 0) yield chunkOfValues([as, hitsName([as])], rows.sort(compareTuples))
  }

  async close(): Promise<void> {
    this.budget.used -= this.held
    this.held = 0
  }
}

/** `field_names as x`: the names of all fields with the number of rows that have a value there. */
export const fieldNames: Pipe<FieldNamesNode> = {
  names: ['field_names'],
  kind: 'gather',
  parse,
  needs: () => null,
  create: (node, context) => new FieldNamesStage(node, context),
}
