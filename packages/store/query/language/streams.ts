import { quote } from './lexer.ts'
import { compileRegexp } from './regexp.ts'
import { parseInParens, parseWord } from './words.ts'

import type { FilterNode, StreamTag } from './ast.ts'
import type { Lexer } from './lexer.ts'

/** `{name="value", other!~"regexp" or name in (a, b)}`; the current token is `{`. */
export function parseStreamFilter(lexer: Lexer): FilterNode {
  lexer.expect('{')
  const groups: StreamTag[][] = []
  let group: StreamTag[] = []
  while (!lexer.is('}')) {
    group.push(parseTag(lexer))
    if (lexer.accept('or')) {
      groups.push(group)
      group = []
      if (lexer.is('}')) lexer.fail('a condition expected after "or"')
    } else if (!lexer.is('}') && !lexer.accept(',')) {
      lexer.fail(`"," or "or" or "}" expected, not ${lexer.shown()}`)
    }
  }
  lexer.expect('}')
  if (group.length > 0) groups.push(group)
  return { op: 'stream', groups }
}

const MORE = ['{', '}', '=', '!=', '=~', '!~', '!']

function parseTag(lexer: Lexer): StreamTag {
  const name = parseWord(lexer, 'a name', ...MORE)
  const op = lexer.token
  if (lexer.accept('in', 'not_in')) {
    const values = parseInParens(lexer, (inner) => parseWord(inner, 'a value', '}'))
    return { name, op: op.toLowerCase() === 'in' ? '=' : '!=', value: '', values }
  }
  if (!lexer.accept('=', '!=', '=~', '!~')) lexer.fail(`"=", "!=", "=~" or "!~" expected after ${quote(name)}, not ${lexer.shown()}`)
  const { at } = lexer
  const value = parseWord(lexer, 'a value', '{', '}')
  if (op === '=~' || op === '!~') compileRegexp(value, (message) => lexer.fail(message, '', at))
  return { name, op: op as StreamTag['op'], value }
}
