import type { PipeNode } from '../language/index.ts'
import { lexerEndsItem } from './item.ts'
import { parsePlainField } from './fields.ts'
import type { Pipe } from './pipe.ts'
import { updateStage } from './replace.ts'

interface DecolorizeNode extends PipeNode {
  readonly op: 'decolorize'
  readonly field: string
}

// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;:?]*[@-~]/g

/** `decolorize field`: takes the terminal's control sequences (CSI, ECMA-48 5.4) out. */
export const decolorize: Pipe<DecolorizeNode> = {
  names: ['decolorize'],
  kind: 'local',
  parse: (lexer) => ({ op: 'decolorize', field: lexerEndsItem(lexer) ? '_msg' : parsePlainField(lexer) }),
  needs: (_node, later) => later,
  create: ({ field }) =>
    updateStage({ op: 'decolorize', condition: null, field }, (text) => (text.includes('\u001b') ? text.replace(ESCAPES, '') : text)),
}
