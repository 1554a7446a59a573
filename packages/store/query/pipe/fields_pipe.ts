import { parseFieldList, type Lexer, type PipeNode } from '../language/index.ts'
import { fieldsOf, matcher } from './fields.ts'
import type { Pipe } from './pipe.ts'
import type { Fields } from './stage.ts'
import { restrict } from './view.ts'

export interface FieldsNode extends PipeNode {
  readonly op: 'fields' | 'delete'
  readonly fields: readonly string[]
}

/** `fields a, b*`: only these fields stay. */
export const fields: Pipe<FieldsNode> = {
  names: ['fields', 'keep'],
  kind: 'local',
  parse: (lexer: Lexer) => ({ op: 'fields', fields: parseFieldList(lexer) }),
  needs: (node, later) => {
    const keep = matcher(node.fields)
    return later === null ? fieldsOf(node.fields) : new Set([...later].filter(keep))
  },
  create: (node) => {
    const keep = matcher(node.fields)
    return { kind: 'local', transform: ({ view, picked }) => ({ view: restrict(view, keep), picked }) }
  },
}

function keptBy(patterns: readonly string[]): (name: string) => boolean {
  const gone = matcher(patterns)
  return (name) => !gone(name)
}

/** `delete a, b*`: these fields go. */
export const remove: Pipe<FieldsNode> = {
  names: ['delete', 'del', 'rm', 'drop'],
  kind: 'local',
  parse: (lexer: Lexer) => ({ op: 'delete', fields: parseFieldList(lexer) }),
  needs: (node, later): Fields => (later === null ? null : new Set([...later].filter(keptBy(node.fields)))),
  create: (node) => {
    const keep = keptBy(node.fields)
    return { kind: 'local', transform: ({ view, picked }) => ({ view: restrict(view, keep), picked }) }
  },
}
