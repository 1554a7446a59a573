import { parseFieldsInParens, parseWord, type Lexer, type ParseContext } from '../language/index.ts'
import { deriveNeeds, deriveStage, parseConditional, parseFrom, parseKeep, type Derive, type DeriveNode } from './derive.ts'
import { isWildcard, matcher } from './fields.ts'
import type { Pipe } from './pipe.ts'

/** A pipe that takes fields out of a text that names them. */
export interface UnpackNode extends DeriveNode {
  /** Patterns of the names that are taken; empty = all. */
  readonly fields: readonly string[]
  readonly prefix: string
}

const WORDS = ['fields', 'result_prefix', 'offset']

/** `from field fields (a, b*) result_prefix text keep_original_fields`; each part may be left out. */
export function parseUnpack(op: string, lexer: Lexer, context: ParseContext): UnpackNode {
  return parseConditional(lexer, context, () => {
    const from = parseFrom(lexer, true, ...WORDS)
    const fields = lexer.accept('fields') ? parseFieldsInParens(lexer) : []
    const prefix = lexer.accept('result_prefix') ? parseWord(lexer, 'a prefix') : ''
    return { op, from, fields: fields.includes('*') ? [] : fields, prefix, keep: parseKeep(lexer) }
  })
}

/** Only the wanted fields, under their prefix; wanted ones that are missing are empty. */
export function wanted({ fields, prefix }: Pick<UnpackNode, 'fields' | 'prefix'>, derive: Derive): Derive {
  if (fields.length === 0) return prefix === '' ? derive : (text, set) => derive(text, (name, value) => set(prefix + name, value))
  const takes = matcher(fields)
  const named = fields.filter((name) => !isWildcard(name))
  return (text, set) => {
    const found = new Map<string, string>(named.map((name) => [name, '']))
    derive(text, (name, value) => {
      if (takes(name)) found.set(name, value)
    })
    for (const [name, value] of found) set(prefix + name, value)
  }
}

export function unpackPipe(op: string, derive: Derive): Pipe<UnpackNode> {
  return {
    names: [op],
    kind: 'local',
    parse: (lexer, context) => parseUnpack(op, lexer, context),
    needs: deriveNeeds,
    create: (node) => deriveStage(node, wanted(node, derive)),
  }
}
