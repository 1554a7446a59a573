import { parseCount, type Lexer, type PipeNode } from '../language/index.ts'
import { chunkOfValues, type Chunk } from './chunk.ts'
import { compareTuples } from './groups.ts'
import { formatNumber } from './number.ts'
import type { Pipe } from './pipe.ts'
import { PIECE_ROWS } from './runs.ts'
import type { Budget, GatherStage, StageContext } from './stage.ts'
import type { Batch } from './view.ts'

export interface FacetsNode extends PipeNode {
  readonly op: 'facets'
  /** Values per field that are shown. */
  readonly limit: number
  /** Fields with more values, or with longer ones (in bytes), are left out. */
  readonly maxValues: number
  readonly maxLength: number
  readonly keepConst: boolean
}

function parse(lexer: Lexer): FacetsNode {
  let limit = 10
  let maxValues = 1000
  let maxLength = 128
  let keepConst = false
  if (!lexer.quoted && /^\d/.test(lexer.token)) limit = parseCount(lexer)
  for (;;) {
    if (lexer.accept('max_values_per_field')) maxValues = parseCount(lexer)
    else if (lexer.accept('max_value_len')) maxLength = parseCount(lexer)
    else if (lexer.accept('keep_const_fields')) keepConst = true
    else break
  }
  return { op: 'facets', limit, maxValues, maxLength, keepConst }
}

/** Values of a field with their hits; null = left out. */
type Hits = Map<string, number> | null

interface FacetsState {
  readonly rows: number
  readonly fields: Map<string, Hits>
}

class FacetsStage implements GatherStage {
  readonly kind = 'gather'
  private readonly node: FacetsNode
  private readonly budget: Budget
  private fields = new Map<string, Hits>()
  private rows = 0
  private held = 0

  constructor(node: FacetsNode, { budget }: StageContext) {
    this.node = node
    this.budget = budget
  }

  get bytes(): number {
    return this.held
  }

  private count(bytes: number): void {
    this.held += bytes
    this.budget.add(bytes, 'facets', 'lower max_values_per_field, narrow the filter or the range, or give the query more memory')
  }

  private add(name: string, value: string, many: number): void {
    let hits = this.fields.get(name)
    if (hits === undefined) {
      hits = new Map()
      this.fields.set(name, hits)
      this.count(200 + name.length * 2)
    }
    if (hits === null || value === '') return
    const old = hits.get(value)
    if (old === undefined && (hits.size >= this.node.maxValues || Buffer.byteLength(value) > this.node.maxLength)) {
      for (const gone of hits.keys()) this.count(-(80 + gone.length * 2))
      this.fields.set(name, null)
      return
    }
    if (old === undefined) this.count(80 + value.length * 2)
    hits.set(value, (old ?? 0) + many)
  }

  push({ view, picked }: Batch): void {
    this.rows += picked.length
    for (const name of new Set(view.names())) {
      const column = view.column(name)
      if (column === null || this.fields.get(name) === null) continue
      const { dictionary } = column
      if (dictionary === undefined) {
        for (let k = 0; k < picked.length && this.fields.get(name) !== null; k++) this.add(name, column.text(picked[k]!), 1)
        continue
      }
      const counts = new Uint32Array(dictionary.values.length)
      for (let k = 0; k < picked.length; k++) counts[dictionary.ids[picked[k]!]!]!++
      for (let id = 0; id < counts.length; id++) if (counts[id]! > 0) this.add(name, dictionary.values[id]!, counts[id]!)
    }
  }

  exportState(): FacetsState {
    const state = { rows: this.rows, fields: this.fields }
    this.fields = new Map()
    this.rows = 0
    void this.close()
    return state
  }

  mergeState(state: unknown): void {
    const { rows, fields } = state as FacetsState
    this.rows += rows
    for (const [name, hits] of fields) {
      if (hits === null) this.fields.set(name, null)
      else for (const [value, many] of hits) this.add(name, value, many)
    }
  }

  *finish(): Generator<Chunk> {
    const out: string[][] = []
    for (const name of [...this.fields.keys()].sort()) {
      const hits = this.fields.get(name)
      if (hits === null || hits === undefined) continue
      const [first] = hits
      if (!this.node.keepConst && hits.size === 1 && first![1] === this.rows) continue
      const top = [...hits].sort((a, b) => b[1] - a[1] || compareTuples([a[0]], [b[0]])).slice(0, this.node.limit)
      for (const [value, many] of top) out.push([name, value, formatNumber(many)])
    }
    for (let start = 0; start < out.length; start += PIECE_ROWS)
      yield chunkOfValues(['field_name', 'field_value', 'hits'], out.slice(start, start + PIECE_ROWS))
  }

  async close(): Promise<void> {
    this.budget.used -= this.held
    this.held = 0
  }
}

/** `facets N`: the most frequent values of each field. Fields with one value in all rows, or with too many or too long ones, are left out. */
export const facets: Pipe<FacetsNode> = {
  names: ['facets'],
  kind: 'gather',
  parse,
  needs: () => null,
  create: (node, context) => new FacetsStage(node, context),
}
