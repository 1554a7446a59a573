import { parseFunction } from './functions.ts'
import { FUNCTION_NAMES, PIPE_NAMES, STATS_NAMES } from './keywords.ts'
import { compareFilter, ipPrefix } from './operators.ts'
import { compileRegexp } from './regexp.ts'
import { parseStreamFilter } from './streams.ts'
import { parseStreamIds } from './subquery.ts'
import { parseTimeFilter } from './times.ts'
import { parsePattern, parseWord } from './words.ts'

import type { FilterNode, ParseContext } from './ast.ts'
import type { Lexer } from './lexer.ts'

/**
 * Reads a filter up to `|`, `)` or the end: `or` binds least, then `and` (also between filters without a word), then `not`, `!`, `-`.
 * Its first word must not be the unquoted name of a pipe or a stats function: such text is nearly always a pipe without its `|`.
 * Throws QUERY_SYNTAX, QUERY_TOO_DEEP.
 */
export function parseFilter(lexer: Lexer, context: ParseContext): FilterNode {
  if (!lexer.quoted && isPipeStart(lexer)) {
    lexer.fail(
      `a filter cannot start with ${lexer.shown()}, the name of a pipe`,
      `put it in quotes to search for the word, or write "* | ${lexer.raw} ..."`,
    )
  }
  return parseOr(lexer, context, null)
}

function isPipeStart(lexer: Lexer): boolean {
  const word = lexer.token.toLowerCase()
  if (word !== 'by' && !PIPE_NAMES.has(word) && !STATS_NAMES.has(word)) return false
  const state = lexer.save()
  lexer.next()
  // `first:x` names a field, `first-name` is another word
  const other = !lexer.end && (lexer.is(':') || (!lexer.spaceBefore && !lexer.is('(', ')', '|', ',')))
  lexer.restore(state)
  return !other
}

/** `if (filter)`; null when no `if` stands here. `if ()` matches every row. */
export function parseIfFilter(lexer: Lexer, context: ParseContext): FilterNode | null {
  if (!lexer.accept('if')) return null
  lexer.expect('(', 'after if')
  lexer.enter()
  const filter: FilterNode = lexer.is(')') ? { op: 'all' } : parseFilter(lexer, context)
  lexer.leave()
  lexer.expect(')', 'after the filter')
  return filter
}

function parseOr(lexer: Lexer, context: ParseContext, field: string | null): FilterNode {
  const filters = [parseAnd(lexer, context, field)]
  while (lexer.accept('or')) filters.push(parseAnd(lexer, context, field))
  return join('or', filters)
}

function parseAnd(lexer: Lexer, context: ParseContext, field: string | null): FilterNode {
  const filters = [parseNot(lexer, context, field)]
  while (!lexer.end && !lexer.is('or', '|', ')')) {
    lexer.accept('and')
    filters.push(parseNot(lexer, context, field))
  }
  return join('and', filters)
}

function join(op: 'and' | 'or', filters: FilterNode[]): FilterNode {
  const flat = filters.flatMap((filter) => (filter.op === op ? filter.filters : [filter]))
  if (op === 'and') {
    const rest = flat.filter((filter) => filter.op !== 'all')
    if (rest.length === 0) return flat[0]!
    return rest.length === 1 ? rest[0]! : { op, filters: rest }
  }
  return flat.length === 1 ? flat[0]! : { op, filters: flat }
}

function parseNot(lexer: Lexer, context: ParseContext, field: string | null): FilterNode {
  let negated = false
  while (lexer.is('!', '-', 'not')) {
    lexer.next()
    negated = !negated
  }
  lexer.enter()
  const filter = parsePrimary(lexer, context, field)
  lexer.leave()
  if (!negated) return filter
  return filter.op === 'not' ? filter.filter : { op: 'not', filter }
}

function parsePrimary(lexer: Lexer, context: ParseContext, field: string | null): FilterNode {
  if (lexer.end) return lexer.fail('a filter expected, not the end of the query')
  if (!lexer.quoted) {
    if (lexer.is('(')) return parseGroup(lexer, context, field)
    if (lexer.is('{') && field === null) return parseStreamFilter(lexer)
    if (lexer.accept(':')) return parseNot(lexer, context, field ?? '_msg')
    const found = parseOperator(lexer, field ?? '_msg', field !== null)
    if (found !== null) return found
    if (FUNCTION_NAMES.has(lexer.token.toLowerCase())) {
      const called = parseFunction(lexer, context, field ?? '_msg')
      if (called !== null) return called
    }
  }
  return field === null ? parseFieldOrPhrase(lexer, context) : parsePhrase(lexer, field)
}

