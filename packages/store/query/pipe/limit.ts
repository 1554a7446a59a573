import { parseCount, type Lexer, type PipeNode } from '../language/index.ts'
import type { Pipe } from './pipe.ts'
import type { StreamStage } from './stage.ts'
import type { Batch } from './view.ts'

export interface LimitNode extends PipeNode {
  readonly op: 'limit' | 'offset'
  readonly count: number
}

class LimitStage implements StreamStage {
  readonly kind = 'stream'
  private left: number

  constructor(count: number) {
    this.left = count
  }

  get done(): boolean {
    return this.left === 0
  }

  transform({ view, picked }: Batch): Batch {
    const many = Math.min(picked.length, this.left)
    this.left -= many
    return { view, picked: picked.subarray(0, many) }
  }
}

class OffsetStage implements StreamStage {
  readonly kind = 'stream'
  readonly done = false
  private left: number

  constructor(count: number) {
    this.left = count
  }

  transform({ view, picked }: Batch): Batch {
    const many = Math.min(picked.length, this.left)
    this.left -= many
    return { view, picked: picked.subarray(many) }
  }
}

/** `limit N`: the first N rows in the order in which they come; 10 when N is not given. */
export const limit: Pipe<LimitNode> = {
  names: ['limit', 'head'],
  kind: 'stream',
  parse: (lexer: Lexer) => ({ op: 'limit', count: lexer.end || lexer.is('|', ')') ? 10 : parseCount(lexer) }),
  needs: (_node, later) => later,
  create: (node) => new LimitStage(node.count),
}

/** `offset N`: all rows but the first N. */
export const offset: Pipe<LimitNode> = {
  names: ['offset', 'skip'],
  kind: 'stream',
  parse: (lexer: Lexer) => ({ op: 'offset', count: parseCount(lexer) }),
  needs: (_node, later) => later,
  create: (node) => new OffsetStage(node.count),
}
