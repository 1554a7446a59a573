import type { Lexer, PipeNode } from '../language/index.ts'
import { lexerEndsItem } from './item.ts'
import { parsePlainField, union } from './fields.ts'
import { setField } from './len.ts'
import type { Pipe } from './pipe.ts'
import { mapped } from './view.ts'

export interface UnpackWordsNode extends PipeNode {
  readonly op: 'unpack_words'
  readonly from: string
  readonly to: string
  readonly distinct: boolean
}

function parse(lexer: Lexer): UnpackWordsNode {
  const named = (): boolean => !lexerEndsItem(lexer) && !lexer.is('as', 'drop_duplicates')
  const from = lexer.accept('from') || named() ? parsePlainField(lexer) : '_msg'
  const to = lexer.accept('as') || named() ? parsePlainField(lexer) : from
  return { op: 'unpack_words', from, to, distinct: lexer.accept('drop_duplicates') }
}

const WORDS = /[\p{L}\p{Nd}_]+/gu

/** `unpack_words from a as b drop_duplicates`: JSON list of the words of a text. */
export const unpackWords: Pipe<UnpackWordsNode> = {
  names: ['unpack_words'],
  kind: 'local',
  parse,
  needs: ({ from }, later) => union(later, new Set([from])),
  create: ({ from, to, distinct }) => {
    const words = (text: string): string => {
      const all = text.match(WORDS) ?? []
      return JSON.stringify(distinct ? [...new Set(all)] : all)
    }
    return {
      kind: 'local',
      transform: ({ view, picked }) => ({ view: setField(view, to, mapped(view.column(from) ?? { text: () => '' }, words)), picked }),
    }
  },
}
