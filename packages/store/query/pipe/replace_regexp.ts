import { parseCount, parseIfFilter, type Lexer, type ParseContext } from '../language/index.ts'
import { captureMatcher, CaptureMatcher, type Captures } from './capture.ts'
import type { Pipe } from './pipe.ts'
import { parseAt, parseTextPair, updateNeeds, updateStage, type UpdateNode } from './replace.ts'

export interface ReplaceRegexpNode extends UpdateNode {
  readonly op: 'replace_regexp'
  readonly pattern: string
  readonly to: string
  /** 0 = all. */
  readonly limit: number
}

function parse(lexer: Lexer, context: ParseContext): ReplaceRegexpNode {
  const condition = parseIfFilter(lexer, context)
  const at = lexer.at
  const [pattern, to] = parseTextPair(lexer)
  captureMatcher(lexer, pattern, at)
  const field = parseAt(lexer)
  const limit = lexer.accept('limit') ? parseCount(lexer) : 0
  return { op: 'replace_regexp', condition, pattern, to, field, limit }
}

/** Text, or a group by number or name, of a replacement. */
type Piece = string | { readonly group: number }

/** `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar sign. Names are as long as they can be; unknown ones are empty. */
function pieces(template: string, names: readonly string[]): Piece[] {
  const out: Piece[] = []
  let at = 0
  for (const found of template.matchAll(/\$(?:\$|(\w+)|\{(\w+)\})/g)) {
    out.push(template.slice(at, found.index))
    at = found.index + found[0].length
    const name = found[1] ?? found[2]
    if (name === undefined) out.push('$')
    else {
      const group = /^\d+$/.test(name) ? Number(name) : names.indexOf(name)
      if (group >= 0 && group < names.length) out.push({ group })
    }
  }
  out.push(template.slice(at))
  return out
}

function expand(template: readonly Piece[], text: string, captures: Captures): string {
  let out = ''
  for (const piece of template) {
    if (typeof piece === 'string') out += piece
    else if (captures[piece.group * 2]! >= 0) out += text.slice(captures[piece.group * 2], captures[piece.group * 2 + 1])
  }
  return out
}

function replaceAll(matcher: CaptureMatcher, template: readonly Piece[], text: string, limit: number): string {
  if (!matcher.test(text)) return text
  let out = ''
  let copied = 0
  let many = 0
  let last = -1
  for (let from = 0; from <= text.length && (limit === 0 || many < limit);) {
    const captures = matcher.find(text, from)
    if (captures === null) break
    const start = captures[0]!
    const end = captures[1]!
    // an empty match right behind another one is none
    if (end > start || start !== last) {
      out += text.slice(copied, start) + expand(template, text, captures)
      copied = end
      last = end
      many++
    }
    from = end > start ? end : end + (text.codePointAt(end)! > 0xffff ? 2 : 1)
  }
  return out + text.slice(copied)
}

/** `replace_regexp if (filter) ("a(.)", "$1b") at field limit N`, with RE2's syntax. */
export const replaceRegexp: Pipe<ReplaceRegexpNode> = {
  names: ['replace_regexp'],
  kind: 'local',
  parse,
  needs: updateNeeds,
  create: (node) => {
    const matcher = new CaptureMatcher(node.pattern)
    const template = pieces(node.to, matcher.names)
    return updateStage(node, (text) => replaceAll(matcher, template, text, node.limit))
  },
}
