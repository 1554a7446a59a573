import { ipv4Of, numberOf, rfc3339Of, type Lexer, type PipeNode } from '../language/index.ts'
import { parsePlainField, union, without } from './fields.ts'
import { evaluator, type MathExpression } from './math-evaluate.ts'
import { overlay, type View } from './view.ts'
import type { Pipe } from './pipe.ts'
import type { Fields } from './stage.ts'

export interface MathNode extends PipeNode {
  readonly op: 'math'
  readonly results: readonly { readonly as: string; readonly expression: MathExpression }[]
}

/** Binary operators with how strongly they bind; least first. `^` binds to the right. */
const BINDING: ReadonlyMap<string, number> = new Map([
  ['default', 1],
  ['or', 2],
  ['xor', 3],
  ['&', 4],
  ['+', 5],
  ['-', 5],
  ['*', 6],
  ['/', 6],
  ['%', 6],
  ['^', 7],
])

/** Functions with the least and the greatest number of arguments. */
const FUNCTIONS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['abs', [1, 1]],
  ['exp', [1, 1]],
  ['ln', [1, 1]],
  ['ceil', [1, 1]],
  ['floor', [1, 1]],
  ['round', [1, 2]],
  ['min', [2, 100]],
  ['max', [2, 100]],
  ['now', [0, 0]],
])

function parse(lexer: Lexer): MathNode {
  const results = [parseResult(lexer)]
  while (lexer.accept(',')) {
    // a comma may stand at the end
    if (lexer.end || lexer.is('|', ')')) break
    results.push(parseResult(lexer))
  }
  return { op: 'math', results }
}

function parseResult(lexer: Lexer): MathNode['results'][number] {
  const from = lexer.at
  const expression = parseBinary(lexer, 0)
  const text = lexer.text.slice(from, lexer.end ? undefined : lexer.at).trim()
  if (lexer.accept('as')) return { as: parsePlainField(lexer), expression }
  const ends = lexer.end || lexer.is(',', '|', ')')
  return { as: ends ? text : parsePlainField(lexer), expression }
}

function parseBinary(lexer: Lexer, least: number): MathExpression {
  lexer.enter()
  let left = parseUnary(lexer)
  for (;;) {
    const operator = lexer.quoted ? '' : lexer.token.toLowerCase()
    const binding = BINDING.get(operator) ?? 0
    if (binding === 0 || binding <= least) break
    lexer.next()
    // one less lets the same operator follow on the right
    left = { call: operator, args: [left, parseBinary(lexer, operator === '^' ? binding - 1 : binding)] }
  }
  lexer.leave()
  return left
}

function parseUnary(lexer: Lexer): MathExpression {
  if (lexer.accept('-')) return { call: 'negate', args: [parseBinary(lexer, 6)] }
  if (lexer.accept('+')) return parseUnary(lexer)
  if (lexer.accept('(')) {
    const inner = parseBinary(lexer, 0)
    lexer.expect(')')
    return inner
  }
  return parseOperand(lexer)
}

function parseOperand(lexer: Lexer): MathExpression {
  const { at, token, quoted } = lexer
  if (lexer.end || (!quoted && !/^[\p{L}\p{Nd}_.]+$/u.test(token))) lexer.fail(`a number, a field or "(" expected, not ${lexer.shown()}`)
  if (!quoted && (BINDING.has(token.toLowerCase()) || lexer.is('as'))) lexer.fail(`a number, a field or "(" expected, not ${lexer.shown()}`)
  lexer.next()
  if (!quoted && lexer.is('(')) return parseCall(lexer, token.toLowerCase(), at)
  const value = constantOf(token)
  return value === null ? { field: token === '' ? '_msg' : token } : { value }
}

function parseCall(lexer: Lexer, name: string, at: number): MathExpression {
  const bounds = FUNCTIONS.get(name)
  if (bounds === undefined)
    lexer.fail(`no math function is called ${JSON.stringify(name)}`, `there are: ${[...FUNCTIONS.keys()].sort().join(', ')}`, at)
  lexer.expect('(')
  const args: MathExpression[] = []
  while (!lexer.is(')')) {
    args.push(parseBinary(lexer, 0))
    if (!lexer.accept(',')) break
  }
  lexer.expect(')')
  if (args.length < bounds[0] || args.length > bounds[1])
    lexer.fail(
      `${name} takes ${bounds[0] === bounds[1] ? bounds[0] : `${bounds[0]} to ${bounds[1]}`} arguments, not ${args.length}`,
      '',
      at,
    )
  return { call: name, args }
}

/** A number, size, duration, time or IPv4 address as a number; null when the text is none. */
function constantOf(text: string): number | null {
  if (!/^[\d.+-]/.test(text)) return /^(?:nan|inf)$/i.test(text) ? numberOf(text) : null
  return numberOf(text) ?? rfc3339Of(text) ?? ipv4Of(text)
}

function fieldsIn(expression: MathExpression): string[] {
  if ('field' in expression) return [expression.field]
  return 'args' in expression ? expression.args.flatMap(fieldsIn) : []
}

function needs({ results }: MathNode, later: Fields): Fields {
  let out = later
  for (const { as, expression } of results.toReversed()) out = union(without(out, [as]), new Set(fieldsIn(expression)))
  return out
}

/** `math a / b as c, round(x, 0.1) as y`: results in order, each may use those before it. What is no number is NaN. */
export const math: Pipe<MathNode> = {
  names: ['math', 'eval'],
  kind: 'local',
  parse,
  needs,
  create: ({ results }, { now }) => {
    const evaluate = results.map(({ expression }) => evaluator(expression, now * 1000))
    return {
      kind: 'local',
      transform: ({ view, picked }) => {
        let out: View = view
        for (const [r, { as }] of results.entries()) out = overlay(out, new Map([[as, evaluate[r]!(out)]]))
        return { view: out, picked }
      },
    }
  },
}
