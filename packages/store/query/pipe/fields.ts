import type { Column } from '../rows.ts'
import type { Fields } from './stage.ts'
import type { View } from './view.ts'
import { parseFieldPattern, parseInParens, quote, type Lexer } from '../language/index.ts'

/** Does the pattern stand for many fields? Patterns are names, `*`, or the beginning of names followed by `*`. */
export function isWildcard(pattern: string): boolean {
  return pattern.endsWith('*')
}

/** Tells of a name whether one of the patterns covers it. */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const names = new Set(patterns.filter((pattern) => !isWildcard(pattern)))
  const prefixes = patterns.filter(isWildcard).map((pattern) => pattern.slice(0, -1))
  if (prefixes.length === 0) return (name) => names.has(name)
  if (prefixes.includes('')) return () => true
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}

/** The fields that reading these patterns takes: all as soon as one is a wildcard. */
export function fieldsOf(patterns: readonly string[]): Fields {
  return patterns.some(isWildcard) ? null : new Set(patterns)
}

export function union(a: Fields, b: Fields): Fields {
  return a === null || b === null ? null : new Set([...a, ...b])
}

/** `a` without the names; all stays all. */
export function without(a: Fields, names: Iterable<string>): Fields {
  if (a === null) return null
  const left = new Set(a)
  for (const name of names) left.delete(name)
  return left
}

/** A column that a list of patterns chose. `named` = asked for by its whole name, so that a missing value counts as an empty one. */
export interface Chosen {
  readonly name: string
  readonly column: Column | null
  readonly named: boolean
}

/** The columns of a view that the patterns choose, each once. */
export function choose(view: View, patterns: readonly string[]): Chosen[] {
  const out = new Map<string, Chosen>()
  for (const pattern of patterns) {
    if (!isWildcard(pattern)) {
      out.set(pattern, { name: pattern, column: view.column(pattern), named: true })
      continue
    }
    const prefix = pattern.slice(0, -1)
    for (const name of view.names()) {
      if (!name.startsWith(prefix) || out.has(name)) continue
      const column = view.column(name)
      if (column !== null) out.set(name, { name, column, named: false })
    }
  }
  return [...out.values()]
}

/** `( pattern, ... )` with at least one name and no wildcards. */
export function parsePlainFields(lexer: Lexer): string[] {
  const at = lexer.at
  const names = parseInParens(lexer, parsePlainField)
  if (names.length === 0) lexer.fail('at least one field name expected', '', at)
  return names
}

/** One field name that is no wildcard. */
export function parsePlainField(lexer: Lexer): string {
  const at = lexer.at
  const name = parseFieldPattern(lexer)
  if (isWildcard(name)) lexer.fail('a field name expected, not a wildcard', 'name each field', at)
  return name
}

/** One or more plain names with commas between them, in parentheses or without. */
export function parseOpenFields(lexer: Lexer): string[] {
  if (lexer.is('(')) return parsePlainFields(lexer)
  const names = [parsePlainField(lexer)]
  while (lexer.accept(',')) names.push(parsePlainField(lexer))
  return names
}

const BARE = /^[\p{L}\p{Nd}_.]+$/u

/** A field name or pattern as it is written in a query. */
export function printField(pattern: string): string {
  if (pattern === '*' || BARE.test(pattern)) return pattern
  if (isWildcard(pattern)) return BARE.test(pattern.slice(0, -1)) ? pattern : `${quote(pattern.slice(0, -1))}*`
  return quote(pattern)
}

export function printFields(patterns: readonly string[]): string {
  return patterns.map(printField).join(', ')
}
