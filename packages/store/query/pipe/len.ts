import type { Lexer, PipeNode } from '../language/index.ts'
import { lexerEndsItem } from './item.ts'
import { parsePlainField, union, without } from './fields.ts'
import { jsonList } from './json.ts'
import type { Pipe } from './pipe.ts'
import { mapped, overlay, type View } from './view.ts'
import type { Column } from '../rows.ts'

/** A function of one field whose result goes to another. */
export interface UnaryNode extends PipeNode {
  readonly field: string
  readonly to: string
}

/** `name(field) as to`; parentheses and `as` may be left out, and so may the result, which then is `_msg`. */
export function parseUnary(lexer: Lexer): { field: string; to: string } {
  const parens = lexer.accept('(')
  const field = parsePlainField(lexer)
  if (parens) lexer.expect(')')
  if (lexer.accept('as')) return { field, to: parsePlainField(lexer) }
  return { field, to: lexerEndsItem(lexer) ? '_msg' : parsePlainField(lexer) }
}

const ABSENT: Column = { text: () => '' }

/** A pipe that sets `to` to a function of `field`. */
export function unaryPipe(name: string, change: (text: string) => string): Pipe<UnaryNode> {
  return {
    names: [name],
    kind: 'local',
    parse: (lexer) => ({ op: name, ...parseUnary(lexer) }),
    needs: ({ field, to }, later) => union(without(later, [to]), new Set(later === null || later.has(to) ? [field] : [])),
    create: ({ field, to }) => ({
      kind: 'local',
      transform: ({ view, picked }) => ({ view: setField(view, to, mapped(view.column(field) ?? ABSENT, change)), picked }),
    }),
  }
}

export function setField(view: View, name: string, column: Column): View {
  return overlay(view, new Map([[name, column]]))
}

/** `len(field) as to`: length in bytes of UTF-8. */
export const len = unaryPipe('len', (text) => String(Buffer.byteLength(text)))

/** `json_array_len(field) as to`: number of items of a JSON list; 0 for what is none. */
export const jsonArrayLen = unaryPipe('json_array_len', (text) => String(jsonList(text)?.length ?? 0))
