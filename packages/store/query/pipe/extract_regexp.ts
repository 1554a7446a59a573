import { parseWord, type Lexer, type ParseContext } from '../language/index.ts'
import { captureMatcher, CaptureMatcher } from './capture.ts'
import { deriveNeeds, deriveStage, parseConditional, parseFrom, parseKeep, type Derive, type DeriveNode } from './derive.ts'
import type { Pipe } from './pipe.ts'

export interface ExtractRegexpNode extends DeriveNode {
  readonly op: 'extract_regexp'
  readonly pattern: string
}

function parse(lexer: Lexer, context: ParseContext): ExtractRegexpNode {
  return parseConditional(lexer, context, () => {
    const at = lexer.at
    const pattern = parseWord(lexer, 'a regular expression with named groups')
    const { names } = captureMatcher(lexer, pattern, at)
    if (names.every((name) => name === ''))
      lexer.fail('the expression has no named group', 'name the groups that become fields: (?P<name>...)', at)
    const from = parseFrom(lexer)
    return { op: 'extract_regexp' as const, pattern, from, keep: parseKeep(lexer) }
  })
}

function extractor(matcher: CaptureMatcher): Derive {
  return (text, set) => {
    const captures = matcher.test(text) ? matcher.find(text, 0) : null
    for (const [group, name] of matcher.names.entries()) {
      if (name === '') continue
      const start = captures?.[group * 2] ?? -1
      set(name, start < 0 ? '' : text.slice(start, captures![group * 2 + 1]))
    }
  }
}

/** `extract_regexp if (filter) "user=(?P<user>\w+)" from field`: named groups of the first match, with RE2's syntax. */
export const extractRegexp: Pipe<ExtractRegexpNode> = {
  names: ['extract_regexp'],
  kind: 'local',
  parse,
  needs: deriveNeeds,
  create: (node) => deriveStage(node, extractor(new CaptureMatcher(node.pattern))),
}
