import { parseCount, parseFieldPattern, parseFieldsInParens, parseInParens, parsePlainNumber, type Lexer } from '../language/index.ts'
import { isWildcard, parsePlainFields, printFields } from '../pipe/fields.ts'
import { formatNumber } from '../pipe/number.ts'
import type { StatsNode } from './accumulator.ts'

/** A stats function as written: all of its node but `if` and the name of the result. */
export type StatsCall = Pick<StatsNode, 'name' | 'fields' | 'limit' | 'phi'>

/** Reads a function's arguments; the current token is the one after the function's name. */
export type StatsParser = (lexer: Lexer) => StatsCall

/** `(patterns)`; nothing in the parentheses = all fields. */
function patterns(lexer: Lexer): string[] {
  const fields = parseFieldsInParens(lexer)
  return fields.length === 0 || fields.includes('*') ? ['*'] : fields
}

function limitOf(lexer: Lexer): number {
  return lexer.accept('limit') ? parseCount(lexer) : 0
}

function call(name: string, fields: readonly string[], limit = 0): StatsCall {
  return { name, fields, limit }
}

const overFields =
  (name: string): StatsParser =>
  (lexer) =>
    call(name, patterns(lexer))

const overFieldsLimited =
  (name: string): StatsParser =>
  (lexer) => {
    const fields = patterns(lexer)
    return call(name, fields, limitOf(lexer))
  }

const overNames =
  (name: string): StatsParser =>
  (lexer) => {
    const fields = parsePlainFields(lexer)
    return call(name, fields, limitOf(lexer))
  }

function parseHistogram(lexer: Lexer): StatsCall {
  const at = lexer.at
  const fields = parsePlainFields(lexer)
  if (fields.length !== 1) lexer.fail('histogram takes one field', '', at)
  return call('histogram', fields)
}

function parseRate(lexer: Lexer): StatsCall {
  lexer.expect('(')
  lexer.expect(')', 'as rate takes no fields')
  return call('rate', ['*'])
}

const byFirst =
  (name: string): StatsParser =>
  (lexer) => {
    const at = lexer.at
    const fields = parseInParens(lexer, (inner) => parseFieldPattern(inner))
    if (fields.length === 0 || isWildcard(fields[0]!)) lexer.fail(`${name} needs the field to compare by`, '', at)
    return call(name, fields)
  }

function parseQuantile(lexer: Lexer): StatsCall {
  lexer.expect('(')
  const at = lexer.at
  const phi = parsePlainNumber(lexer)
  if (!(phi >= 0 && phi <= 1)) lexer.fail('a quantile lies between 0 and 1', '', at)
  const fields: string[] = []
  while (!lexer.is(')')) {
    lexer.expect(',')
    if (lexer.is(')')) break
    fields.push(parseFieldPattern(lexer))
  }
  lexer.expect(')')
  return { name: 'quantile', fields: fields.length === 0 || fields.includes('*') ? ['*'] : fields, limit: 0, phi }
}

/** Function name -> its parser. */
export const statsParsers: ReadonlyMap<string, StatsParser> = new Map<string, StatsParser>([
  ...['count', 'count_empty', 'sum', 'avg', 'min', 'max', 'median', 'sum_len', 'rate_sum', 'row_any'].map(
    (name) => [name, overFields(name)] as const,
  ),
  ...['uniq_values', 'values', 'json_values'].map((name) => [name, overFieldsLimited(name)] as const),
  ...['count_uniq', 'count_uniq_hash'].map((name) => [name, overNames(name)] as const),
  ...['row_min', 'row_max'].map((name) => [name, byFirst(name)] as const),
  ['quantile', parseQuantile],
  ['histogram', parseHistogram],
  ['rate', parseRate],
])

/** Reads `name(arguments)`; the current token is the function's name. Throws QUERY_SYNTAX. */
export function parseStatsCall(lexer: Lexer): StatsCall {
  const parser = lexer.quoted ? undefined : statsParsers.get(lexer.token.toLowerCase())
  if (parser === undefined)
    lexer.fail(`a stats function expected, not ${lexer.shown()}`, `there are: ${[...statsParsers.keys()].sort().join(', ')}`)
  lexer.next()
  return parser(lexer)
}

/** The function as a query has it; also the name of its result when none is given. */
export function printStatsCall({ name, fields, limit, phi }: StatsCall): string {
  const args = name === 'rate' ? '' : fields[0] === '*' && phi !== undefined ? '' : printFields(fields)
  const all = phi === undefined ? args : args === '' ? formatNumber(phi) : `${formatNumber(phi)}, ${args}`
  return `${name}(${all})${limit > 0 ? ` limit ${limit}` : ''}`
}
