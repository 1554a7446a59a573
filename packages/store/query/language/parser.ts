import { CodedError } from '@pullbox/log/errors'
import { parseFilter } from './filters.ts'
import { PIPE_NAMES, STATS_NAMES } from './keywords.ts'
import { Lexer } from './lexer.ts'
import { durationOf, plainNumber } from './numbers.ts'
import { parseInParens, parseWord } from './words.ts'

export { printFilter, printQuery } from './print.ts'

import type { FilterNode, ParseContext, PipeNode, PipeParsers, Query, QueryOptions } from './ast.ts'
import type { LexerOptions } from './lexer.ts'

/** `now` and `tz` as the lexer takes them; the pipes that may stand in the query, and the names of stats functions. Default: none. */
export interface ParseOptions extends LexerOptions {
  readonly pipes?: PipeParsers
  readonly statsFunctions?: Iterable<string>
}

/** The pipe `filter`, and a filter that stands in place of a pipe. */
export interface FilterPipe extends PipeNode {
  readonly op: 'filter'
  readonly filter: FilterNode
}

/**
 * Reads a whole query: `options(...) filter | pipe | pipe`.
 * Throws QUERY_SYNTAX (with the column), QUERY_TOO_LONG, QUERY_TOO_DEEP, QUERY_PIPE_NOT_BUILT, and nothing else.
 */
export function parseQuery(text: string, options: ParseOptions = {}): Query {
  const lexer = new Lexer(text, options)
  const context: ParseContext = { pipes: options.pipes ?? new Map(), statsFunctions: new Set(options.statsFunctions ?? []) }
  const query = parseQueryHere(lexer, context)
  if (!lexer.end) lexer.fail(`the end of the query expected, not ${lexer.shown()}`)
  return query
}

/** Reads a query up to `)` or the end. */
export function parseQueryHere(lexer: Lexer, around: ParseContext): Query {
  const options = parseOptions(lexer)
  const context: ParseContext = { ...around, options: { ...around.options, ...options } }
  const filter = parseFilter(lexer, context)
  const pipes: PipeNode[] = []
  const pipeTexts: string[] = []
  while (lexer.accept('|')) {
    const from = lexer.at
    pipes.push(parsePipe(lexer, context))
    pipeTexts.push(lexer.text.slice(from, lexer.lastEnd))
    if (!lexer.end && !lexer.is('|', ')')) lexer.fail(`"|" or the end expected after a pipe, not ${lexer.shown()}`)
  }
  return { options, filter, pipes, pipeTexts }
}

/** `( query )`. */
export function parseQueryInParens(lexer: Lexer, context: ParseContext): Query {
  lexer.expect('(', 'before a subquery')
  lexer.enter()
  const query = parseQueryHere(lexer, context)
  lexer.leave()
  lexer.expect(')', 'after a subquery')
  return query
}

function parsePipe(lexer: Lexer, context: ParseContext): PipeNode {
  if (lexer.end) lexer.fail('a pipe expected after "|", not the end of the query')
  if (lexer.quoted) return parseFilterPipe(lexer, context)
  const name = lexer.token.toLowerCase()
  const parser = context.pipes.get(name)
  if (parser !== undefined) {
    lexer.next()
    return parser(lexer, context)
  }
  if (context.statsFunctions.has(name) || name === 'by') {
    const stats = context.pipes.get('stats')
    if (stats !== undefined) return stats(lexer, context)
  }
  if (name === 'filter' || name === 'where') {
    lexer.next()
    return parseFilterPipe(lexer, context)
  }
  if (PIPE_NAMES.has(name) || STATS_NAMES.has(name) || name === 'by') {
    throw new CodedError('QUERY_PIPE_NOT_BUILT', `the pipe ${lexer.raw} is not built`, {
      at: lexer.column(lexer.at),
      hint: `put the word in quotes to search for it; built are: ${[...context.pipes.keys()].sort().join(', ')}`,
    })
  }
  return parseFilterPipe(lexer, context)
}

function parseFilterPipe(lexer: Lexer, context: ParseContext): FilterPipe {
  return { op: 'filter', filter: parseFilter(lexer, context) }
}

type Mutable = { -readonly [K in keyof QueryOptions]: QueryOptions[K] }

function parseOptions(lexer: Lexer): QueryOptions {
  if (!lexer.is('options')) return {}
  const state = lexer.save()
  lexer.next()
  if (!lexer.is('(')) {
    lexer.restore(state)
    return {}
  }
  const out: Mutable = {}
  parseInParens(lexer, (inner) => parseOption(inner, out))
  return out
}

function parseOption(lexer: Lexer, out: Mutable): void {
  const { at } = lexer
  const name = parseWord(lexer, 'an option', '=')
  lexer.expect('=', `after the option ${name}`)
  const value = parseWord(lexer, 'a value')
  const bad = (what: string): never => lexer.fail(`the option ${name} takes ${what}, not ${JSON.stringify(value)}`, '', at)
  const count = plainNumber(value)
  if (name === 'concurrency' || name === 'parallel_readers') {
    if (count === null || !Number.isSafeInteger(count) || count < 0) return bad('a whole number')
    out[name === 'concurrency' ? 'concurrency' : 'parallelReaders'] = count
  } else if (name === 'ignore_global_time_filter' || name === 'allow_partial_response') {
    if (value !== 'true' && value !== 'false') return bad('true or false')
    out[name === 'allow_partial_response' ? 'allowPartialResponse' : 'ignoreGlobalTimeFilter'] = value === 'true'
  } else if (name === 'time_offset') {
    const ns = durationOf(value)
    if (ns === null) return bad('a duration')
    out.timeOffset = ns / 1000
  } else {
    lexer.fail(
      `no option is called ${JSON.stringify(name)}`,
      'options: concurrency, parallel_readers, ignore_global_time_filter, allow_partial_response, time_offset',
      at,
    )
  }
}
