import { parseCount, type Lexer, type PipeNode } from '../language/index.ts'
import type { Pipe } from './pipe.ts'

export interface SampleNode extends PipeNode {
  readonly op: 'sample'
  readonly count: number
}

/** Mixes the bits of a row's time and place, so that rows are chosen evenly. */
function mix(time: number, row: number): number {
  let x = Math.imul((time % 2 ** 32) | 0, 0x85ebca6b) ^ Math.imul(Math.floor(time / 2 ** 32) + row + 1, 0xc2b2ae35)
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** `sample N`: about one row of N, chosen by its time and its place in the block: the same rows each time. */
export const sample: Pipe<SampleNode> = {
  names: ['sample'],
  kind: 'local',
  parse: (lexer: Lexer) => {
    const at = lexer.at
    const count = parseCount(lexer)
    if (count === 0) lexer.fail('a sample of one row in 0 has no meaning', 'give a number from 1 on', at)
    return { op: 'sample', count }
  },
  needs: (_node, later) => later,
  create: ({ count }) => ({
    kind: 'local',
    transform: ({ view, picked }) => ({ view, picked: picked.filter((i) => mix(view.time[i]!, i) % count === 0) }),
  }),
}
