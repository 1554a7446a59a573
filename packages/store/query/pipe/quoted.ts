import { Lexer } from '../language/index.ts'

/** Longest text in quotes that is looked at; beyond it a quote is a sign as any other. */
const LONGEST = 16_384

/** The value of a text in `"` or `` ` `` at `at`, with Go's escapes, and its length with the quotes; null when none stands there. */
export function unquotePrefix(text: string, at: number): { value: string; length: number } | null {
  const mark = text[at]
  if (mark !== '"' && mark !== '`') return null
  let end = at + 1
  for (; end < text.length && end - at < LONGEST; end++) {
    if (text[end] === mark) break
    if (text[end] === '\\' && mark === '"') end++
  }
  if (text[end] !== mark) return null
  const lexer = new Lexer(text.slice(at, end + 1))
  return lexer.quoted ? { value: lexer.token, length: end + 1 - at } : null
}
