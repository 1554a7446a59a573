import { parseQueryInParens } from './parser.ts'
import { parseWord } from './words.ts'

import type { FilterNode, ParseContext, PipeNode, ValueSet } from './ast.ts'
import type { Lexer } from './lexer.ts'

/** `(a, b)`, `(*)` or `(subquery)`; the current token is `(`. */
export function parseValueSet(lexer: Lexer, context: ParseContext, valid: (value: string) => boolean = () => true): ValueSet {
  const open = lexer.save()
  lexer.expect('(')
  if (lexer.accept('*') && lexer.accept(')')) return { kind: 'any' }
  lexer.restore(open)
  const values = tryList(lexer)
  if (values !== null) {
    const bad = values.find((value) => !valid(value))
    if (bad !== undefined) lexer.fail(`${JSON.stringify(bad)} is no valid value here`, '', open.at)
    return { kind: 'list', values }
  }
  lexer.restore(open)
  const query = parseQueryInParens(lexer, context)
  const last = query.pipes.at(-1)
  if (last === undefined || !givesOneField(last)) {
    lexer.fail(
      'a subquery must end with a pipe that leaves one field',
      'end it with "| fields name" or "| uniq by (name)"; a list of values has commas',
      open.at,
    )
  }
  return { kind: 'query', query }
}

/** Only `fields` and `uniq` with one name leave one field for sure. */
function givesOneField(pipe: PipeNode): boolean {
  if (pipe.op !== 'fields' && pipe.op !== 'uniq') return false
  const { fields, by } = pipe as PipeNode & { fields?: unknown; by?: unknown }
  const names = fields ?? by
  return Array.isArray(names) && names.length === 1 && !String(names[0]).endsWith('*')
}

/** A list of values in parentheses; null, with the lexer anywhere, when it is something else. */
function tryList(lexer: Lexer): string[] | null {
  lexer.expect('(')
  const values: string[] = []
  while (!lexer.is(')')) {
    if (lexer.end || (!lexer.quoted && '*,()[]|"\'`!{}'.includes(lexer.token))) return null
    values.push(parseWord(lexer, 'a value'))
    if (lexer.is(')')) break
    if (!lexer.accept(',')) return null
  }
  lexer.expect(')')
  return values
}

/** What follows `_stream_id:`: an id, or `in (...)`. */
export function parseStreamIds(lexer: Lexer, context: ParseContext): FilterNode {
  const isId = (text: string): boolean => /^[0-9a-fA-F]{48}$/u.test(text)
  if (lexer.is('in')) {
    lexer.next()
    const set = parseValueSet(lexer, context, isId)
    return set.kind === 'any' ? { op: 'all' } : { op: 'stream_id', set }
  }
  const { at } = lexer
  const id = parseWord(lexer, 'a stream id')
  if (!isId(id)) lexer.fail('a stream id has 48 hexadecimal digits', '', at)
  return { op: 'stream_id', set: { kind: 'list', values: [id] } }
}
