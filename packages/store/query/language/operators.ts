import { quote } from './lexer.ts'
import { comparable, ipv4Of } from './numbers.ts'
import { nextDown, nextUp } from './times.ts'
import { parseWord } from './words.ts'

import type { FilterNode } from './ast.ts'
import type { Lexer } from './lexer.ts'

/** Ranks of severities by name, as syslog numbers them: 0 is the worst. */
const RANKS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    emerg: 0,
    emergency: 0,
    panic: 0,
    alert: 1,
    crit: 2,
    critical: 2,
    err: 3,
    error: 3,
    warning: 4,
    warn: 4,
    notice: 5,
    info: 6,
    informational: 6,
    debug: 7,
  }),
)

/** Rank of a severity given by name in any case, or by its digit; null when the text is neither. */
export function severityRank(text: string): number | null {
  if (text.length === 1 && text >= '0' && text <= '7') return text.charCodeAt(0) - 48
  return RANKS.get(text.toLowerCase()) ?? null
}

/**
 * `> value` and the like. A value that is a number (with or without unit, an IPv4 address, an RFC 3339 time) makes a range of numbers; other text a range of
 * strings. Our extension: the field `severity` and the name of a severity compare by rank.
 */
export function compareFilter(lexer: Lexer, field: string): FilterNode {
  const sign = lexer.token
  lexer.next()
  const word = parseWord(lexer, 'a value')
  const text = `${sign}${printValue(word)}`
  if (field === 'severity' && RANKS.has(word.toLowerCase())) {
    const rank = RANKS.get(word.toLowerCase())!
    const [min, max] = { '<': [0, rank - 1], '<=': [0, rank], '>': [rank + 1, 7], '>=': [rank, 7] }[sign as '<']
    return { op: 'severity_range', field, min: min!, max: max!, text }
  }
  const value = comparable(word)
  if (!Number.isNaN(value)) {
    if (sign === '>') return { op: 'range', field, min: nextUp(value), max: Infinity, text }
    if (sign === '>=') return { op: 'range', field, min: value, max: Infinity, text }
    return { op: 'range', field, min: -Infinity, max: sign === '<' ? nextDown(value) : value, text }
  }
  const after = `${word}\0`
  if (sign[0] === '>') return { op: 'string_range', field, min: sign === '>' ? after : word, max: null, text }
  return { op: 'string_range', field, min: '', max: sign === '<' ? word : after, text }
}

/** A value as a filter's argument: bare when it is one plain word. */
export function printValue(word: string): string {
  return /^[\p{L}\p{Nd}_][\p{L}\p{Nd}_.]*$/u.test(word) ? word : quote(word)
}

/** An IPv6 address (no zone, no prefix) as 32 hexadecimal digits; dotted IPv4 as its mapped form; null when the text is none. */
export function ipv6Of(text: string): string | null {
  const v4 = ipv4Of(text)
  if (v4 !== null) return `${'0'.repeat(20)}ffff${v4.toString(16).padStart(8, '0')}`
  if (text.length > 45 || !text.includes(':')) return null
  let rest = text
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/u.exec(rest)
  if (dotted !== null) {
    const tail = ipv4Of(dotted[2]!)
    if (tail === null) return null
    rest = `${dotted[1]!}${Math.floor(tail / 65_536).toString(16)}:${(tail % 65_536).toString(16)}`
  }
  const halves = rest.split('::')
  if (halves.length > 2) return null
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const count = groups.reduce((sum, group) => sum + group.length, 0)
  if (halves.length === 1 ? count !== 8 : count > 7) return null
  if (!groups.every((group) => group.every((part) => /^[0-9a-fA-F]{1,4}$/u.test(part)))) return null
  const fill = halves.length === 1 ? [] : Array.from({ length: 8 - count }, () => '0')
  return [...groups[0]!, ...fill, ...(groups[1] ?? [])].map((part) => part.toLowerCase().padStart(4, '0')).join('')
}

/** First and last address of `address/length`, as 32 hexadecimal digits each; null when the text is no prefix. */
export function ipPrefix(text: string): { first: string; last: string } | null {
  const found = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/u.exec(text)
  if (found === null) return null
  const address = ipv6Of(found[1]!)
  const bits = found[1]!.includes(':') ? +found[2]! : +found[2]! + 96
  if (address === null || bits > 128) return null
  const mask = (1n << BigInt(128 - bits)) - 1n
  const value = BigInt(`0x${address}`)
  const print = (n: bigint): string => n.toString(16).padStart(32, '0')
  return { first: print(value & ~mask), last: print(value | mask) }
}
