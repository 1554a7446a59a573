import { parseWord, type Lexer, type ParseContext } from '../language/index.ts'
import { deriveNeeds, deriveStage, parseConditional, parseFrom, parseKeep, type Derive, type DeriveNode } from './derive.ts'
import type { Pipe } from './pipe.ts'
import { parsePlaceholders, type Part } from './placeholders.ts'
import { unquotePrefix } from './quoted.ts'

export interface ExtractNode extends DeriveNode {
  readonly op: 'extract'
  readonly parts: readonly Part[]
}

function parse(lexer: Lexer, context: ParseContext): ExtractNode {
  return parseConditional(lexer, context, () => {
    const at = lexer.at
    const parts = parsePlaceholders(parseWord(lexer, 'a pattern such as "user=<user> "'))
    if (!parts.some(({ field }) => field !== null && field !== '')) lexer.fail('the pattern names no field', 'write fields as <name>', at)
    for (let p = 1; p < parts.length; p++) {
      if (parts[p]!.literal === '')
        lexer.fail('two fields of the pattern have nothing between them', 'put the text that separates them between them', at)
    }
    const from = parseFrom(lexer)
    return { op: 'extract' as const, parts, from, keep: parseKeep(lexer) }
  })
}

/** Where the values of the fields lie in a text. Fields after the place where it stops to fit are empty. */
function extractor(parts: readonly Part[]): Derive {
  const last = parts.length - 1
  return (text, set) => {
    const found: string[] = []
    const start = text.indexOf(parts[0]!.literal)
    let at = start + parts[0]!.literal.length
    for (let p = 0; start >= 0 && p <= last && parts[p]!.field !== null; p++) {
      const next = parts[p + 1]?.literal ?? ''
      const quoted = parts[p]!.option === 'plain' ? null : unquotePrefix(text, at)
      if (quoted !== null) {
        found.push(quoted.value)
        at += quoted.length
        if (!text.startsWith(next, at)) break
      } else {
        const end = p === last ? text.length : text.indexOf(next, at)
        if (end < 0) break
        found.push(text.slice(at, end))
        at = end
      }
      at += next.length
    }
    for (let p = 0; p <= last; p++) if (parts[p]!.field) set(parts[p]!.field!, found[p] ?? '')
  }
}

/** `extract if (filter) "user=<user> from <ip> " from field`: values between texts; one in quotes is taken out of them unless it is `<plain:name>`. */
export const extract: Pipe<ExtractNode> = {
  names: ['extract'],
  kind: 'local',
  parse,
  needs: deriveNeeds,
  create: (node) => deriveStage(node, extractor(node.parts)),
}
