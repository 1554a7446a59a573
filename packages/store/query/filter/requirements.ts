import { lowerAscii, lowerText } from './lower.ts'
import { commonCases } from './common-case.ts'
import { regexpLiterals } from './regexp-literals.ts'
import { RegexpMatcher } from '../language/index.ts'

import type { FilterNode } from '../language/index.ts'

/**
 * What a block must hold so that a row of it can match. A block that holds less can be left out; one that holds it may still have no match.
 * Plain data, structured-cloneable.
 */
export type Need =
  | { readonly all: readonly Need[] }
  | { readonly any: readonly Need[] }
  /** Some row's field holds these bytes once ASCII capitals are lower-cased. At least 3 bytes; UTF-8. */
  | { readonly literal: Uint8Array; readonly field: string }
  /** Some row's field holds these four numbers joined by dots, with no digit right before or after them; ASCII. */
  | { readonly address: Uint8Array; readonly field: string }
  /** Some row's field is exactly this, never empty. */
  | { readonly equals: { readonly field: string; readonly value: string } }
  /** Some row's field is a severity, by name in any case or by digit, of a rank from `min` to `max`, both inclusive (0 emerg .. 7 debug). */
  | { readonly severity: { readonly field: string; readonly min: number; readonly max: number } }
  /** Nothing is known. */
  | { readonly always: true }

const ALWAYS: Need = { always: true }
/** Longer lists say little and cost much. */
const MOST_VALUES = 1000
/** Characters of a text that are searched for addresses. */
const MOST_TEXT = 1000

export function requirements(node: FilterNode): Need {
  switch (node.op) {
    case 'and':
      return all(node.filters.map((part) => requirements(part)))
    case 'or':
      return any(node.filters.map((part) => requirements(part)))
    case 'phrase':
      return phrase(node.field, node.phrase)
    case 'prefix':
    case 'exact_prefix':
      return all([literal(node.field, node.prefix), ...addresses(node.field, node.prefix, HEAD)])
    case 'substring':
      return all([literal(node.field, node.part), ...addresses(node.field, node.part, OPEN)])
    case 'any_case_phrase':
      return all([anyCase(node.field, node.phrase), ...addresses(node.field, node.phrase, BOTH)])
    case 'any_case_prefix':
      return all([anyCase(node.field, node.prefix), ...addresses(node.field, node.prefix, HEAD)])
    case 'severity_range':
      return { severity: { field: node.field, min: node.min, max: node.max } }
    case 'exact':
      return equals(node.field, node.value)
    case 'in':
      return node.set.kind === 'list' ? oneOf(node.set.values.map((value) => equals(node.field, value))) : ALWAYS
    case 'contains_any':
      return node.set.kind === 'list' ? oneOf(node.set.values.map((value) => phrase(node.field, value))) : ALWAYS
    case 'contains_all':
      return node.set.kind === 'list' ? all(node.set.values.slice(0, MOST_VALUES).map((value) => phrase(node.field, value))) : ALWAYS
    case 'equals_common_case':
      return oneOf(commonCases(node.values).map((value) => equals(node.field, value)))
    case 'contains_common_case':
      return oneOf(commonCases(node.values).map((value) => phrase(node.field, value)))
    case 'sequence':
      return all(node.phrases.slice(0, MOST_VALUES).map((text) => phrase(node.field, text)))
    case 'regexp':
      return regexp(node.field, node.pattern)
    case 'stream':
      if (node.groups.length === 0) return ALWAYS
      return any(
        node.groups.map((group) =>
          all(group.map((tag) => (tag.op === '=' ? oneOf((tag.values ?? [tag.value]).map((value) => equals(tag.name, value))) : ALWAYS))),
        ),
      )
    default:
      return ALWAYS
  }
}

function isAlways(need: Need): boolean {
  return 'always' in need
}

function all(parts: Need[]): Need {
  const rest = parts.flatMap((part) => ('all' in part ? part.all : isAlways(part) ? [] : [part]))
  return rest.length === 0 ? ALWAYS : rest.length === 1 ? rest[0]! : { all: rest }
}

function any(parts: Need[]): Need {
  if (parts.some((part) => isAlways(part))) return ALWAYS
  return parts.length === 1 ? parts[0]! : { any: parts }
}

function oneOf(parts: Need[]): Need {
  return parts.length > MOST_VALUES ? ALWAYS : any(parts)
}

/** The parts of a text that stand in a matching value byte for byte. U+FFFD may stand for bytes that are no UTF-8. */
function literal(field: string, text: string): Need {
  const parts = text.split('\ufffd').map((part) => lowerAscii(part))
  return all(parts.filter((part) => part.length >= 3).map((part) => ({ literal: part, field })))
}

/** A text that stands in the value at the borders of words, or is all of it. */
function phrase(field: string, text: string): Need {
  return all([literal(field, text), ...addresses(field, text, BOTH)])
}

/** Whether a digit at the start or the end of the text may be the middle of a longer number in the value. */
interface Edges {
  readonly headCut: boolean
  readonly tailCut: boolean
}

const BOTH: Edges = { headCut: false, tailCut: false }
const HEAD: Edges = { headCut: false, tailCut: true }
const OPEN: Edges = { headCut: true, tailCut: true }

/** The IPv4 addresses in a text; of a longer run of numbers each four that follow one another. */
function addresses(field: string, text: string, { headCut, tailCut }: Edges): Need[] {
  const out: Need[] = []
  for (const match of text.slice(0, MOST_TEXT).matchAll(/\d+(?:\.\d+){3,}/gu)) {
    const numbers = match[0].split('.')
    if (headCut && match.index === 0) numbers.shift()
    if ((tailCut || text.length > MOST_TEXT) && match.index + match[0].length === Math.min(text.length, MOST_TEXT)) numbers.pop()
    for (let i = 0; i + 4 <= numbers.length; i++) out.push({ address: Buffer.from(numbers.slice(i, i + 4).join('.')), field })
  }
  return out
}

/** Only runs of ASCII are the same bytes in every case. */
function anyCase(field: string, text: string): Need {
  const runs = lowerText(text).split(/[^\0-\x7f]+/u)
  return all(runs.filter((run) => run.length >= 3).map((run) => ({ literal: lowerAscii(run), field })))
}

/** Equality is also a literal, for blocks that have no list of the field's values. */
function equals(field: string, value: string): Need {
  if (value === '') return ALWAYS
  return all([{ equals: { field, value } }, phrase(field, value)])
}

function regexp(field: string, pattern: string): Need {
  const { lower, any: branches } = regexpLiterals(new RegexpMatcher(pattern).tree)
  if (branches !== null) return any(branches.map((texts) => all(texts.map((text) => literal(field, text)))))
  return all(lower.map((text) => literal(field, text)))
}
