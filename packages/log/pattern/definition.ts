import { CodedError } from '../errors.ts'

/** A piece of a definition. `name` of a group is that of its flag, null where fields of its own tell whether it is there. */
export type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string; readonly type: string; readonly at: number }
  | { readonly kind: 'group'; readonly name: string | null; readonly pieces: readonly Piece[] }

/** Characters of a definition. */
export const DEFINITION_MOST = 4096

/** Groups inside each other. */
export const GROUPS_DEEP = 16

/**
 * Takes a definition apart: literal text (with `\` before `{`, `}`, `[`, `]` and `\`), fields `{name:type}`, optional groups `[...]`.
 * Throws PATTERN_* with the offset in the definition.
 */
export function parseDefinition(text: string): Piece[] {
  if (text.length > DEFINITION_MOST)
    throw refused('PATTERN_TOO_LARGE', `the definition is longer than ${DEFINITION_MOST} characters`, DEFINITION_MOST)
  if (!text.isWellFormed()) throw refused('PATTERN_CHARACTER', 'the definition holds half a surrogate pair', 0)
  return new Parser(text).run()
}

class Parser {
  readonly #text: string
  readonly #names = new Set<string>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): Piece[] {
    const pieces = this.#pieces(0)
    if (this.#at < this.#text.length) throw refused('PATTERN_STRAY', 'a "]" closes nothing', this.#at)
    return pieces
  }

  /** Up to the `]` of the group or the end. */
  #pieces(depth: number): Piece[] {
    const pieces: Piece[] = []
    let literal = ''
    const settle = (): void => {
      if (literal !== '') pieces.push({ kind: 'literal', text: literal })
      literal = ''
    }
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at]
      if (c === ']') break
      if (c === '{' || c === '[') {
        settle()
        pieces.push(c === '{' ? this.#field() : this.#group(depth + 1))
      } else literal += this.#character(c)
    }
    settle()
    return pieces
  }

  #character(c: string): string {
    if (c === '}') throw refused('PATTERN_STRAY', 'a "}" closes nothing', this.#at)
    this.#at++
    if (c !== '\\') return c
    const escaped = this.#text[this.#at]
    if (escaped === undefined || !'{}[]\\'.includes(escaped))
      throw refused('PATTERN_ESCAPE', 'a backslash stands before something that needs none', this.#at - 1)
    this.#at++
    return escaped
  }

  #field(): Piece {
    const start = this.#at
    const end = this.#text.indexOf('}', start)
    if (end === -1) throw refused('PATTERN_UNCLOSED', 'a "{" is not closed', start)
    const [, name, type] = /^([a-zA-Z][\w.]*):([a-z]\w*)$/.exec(this.#text.slice(start + 1, end)) ?? []
    if (name === undefined) throw refused('PATTERN_FIELD', `"${this.#text.slice(start, end + 1)}" is not {name:type}`, start)
    this.#claim(name, start)
    this.#at = end + 1
    return { kind: 'field', name, type, at: start }
  }

  #group(depth: number): Piece {
    const start = this.#at++
    if (depth > GROUPS_DEEP) throw refused('PATTERN_TOO_LARGE', `groups stand inside each other deeper than ${GROUPS_DEEP} levels`, start)
    const pieces = this.#pieces(depth)
    if (this.#at === this.#text.length) throw refused('PATTERN_UNCLOSED', 'a "[" is not closed', start)
    this.#at++
    if (pieces.some(({ kind }) => kind === 'field')) return { kind: 'group', name: null, pieces }
    const own = pieces.map((piece) => (piece.kind === 'literal' ? piece.text : ' ')).join('')
    const name = own.replaceAll(/[^a-zA-Z0-9]+/g, '_').replaceAll(/^[_0-9]+|_+$/g, '')
    if (name === '') throw refused('PATTERN_FLAG', 'a group without fields needs a word in its text, which names its flag', start)
    this.#claim(name, start)
    return { kind: 'group', name, pieces }
  }

  #claim(name: string, at: number): void {
    if (this.#names.has(name)) throw refused('PATTERN_NAME_TWICE', `the name "${name}" stands twice`, at)
    this.#names.add(name)
  }
}

function refused(code: string, message: string, at: number): CodedError {
  return new CodedError(code, message, { at: `character ${at}` })
}
