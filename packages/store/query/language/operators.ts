import { IpError, parsePrefix, tryParse } from '@pullbox/ip'
import { quote } from './lexer.ts'
import { comparable } from './numbers.ts'
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

/** An address as 32 hexadecimal digits, IPv4 as its mapped form; null when the text is none. */
export function addressHex(text: string): string | null {
  const address = text.length > 64 ? undefined : tryParse(text)
  return address === undefined ? null : Buffer.from(address.bytes).toString('hex')
}

/** First and last address of `address/length`, as 32 hexadecimal digits each; null when the text is no prefix. Bits beyond the length are ignored. */
export function ipPrefix(text: string): { first: string; last: string } | null {
  if (text.length > 64 || !/^[0-9a-fA-F:.]+\/\d{1,3}$/u.test(text)) return null
  let prefix
  try {
    prefix = parsePrefix(text, { mask: true })
  } catch (error) {
    if (error instanceof IpError) return null
    throw error
  }
  const bits = prefix.length + (prefix.family === 4 ? 96 : 0)
  const last = prefix.bytes.map((byte, i) => byte | (i < bits >> 3 ? 0 : i > bits >> 3 ? 255 : 255 >> (bits & 7)))
  return { first: Buffer.from(prefix.bytes).toString('hex'), last: Buffer.from(last).toString('hex') }
}
