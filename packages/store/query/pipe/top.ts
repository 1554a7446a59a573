import { parseCount, type Lexer, type PipeNode } from '../language/index.ts'
import { chunkOfValues, type Chunk } from './chunk.ts'
import { parseOpenFields, parsePlainField } from './fields.ts'
import { compareTuples, GroupTable } from './groups.ts'
import { formatNumber } from './number.ts'
import type { Pipe } from './pipe.ts'
import { parseRank } from './sort.ts'
import { PIECE_ROWS } from './runs.ts'
import type { StageContext } from './stage.ts'
import { hitsName, TupleStage, tupleTally } from './uniq.ts'

export interface TopNode extends PipeNode {
  readonly op: 'top'
  readonly limit: number
  readonly fields: readonly string[]
  readonly hits: string
  /** Empty = none. */
  readonly rank: string
}

function parse(lexer: Lexer): TopNode {
  const at = lexer.at
  const limit = !lexer.quoted && /^\d[\d_]*[KMGTiB]*$/.test(lexer.token) ? parseCount(lexer) : 10
  lexer.accept('by')
  if (lexer.is('rank', 'hits')) lexer.fail('at least one field name expected', 'top 5 by (field)', at)
  const fields = parseOpenFields(lexer)
  let hits = hitsName(fields)
  let rank = ''
  for (;;) {
    if (lexer.accept('hits')) {
      lexer.accept('as')
      hits = parsePlainField(lexer)
    } else if (lexer.accept('rank')) rank = hitsName([...fields, hits], parseRank(lexer))
    else break
  }
  return { op: 'top', limit, fields, hits, rank }
}

class TopStage extends TupleStage {
  private readonly node: TopNode

  constructor(node: TopNode, { budget }: StageContext) {
    super(() => new GroupTable(node.fields.map((name) => ({ name, bucket: null }))), budget, 'top')
    this.node = node
  }

  override *finish(): Generator<Chunk> {
    const { fields, hits, rank, limit } = this.node
    const { keys } = this.table
    const { counts } = this
    const slots = keys.map((_, slot) => slot).sort((a, b) => counts[b]! - counts[a]! || compareTuples(keys[a]!, keys[b]!))
    const names = [...fields, hits, ...(rank === '' ? [] : [rank])]
    const rows = slots.slice(0, limit).map((slot, place) => [...keys[slot]!, formatNumber(counts[slot]!), String(place + 1)])
    for (let start = 0; start < rows.length; start += PIECE_ROWS) yield chunkOfValues(names, rows.slice(start, start + PIECE_ROWS))
  }
}

/** `top N by (fields) rank as x`: the tuples that come most often, greatest first; ties in the order of their values. */
export const top: Pipe<TopNode> = {
  names: ['top'],
  kind: 'gather',
  parse,
  needs: ({ fields }) => new Set(fields),
  tally: ({ fields }) => (fields.length === 1 ? tupleTally(fields[0]!) : null),
  create: (node, context) => new TopStage(node, context),
}
