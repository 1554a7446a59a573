import { parseFieldPattern, type Lexer, type PipeNode } from '../language/index.ts'
import type { Column } from '../rows.ts'
import { isWildcard, union, without } from './fields.ts'
import type { Pipe } from './pipe.ts'
import type { Fields, LocalStage } from './stage.ts'
import { overlay, type View } from './view.ts'

export interface CopyNode extends PipeNode {
  readonly op: 'copy' | 'rename'
  readonly pairs: readonly { readonly from: string; readonly to: string }[]
}

function parsePairs(lexer: Lexer): CopyNode['pairs'] {
  const pairs: { from: string; to: string }[] = []
  do {
    const from = parseFieldPattern(lexer)
    lexer.accept('as')
    pairs.push({ from, to: parseFieldPattern(lexer) })
  } while (lexer.accept(','))
  return pairs
}

/** The names that one pair makes of those of a view. */
function namesOf(view: View, from: string, to: string): [string, string][] {
  const head = isWildcard(to) ? to.slice(0, -1) : to
  if (!isWildcard(from)) return [[from, isWildcard(to) ? head + from : to]]
  const prefix = from.slice(0, -1)
  const names = [...view.names()].filter((name) => name.startsWith(prefix))
  return names.map((name) => [name, isWildcard(to) ? head + name.slice(prefix.length) : to])
}

/** A field of no rows: it puts a missing one in place of an old one. */
const EMPTY: Column = { text: () => '' }

/** The untouched `_time` under another name is text. */
function apply({ op, pairs }: CopyNode, view: View): View {
  let out = view
  for (const { from, to } of pairs) {
    const columns = namesOf(out, from, to).map(([name, next]) => ({ name, next, column: out.column(name) }))
    const changed = new Map<string, Column | null>()
    if (op === 'rename') for (const { name } of columns) changed.set(name, null)
    for (const { name, next, column } of columns)
      if (name !== next) changed.set(next, column ?? EMPTY)
      else changed.delete(name)
    if (changed.size > 0) out = overlay(out, changed)
  }
  return out
}

function needs({ op, pairs }: CopyNode, later: Fields): Fields {
  if (later === null || pairs.some(({ from, to }) => isWildcard(from) || isWildcard(to))) return null
  let out: Fields = later
  for (const { from, to } of pairs.toReversed()) {
    const wanted: boolean = out!.has(to)
    out = without(out, op === 'rename' ? [from, to] : [to])
    if (wanted) out = union(out, new Set([from]))
  }
  return out
}

function pipe(op: CopyNode['op'], names: string[]): Pipe<CopyNode> {
  return {
    names,
    kind: 'local',
    parse: (lexer) => ({ op, pairs: parsePairs(lexer) }),
    needs,
    create: (node): LocalStage => ({ kind: 'local', transform: ({ view, picked }) => ({ view: apply(node, view), picked }) }),
  }
}

/** `copy a as b, c* as d*`: pairs work one after the other. */
export const copy = pipe('copy', ['copy', 'cp'])

/** `rename a as b, c* as d*`: pairs work one after the other. */
export const rename = pipe('rename', ['rename', 'mv'])
