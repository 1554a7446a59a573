import type { Lexer } from '../language/index.ts'

/** Does the current token end an item of a list: a comma, a pipe, a closing parenthesis, the end? */
export function lexerEndsItem(lexer: Lexer): boolean {
  return lexer.end || lexer.is(',', '|', ')')
}
