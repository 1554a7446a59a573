import { parseCount, parseIfFilter, parseWord, type FilterNode, type Lexer, type ParseContext, type PipeNode } from '../language/index.ts'
import { compileCondition, filterFields, rowTest } from './condition.ts'
import { parsePlainField, union } from './fields.ts'
import { setField } from './len.ts'
import type { Pipe } from './pipe.ts'
import type { Fields, LocalStage } from './stage.ts'
import { computed, mapped, type Batch } from './view.ts'

/** Pipes that change one field in place. */
export interface UpdateNode extends PipeNode {
  readonly condition: FilterNode | null
  readonly field: string
}

export interface ReplaceNode extends UpdateNode {
  readonly op: 'replace'
  readonly from: string
  readonly to: string
  /** 0 = all. */
  readonly limit: number
}

/** `("a", "b")`. */
export function parseTextPair(lexer: Lexer): [string, string] {
  lexer.expect('(')
  const from = parseWord(lexer, 'a text')
  lexer.expect(',')
  const to = parseWord(lexer, 'a text')
  lexer.expect(')')
  return [from, to]
}

/** `at field`; `_msg` when it does not stand here. */
export function parseAt(lexer: Lexer): string {
  return lexer.accept('at') ? parsePlainField(lexer) : '_msg'
}

/** The stage that puts `change` of its text in place of a field, in rows that match. */
export function updateStage({ condition, field }: UpdateNode, change: (text: string) => string): LocalStage {
  const compiled = condition === null ? null : compileCondition(condition)
  return {
    kind: 'local',
    transform: (batch: Batch) => {
      const { view, picked } = batch
      const column = view.column(field)
      if (column === null) return batch
      if (compiled === null) return { view: setField(view, field, mapped(column, change)), picked }
      const matches = rowTest(compiled, view, picked)
      return {
        view: setField(
          view,
          field,
          computed((i) => (matches(i) ? change(column.text(i)) : column.text(i))),
        ),
        picked,
      }
    },
  }
}

export function updateNeeds({ condition, field }: UpdateNode, later: Fields): Fields {
  if (later !== null && !later.has(field)) return later
  return condition === null ? later : union(later, filterFields(condition))
}

function replaceText(text: string, from: string, to: string, limit: number): string {
  if (from === '') return text
  let out = ''
  let at = 0
  for (let many = 0; limit === 0 || many < limit; many++) {
    const found = text.indexOf(from, at)
    if (found < 0) break
    out += text.slice(at, found) + to
    at = found + from.length
  }
  return at === 0 ? text : out + text.slice(at)
}

function parse(lexer: Lexer, context: ParseContext): ReplaceNode {
  const condition = parseIfFilter(lexer, context)
  const [from, to] = parseTextPair(lexer)
  const field = parseAt(lexer)
  const limit = lexer.accept('limit') ? parseCount(lexer) : 0
  return { op: 'replace', condition, from, to, field, limit }
}

/** `replace if (filter) ("a", "b") at field limit N`. */
export const replace: Pipe<ReplaceNode> = {
  names: ['replace'],
  kind: 'local',
  parse,
  needs: updateNeeds,
  create: (node) => updateStage(node, (text) => replaceText(text, node.from, node.to, node.limit)),
}
