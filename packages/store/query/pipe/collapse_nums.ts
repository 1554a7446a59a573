import { parseIfFilter, type Lexer, type ParseContext } from '../language/index.ts'
import type { Pipe } from './pipe.ts'
import { parseAt, updateNeeds, updateStage, type UpdateNode } from './replace.ts'

export interface CollapseNode extends UpdateNode {
  readonly op: 'collapse_nums'
  readonly prettify: boolean
}

function parse(lexer: Lexer, context: ParseContext): CollapseNode {
  const condition = parseIfFilter(lexer, context)
  const field = parseAt(lexer)
  return { op: 'collapse_nums', condition, field, prettify: lexer.accept('prettify') }
}

const RUN = /[0-9A-Fa-f]+/gu
/** Hexadecimal runs with letters are numbers from this length on; shorter ones are too often words. */
const LEAST_HEX = 4
/** What may stand right before a number: no word, or `v`, `T`, `0x`. */
const BEFORE = /(?:^|[^\p{L}\p{Nd}_]|[vVT]|(?<![\p{L}\p{Nd}_])0[xX])$/u
/** What may stand right after it: no word, `T` or `Z` of a time, or a unit. */
const AFTER = /^(?:$|[^\p{L}\p{Nd}_]|[TZ]|(?:ns|us|µs|μs|ms|s|m|h|w|y|[KMGT](?:i?B)?|B)(?![\p{L}_]))/u

/** Puts `<N>` in place of decimal and hexadecimal numbers. */
export function collapse(text: string): string {
  let out = ''
  let at = 0
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const end = index + run.length
    if (run.length < LEAST_HEX && /[a-f]/i.test(run)) continue
    if (!BEFORE.test(text.slice(Math.max(0, index - 4), index)) || !AFTER.test(text.slice(end, end + 4))) continue
    out += `${text.slice(at, index)}<N>`
    at = end
  }
  return at === 0 ? text : out + text.slice(at)
}

/** Names for numbers that stand together, longest first. */
const TOGETHER: readonly [RegExp, string][] = [
  [/<N>-<N>-<N>-<N>-<N>/g, '<UUID>'],
  [/<N>\.<N>\.<N>\.<N>/g, '<IP4>'],
  [/<N>-<N>-<N>[T ]<N>:<N>:<N>(?:[.,]<N>)?(?:Z|[+-]<N>:<N>)?/g, '<DATETIME>'],
  [/<N>[-/]<N>[-/]<N>/g, '<DATE>'],
  [/<N>:<N>:<N>(?:[.,]<N>)?/g, '<TIME>'],
]

function prettify(text: string): string {
  return TOGETHER.reduce((out, [form, name]) => out.replace(form, name), text)
}

/** `collapse_nums if (filter) at field prettify`: numbers become `<N>`, so that messages of one shape are equal. */
export const collapseNums: Pipe<CollapseNode> = {
  names: ['collapse_nums'],
  kind: 'local',
  parse,
  needs: updateNeeds,
  create: (node) => updateStage(node, (text) => (node.prettify ? prettify(collapse(text)) : collapse(text))),
}
