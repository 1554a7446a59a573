/** A piece of a source text; comments and blanks are left out. `text` of a string is what stands between its quotes, escapes as written. */
export interface Token {
  kind: 'word' | 'string' | 'template' | 'regex' | 'number' | 'mark'
  text: string
  line: number
}

const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /(?:\d|\.\d)[\w.]*/y
const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/|^#![^\n]*)+/y
const QUOTED = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const CHUNK = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y
// After these a slash starts a regular expression; after a value it divides.
const BEFORE_REGEX = /^(?:[([{},;:=!&|?+\-*%<>~^]|=>|return|typeof|case|in|of|delete|void|throw|new|do|else|yield|await)$/

/**
 * Splits TypeScript or JavaScript into tokens, well enough to find strings, imports and calls in text that compiles; it isn't a parser.
 * A template without holes is one `template` token; one with holes gives the tokens inside the holes as well.
 */
export function tokenize(source: string): Token[] {
  const scanner = new Scanner(source)
  scanner.until('')
  return scanner.tokens
}

class Scanner {
  readonly tokens: Token[] = []
  private readonly source: string
  private at = 0
  private line = 1

  constructor(source: string) {
    this.source = source
  }

  /** Reads up to the closing mark, which is taken; braces inside are balanced. Empty = to the end. */
  until(close: string): void {
    let open = 0
    while (this.at < this.source.length) {
      if (this.match(SPACE) !== null) continue
      const first = this.source[this.at]
      if (close !== '' && first === close && open === 0) {
        this.advance(1)
        return
      }
      if (first === '{') open++
      if (first === '}') open--
      this.one(first)
    }
  }

  private one(first: string): void {
    if (first === '`') return this.template()
    if (this.push('string', QUOTED, 1)) return
    if (this.push('word', WORD)) return
    if (this.push('number', NUMBER)) return
    const last = this.tokens[this.tokens.length - 1]
    if (first === '/' && (last === undefined || (last.kind !== 'string' && BEFORE_REGEX.test(last.text))) && this.push('regex', REGEX))
      return
    this.tokens.push({ kind: 'mark', text: first, line: this.line })
    this.advance(1)
  }

  private template(): void {
    const token: Token = { kind: 'template', text: '', line: this.line }
    this.tokens.push(token)
    this.advance(1)
    while (this.at < this.source.length) {
      token.text += this.match(CHUNK) ?? ''
      if (this.source[this.at] === '`') return this.advance(1)
      if (this.at >= this.source.length) return
      token.text += '${}'
      this.advance(2)
      this.until('}')
    }
  }

  private push(kind: Token['kind'], pattern: RegExp, quotes = 0): boolean {
    const line = this.line
    const text = this.match(pattern)
    if (text === null) return false
    this.tokens.push({ kind, text: text.slice(quotes, text.length - quotes), line })
    return true
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const text = pattern.exec(this.source)?.[0]
    if (text === undefined || text === '') return null
    this.advance(text.length)
    return text
  }

  private advance(length: number): void {
    const end = this.at + length
    for (let i = this.at; i < end; i++) if (this.source.charCodeAt(i) === 10) this.line++
    this.at = end
  }
}

/** Module specifiers that a source imports, exports from, or imports at run time with a literal. */
export function importsOf(tokens: readonly Token[]): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = []
  for (let i = 1; i < tokens.length; i++) {
    const { kind, text, line } = tokens[i]
    if (kind !== 'string' && kind !== 'template') continue
    const before = tokens[i - 1]
    const called = before.text === '(' && tokens[i - 2]?.text === 'import'
    if (called || (before.kind === 'word' && (before.text === 'from' || before.text === 'import'))) found.push({ specifier: text, line })
  }
  return found
}