function parseGroup(lexer: Lexer, context: ParseContext, field: string | null): FilterNode {
  lexer.expect('(')
  const filter = parseOr(lexer, context, field)
  if (lexer.end) lexer.fail('")" expected, not the end of the query', 'a parenthesis is not closed')
  lexer.expect(')')
  return filter
}

/** Filters that begin with a sign: comparisons, exact, regexp, `*`. */
function parseOperator(lexer: Lexer, field: string, named: boolean): FilterNode | null {
  switch (lexer.token) {
    case '*':
      return parseStar(lexer, field, named)
    case '=':
      return parseExact(lexer, field)
    case '!=':
      return { op: 'not', filter: parseExact(lexer, field) }
    case '~':
    case '=~':
      return parseRegexp(lexer, field)
    case '!~':
      return { op: 'not', filter: parseRegexp(lexer, field) }
    case '>':
    case '>=':
    case '<':
    case '<=':
      return compareFilter(lexer, field)
    default:
      return null
  }
}

/** `*` = every row, `field:*` = the field is there, `*part*` = the text anywhere. */
function parseStar(lexer: Lexer, field: string, named: boolean): FilterNode {
  lexer.next()
  if (!lexer.end && !lexer.spaceBefore && (lexer.quoted || /^[\p{L}\p{Nd}_.]/u.test(lexer.token))) {
    const part = parseWord(lexer, 'a text')
    if (lexer.spaceBefore || !lexer.accept('*')) lexer.fail('"*" expected after the text', 'a substring is written *part*')
    return { op: 'substring', field, part }
  }
  if (lexer.is(':')) lexer.fail('"*" is no field name here', 'name the field')
  return named ? { op: 'prefix', field, prefix: '' } : { op: 'all' }
}

/** Is the `*` of a prefix here? */
function acceptStar(lexer: Lexer): boolean {
  return !lexer.spaceBefore && lexer.accept('*')
}

function parseExact(lexer: Lexer, field: string): FilterNode {
  lexer.next()
  if (acceptStar(lexer)) return { op: 'exact_prefix', field, prefix: '' }
  const value = parseWord(lexer, 'a value')
  return acceptStar(lexer) ? { op: 'exact_prefix', field, prefix: value } : { op: 'exact', field, value }
}

function parseRegexp(lexer: Lexer, field: string): FilterNode {
  lexer.next()
  const { at } = lexer
  const pattern = parsePattern(lexer, ',', '(', ')', '[', ']', '|')
  compileRegexp(pattern, (message) => lexer.fail(message, '', at))
  return { op: 'regexp', field, pattern }
}

/** A word, which names a field when `:` follows. */
function parseFieldOrPhrase(lexer: Lexer, context: ParseContext): FilterNode {
  const bare = !lexer.quoted
  const word = parseWord(lexer, 'a filter', ':')
  if (!lexer.is(':')) return finishPhrase(lexer, '_msg', word, bare)
  lexer.next()
  if (lexer.end)
    lexer.fail(`a filter expected after ${word}:, not the end of the query`, 'write field:* for "is there" and field:"" for "is missing"')
  const field = word === '' ? '_msg' : word
  if (field === '_time') return parseTimeFilter(lexer, context)
  if (field === '_stream_id') return parseStreamIds(lexer, context)
  if (field === '_stream') {
    if (!lexer.is('{')) lexer.fail(`"{" expected after _stream:, not ${lexer.shown()}`)
    return parseStreamFilter(lexer)
  }
  return parseNot(lexer, context, field)
}

function parsePhrase(lexer: Lexer, field: string): FilterNode {
  const bare = !lexer.quoted
  return finishPhrase(lexer, field, parseWord(lexer, 'a filter'), bare)
}

function finishPhrase(lexer: Lexer, field: string, word: string, bare: boolean): FilterNode {
  if (acceptStar(lexer)) {
    if (!lexer.end && lexer.is(':') && !lexer.spaceBefore) lexer.fail(`"${word}*" is no field name`, 'name one field')
    if (word === '' && field === '_msg') return { op: 'all' }
    return { op: 'prefix', field, prefix: word }
  }
  if (!lexer.end && !lexer.spaceBefore && lexer.is('(', '[')) {
    lexer.fail(`${lexer.shown()} directly after the word ${JSON.stringify(word)}`, 'put a space between, or the whole in quotes')
  }
  if (bare && field !== '_msg' && ipPrefix(word) !== null) return { op: 'ip_prefix', field, prefix: word }
  return { op: 'phrase', field, phrase: word }
}
