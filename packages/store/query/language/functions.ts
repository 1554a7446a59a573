import { comparable, ipv4Of, numberOf } from './numbers.ts'
import { addressHex, ipPrefix, printValue } from './operators.ts'
import { compileRegexp } from './regexp.ts'
import { parseValueSet } from './subquery.ts'
import { nextDown, nextUp } from './times.ts'
import { parseFieldName, parseInParens, parsePattern, parseWord } from './words.ts'

import type { FilterNode, ParseContext } from './ast.ts'
import type { Lexer } from './lexer.ts'

/**
 * A filter written as a function; the current token is its name. Null, with the lexer unmoved, when no parenthesis follows: then it is a word.
 */
export function parseFunction(lexer: Lexer, context: ParseContext, field: string): FilterNode | null {
  const state = lexer.save()
  const name = lexer.token.toLowerCase()
  lexer.next()
  if (lexer.is('(') || (name === 'range' && lexer.is('['))) return parseArguments(lexer, context, name, field)
  lexer.restore(state)
  return null
}

function parseArguments(lexer: Lexer, context: ParseContext, name: string, field: string): FilterNode {
  const { at } = lexer
  switch (name) {
    case 'in':
    case 'contains_all':
    case 'contains_any': {
      const set = parseValueSet(lexer, context)
      return set.kind === 'any' ? { op: 'all' } : { op: name, field, set }
    }
    case 'contains_common_case':
    case 'equals_common_case':
      return { op: name, field, values: parseValues(lexer) }
    case 'seq':
      return { op: 'sequence', field, phrases: parseValues(lexer) }
    case 'eq_field':
    case 'le_field':
    case 'lt_field':
      return {
        op: name,
        field,
        other: one(
          lexer,
          name,
          parseInParens(lexer, (inner) => parseFieldName(inner)),
          at,
        ),
      }
    case 'value_type':
      return { op: 'value_type', field, type: one(lexer, name, parseValues(lexer), at) }
    case 're': {
      const pattern = one(
        lexer,
        name,
        parseInParens(lexer, (inner) => parsePattern(inner, ',', '(', ')', '|')),
        at,
      )
      compileRegexp(pattern, (message) => lexer.fail(message, '', at))
      return { op: 'regexp', field, pattern }
    }
    case 'exact':
    case 'i':
      return parseWithStar(lexer, name, field)
    case 'range':
      return parseRange(lexer, field)
    case 'len_range':
      return parseLengths(lexer, field, at)
    case 'string_range': {
      const [min, max] = two(lexer, name, parseValues(lexer), at)
      return { op: 'string_range', field, min, max, text: `string_range(${printValue(min)}, ${printValue(max)})` }
    }
    default:
      return parseAddresses(lexer, name, field, at)
  }
}

function parseValues(lexer: Lexer): string[] {
  return parseInParens(lexer, (inner) => parseWord(inner, 'a value'))
}

function one(lexer: Lexer, name: string, values: readonly string[], at: number): string {
  if (values.length !== 1) lexer.fail(`${name}() takes one argument, not ${values.length}`, '', at)
  return values[0]!
}

function two(lexer: Lexer, name: string, values: readonly string[], at: number): [string, string] {
  if (values.length !== 2) lexer.fail(`${name}() takes two arguments, not ${values.length}`, '', at)
  return [values[0]!, values[1]!]
}

/** `exact(word)`, `exact(word*)`, `i(word)`, `i(word*)`, `i(*)`. */
function parseWithStar(lexer: Lexer, name: 'exact' | 'i', field: string): FilterNode {
  lexer.expect('(')
  const word = lexer.is('*') ? '' : parseWord(lexer, 'a word or phrase')
  const star = lexer.accept('*')
  lexer.expect(')', `after the argument of ${name}()`)
  if (name === 'i') return star ? { op: 'any_case_prefix', field, prefix: word } : { op: 'any_case_phrase', field, phrase: word }
  return star ? { op: 'exact_prefix', field, prefix: word } : { op: 'exact', field, value: word }
}

function parseRange(lexer: Lexer, field: string): FilterNode {
  const open = lexer.token
  lexer.next()
  const a = parseBound(lexer)
  lexer.expect(',', 'between the bounds of a range')
  const b = parseBound(lexer)
  const close = lexer.token
  if (!lexer.accept(')', ']')) lexer.fail(`")" or "]" expected after the bounds of a range, not ${lexer.shown()}`)
  const min = open === '(' ? nextUp(a.value) : a.value
  const max = close === ')' ? nextDown(b.value) : b.value
  return { op: 'range', field, min, max, text: `range${open}${a.text}, ${b.text}${close}` }
}

function parseBound(lexer: Lexer): { value: number; text: string } {
  const { at } = lexer
  const text = parseWord(lexer, 'a number')
  const value = comparable(text)
  if (Number.isNaN(value)) lexer.fail(`a number expected, not ${JSON.stringify(text)}`, '', at)
  return { value, text: text.replace(' ', 'T') }
}

function parseLengths(lexer: Lexer, field: string, at: number): FilterNode {
  const texts = two(lexer, 'len_range', parseValues(lexer), at)
  const [min, max] = texts.map((text) => {
    const value = numberOf(text)
    if (value === null || !(value === Infinity || (Number.isSafeInteger(value) && value >= 0)))
      lexer.fail(`a whole length expected, not ${JSON.stringify(text)}`, '', at)
    return value
  }) as [number, number]
  return { op: 'len_range', field, min, max, text: `len_range(${texts[0]}, ${texts[1]})` }
}

/** `ipv4_range` and `ipv6_range`: two addresses, one prefix, or one address. */
function parseAddresses(lexer: Lexer, name: string, field: string, at: number): FilterNode {
  const values = parseValues(lexer)
  if (values.length === 0 || values.length > 2) lexer.fail(`${name}() takes one or two arguments, not ${values.length}`, '', at)
  const first = values[0]!
  const prefix = values.length === 1 ? ipPrefix(first) : null
  const ends = prefix === null ? [addressHex(first), addressHex(values.at(-1)!)] : [prefix.first, prefix.last]
  const isV4 = values.every((value) => ipv4Of(value.split('/')[0]!) !== null)
  if (ends.includes(null) || (name === 'ipv4_range' && !isV4)) {
    lexer.fail(`${name}() takes addresses or a prefix, not ${JSON.stringify(values.join(', '))}`, '', at)
  }
  const [min, max] = ends as [string, string]
  if (name === 'ipv6_range') return { op: 'ipv6_range', field, min, max }
  return { op: 'ipv4_range', field, min: Number.parseInt(min.slice(24), 16), max: Number.parseInt(max.slice(24), 16) }
}
