import { parseCount, parseInParens, type Lexer, type PipeNode } from '../language/index.ts'
import { chunkOf, chunkView, textColumn, type Chunk } from './chunk.ts'
import { parsePlainField, parsePlainFields, union } from './fields.ts'
import { fieldOrder, type FieldKeys, type RowOrder, type SortField } from './order.ts'
import type { Pipe } from './pipe.ts'
import { Sorter } from './sorter.ts'
import type { Fields, GatherStage, StageContext } from './stage.ts'
import { restrict, type Batch, type View } from './view.ts'

export interface SortNode extends PipeNode {
  readonly op: 'sort' | 'first' | 'last'
  readonly by: readonly SortField[]
  readonly desc: boolean
  readonly offset: number
  /** 0 = all. */
  readonly limit: number
  readonly partition: readonly string[]
  /** Field that the place goes to; empty = none. */
  readonly rank: string
}

function parseSortField(lexer: Lexer): SortField {
  const name = parsePlainField(lexer)
  if (lexer.accept('desc')) return { name, desc: true }
  lexer.accept('asc')
  return { name, desc: false }
}

/** `by (...)`, `(...)` or nothing. */
function parseBy(lexer: Lexer): SortField[] {
  return lexer.accept('by') || lexer.is('(') ? parseInParens(lexer, parseSortField) : []
}

/** `rank` and `rank as name`; `as` may be left out. Stops at what ends a pipe. */
export function parseRank(lexer: Lexer): string {
  if (lexer.accept('as')) return parsePlainField(lexer)
  return lexer.end || lexer.is('|', ')', ',', 'limit', 'offset', 'partition', 'by', 'hits') ? 'rank' : parsePlainField(lexer)
}

function parsePartition(lexer: Lexer): string[] {
  lexer.accept('by')
  return parsePlainFields(lexer)
}

function parseSort(lexer: Lexer): SortNode {
  const at = lexer.at
  const by = parseBy(lexer)
  let desc = false
  if (lexer.accept('desc')) desc = true
  else lexer.accept('asc')
  const given: { limit?: number; offset?: number; rank?: string; partition?: string[] } = {}
  const once = (name: keyof typeof given): boolean => {
    if (!lexer.is(name)) return false
    if (given[name] !== undefined) lexer.fail(`${name} is given twice`)
    lexer.next()
    return true
  }
  for (;;) {
    if (once('limit')) given.limit = parseCount(lexer)
    else if (once('offset')) given.offset = parseCount(lexer)
    else if (once('rank')) given.rank = parseRank(lexer)
    else if (once('partition')) given.partition = parsePartition(lexer)
    else break
  }
  const { limit = 0, offset = 0, rank = '', partition = [] } = given
  if (partition.length > 0 && limit === 0) lexer.fail('"partition by" needs a limit', 'add "limit N"', at)
  return { op: 'sort', by, desc, offset, limit, partition, rank }
}

const parseFirst =
  (op: 'first' | 'last') =>
  (lexer: Lexer): SortNode => {
    const limit = !lexer.quoted && /^\d/.test(lexer.token) ? parseCount(lexer) : 1
    const by = parseBy(lexer)
    const partition = lexer.accept('partition') ? parsePartition(lexer) : []
    const rank = lexer.accept('rank') ? parseRank(lexer) : ''
    return { op, by, desc: op === 'last', offset: 0, limit, partition, rank }
  }

class SortStage implements GatherStage {
  readonly kind = 'gather'
  private readonly node: SortNode
  private readonly order: RowOrder<FieldKeys>
  private readonly sorter: Sorter<FieldKeys>
  /** The fields that are compared; null = all, or every row is kept, so that looking at them first saves nothing. */
  private readonly compared: ReadonlySet<string> | null

  constructor(node: SortNode, { budget, spill }: StageContext) {
    this.node = node
    this.order = fieldOrder(node.partition, node.by, node.desc)
    this.sorter = new Sorter(this.order, budget, spill, node.limit > 0 ? node.limit + node.offset : Infinity)
    this.compared = node.limit > 0 && node.by.length > 0 ? new Set([...node.by.map(({ name }) => name), ...node.partition]) : null
  }

  get bytes(): number {
    return this.sorter.bytes
  }

  push({ view, picked }: Batch, base: number): Promise<void> | void {
    if (picked.length === 0) return
    const rank = this.node.rank
    const shown = rank === '' ? view : restrict(view, (name) => name !== rank)
    const kept = this.hopeful(shown, picked, base)
    if (kept.length > 0) return this.sorter.add(chunkOf({ view: shown, picked: kept }, { fields: null, ids: true, base }))
  }

  private hopeful(view: View, picked: Uint32Array, base: number): Uint32Array {
    if (this.compared === null) return picked
    const rows = this.sorter.hopeful(chunkOf({ view, picked }, { fields: this.compared, ids: false, base }))
    return rows.length === picked.length ? picked : rows.map((k) => picked[k]!)
  }

  exportState(): Chunk[] {
    return this.sorter.takeSorted()
  }

  async mergeState(state: unknown): Promise<void> {
    for (const chunk of state as Chunk[]) await this.sorter.add(chunk)
  }

  async *finish(): AsyncGenerator<Chunk> {
    const { offset, limit, rank, partition } = this.node
    let place = 0
    let last: { keys: FieldKeys; row: number } | null = null
    for await (const chunk of this.sorter.finish()) {
      const keys = partition.length > 0 ? this.order.keys(chunk) : null
      const picked: number[] = []
      const places: number[] = []
      for (let i = 0; i < chunk.count; i++) {
        if (keys !== null) {
          if (last !== null && !this.order.together(last.keys, last.row, keys, i)) place = 0
          last = { keys, row: i }
        }
        place++
        if (place <= offset || (limit > 0 && place > offset + limit)) continue
        picked.push(i)
        places.push(place)
      }
      if (picked.length > 0) yield this.shown(chunk, picked, places, rank)
    }
  }

  private shown(chunk: Chunk, picked: number[], places: number[], rank: string): Chunk {
    const cut =
      picked.length === chunk.count
        ? chunk
        : chunkOf({ view: chunkView(chunk), picked: Uint32Array.from(picked) }, { fields: null, ids: true, base: null })
    if (rank === '') return cut
    return { ...cut, names: [...cut.names, rank], columns: [...cut.columns, textColumn(cut.count, (k) => String(places[k]))] }
  }

  close(): Promise<void> {
    return this.sorter.close()
  }
}

function needs({ by, partition, rank }: SortNode, later: Fields): Fields {
  if (by.length === 0) return null
  const shown = later === null || rank === '' ? later : new Set([...later].filter((name) => name !== rank))
  return union(shown, new Set([...by.map(({ name }) => name), ...partition]))
}

function pipe(names: string[], parse: Pipe<SortNode>['parse']): Pipe<SortNode> {
  return { names, kind: 'gather', parse, needs, create: (node, context) => new SortStage(node, context) }
}

/** `sort by (a, b desc) desc offset N limit N partition by (c) rank as x`: what does not fit into memory is sorted on disk. */
export const sort = pipe(['sort', 'order'], parseSort)

/** `first N by (...)`: `sort by (...) limit N`; N = 1 when not given. */
export const first = pipe(['first'], parseFirst('first'))

/** `last N by (...)`: `first` with the order turned round. */
export const last = pipe(['last'], parseFirst('last'))
