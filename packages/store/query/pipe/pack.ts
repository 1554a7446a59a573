import { parseFieldsInParens, type Lexer, type PipeNode } from '../language/index.ts'
import { lexerEndsItem } from './item.ts'
import { choose, fieldsOf, parsePlainField, union } from './fields.ts'
import { setField } from './len.ts'
import type { Pipe } from './pipe.ts'
import { computed } from './view.ts'

export interface PackNode extends PipeNode {
  /** Patterns of the fields that are packed. */
  readonly fields: readonly string[]
  readonly to: string
}

function parse(op: string, lexer: Lexer): PackNode {
  const fields = lexer.accept('fields') ? parseFieldsInParens(lexer) : []
  const to = lexer.accept('as') || !lexerEndsItem(lexer) ? parsePlainField(lexer) : '_msg'
  return { op, fields: fields.length === 0 ? ['*'] : fields, to }
}

function packPipe(op: string, pair: (name: string, value: string) => string, join: (pairs: string[]) => string): Pipe<PackNode> {
  return {
    names: [op],
    kind: 'local',
    parse: (lexer) => parse(op, lexer),
    needs: ({ fields }, later) => union(later, fieldsOf(fields)),
    create: ({ fields, to }) => ({
      kind: 'local',
      transform: ({ view, picked }) => {
        const columns = choose(view, fields)
        const text = (i: number): string => {
          const pairs: string[] = []
          for (const { name, column } of columns) {
            const value = column?.text(i) ?? ''
            if (value !== '') pairs.push(pair(name, value))
          }
          return join(pairs)
        }
        return { view: setField(view, to, computed(text)), picked }
      },
    }),
  }
}

// eslint-disable-next-line no-control-regex
const PLAIN = /^[^\s"'`\\\u0000-\u001f\u007f]+$/

/** `pack_json fields (a, b*) as x`: the fields that have values as one JSON object. */
export const packJson = packPipe(
  'pack_json',
  (name, value) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  (pairs) => `{${pairs.join(',')}}`,
)

/** `pack_logfmt fields (a, b*) as x`: the fields that have values as `name=value`, in quotes where needed. */
export const packLogfmt = packPipe(
  'pack_logfmt',
  (name, value) => `${name}=${PLAIN.test(value) ? value : JSON.stringify(value)}`,
  (pairs) => pairs.join(' '),
)
