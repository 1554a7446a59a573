import { commonCases } from './common-case.ts'

import type { FilterNode } from '../language/index.ts'

/** A row as plain values, for judging it without columns. */
export interface PlainRow {
  readonly time: number
  readonly fields: ReadonlyMap<string, string>
}

/** The meaning of a filter for one row, written as plainly as can be: the compiled filters are compared with it. */
export function matchesRow(node: FilterNode, row: PlainRow): boolean {
  switch (node.op) {
    case 'all':
      return true
    case 'and':
      return node.filters.every((part) => matchesRow(part, row))
    case 'or':
      return node.filters.some((part) => matchesRow(part, row))
    case 'not':
      return !matchesRow(node.filter, row)
    case 'time':
      return row.time >= node.since && row.time < node.until
    case 'day_range': {
      const date = new Date((row.time - node.offset) / 1000)
      const inDay = ((date.getUTCHours() * 60 + date.getUTCMinutes()) * 60 + date.getUTCSeconds()) * 1e6 + date.getUTCMilliseconds() * 1000
      return inDay >= node.start && inDay < node.end
    }
    case 'week_range': {
      const day = new Date((row.time - node.offset) / 1000).getUTCDay()
      return day >= node.start && day <= node.end
    }
    case 'stream':
      return node.groups.length === 0 || node.groups.some((group) => group.every((tag) => matchesTag(tag, row.fields.get(tag.name) ?? '')))
    case 'stream_id':
      return node.set.kind === 'list' && node.set.values.includes(row.fields.get('_stream_id') ?? '')
    case 'eq_field':
      return (row.fields.get(node.field) ?? '') === (row.fields.get(node.other) ?? '')
    default:
      return matchesValue(node, row.fields.get(node.field) ?? '')
  }
}

type ValueNode = Exclude<
  FilterNode,
  { op: 'all' | 'and' | 'or' | 'not' | 'time' | 'day_range' | 'week_range' | 'stream' | 'stream_id' | 'eq_field' }
>
type Tag = Extract<FilterNode, { op: 'stream' }>['groups'][number][number]

function matchesTag(tag: Tag, value: string): boolean {
  const same =
    tag.values !== undefined
      ? tag.values.includes(value)
      : tag.op.endsWith('~')
        ? new RegExp(`^(?:${tag.value})$`, 'u').test(value)
        : value === tag.value
  return same === (tag.op[0] === '=')
}

function matchesValue(node: ValueNode, value: string): boolean {
  switch (node.op) {
    case 'phrase':
      return phraseEnd(value, node.phrase, 0, true) >= 0 && (node.phrase !== '' || value === '')
    case 'prefix':
      return node.prefix === '' ? value !== '' : phraseEnd(value, node.prefix, 0, false) >= 0
    case 'any_case_phrase':
      return matchesValue({ op: 'phrase', field: '', phrase: small(node.phrase) }, small(value))
    case 'any_case_prefix':
      return matchesValue({ op: 'prefix', field: '', prefix: small(node.prefix) }, small(value))
    case 'exact':
      return value === node.value
    case 'exact_prefix':
      return value.startsWith(node.prefix)
    case 'substring':
      return value.includes(node.part)
    case 'in':
      return node.set.kind === 'list' && node.set.values.includes(value)
    case 'contains_all':
      return node.set.kind === 'list' && node.set.values.every((phrase) => phraseEnd(value, phrase, 0, true) >= 0)
    case 'contains_any':
      return node.set.kind === 'list' && node.set.values.some((phrase) => phraseEnd(value, phrase, 0, true) >= 0)
    case 'contains_common_case':
      return commonCases(node.values).some((phrase) => phraseEnd(value, phrase, 0, true) >= 0)
    case 'equals_common_case':
      return commonCases(node.values).includes(value)
    case 'regexp':
      return jsRegexp(node.pattern).test(value)
    case 'sequence': {
      let at = 0
      for (const phrase of node.phrases) {
        at = phraseEnd(value, phrase, at, true)
        if (at < 0) return false
      }
      return true
    }
    default:
      return matchesBounds(node, value)
  }
}

function matchesBounds(node: ValueNode, value: string): boolean {
  switch (node.op) {
    case 'range': {
      const number = /^-?\d+(?:\.\d*)?$/u.test(value) ? Number(value) : (ipv4(value) ?? NaN)
      return number >= node.min && number <= node.max
    }
    case 'string_range':
      return byCodePoint(value, node.min) >= 0 && (node.max === null || byCodePoint(value, node.max) < 0)
    case 'len_range':
      return [...value].length >= node.min && [...value].length <= node.max
    case 'ipv4_range': {
      const address = ipv4(value)
      return address !== null && address >= node.min && address <= node.max
    }
    case 'ip_prefix': {
      const address = ipv4(value)
      const [base, bits] = node.prefix.split('/') as [string, string]
      if (address === null) return matchesValue({ op: 'phrase', field: '', phrase: node.prefix }, value)
      return Math.floor(address / 2 ** (32 - +bits)) === Math.floor(ipv4(base)! / 2 ** (32 - +bits))
    }
    case 'severity_range': {
      const rank = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'].indexOf(value)
      return rank >= node.min && rank <= node.max
    }
    default:
      throw new TypeError(`no plain meaning for ${node.op}`)
  }
}

/** Letter by letter; letters that have no single small letter of their own script stay. */
function small(text: string): string {
  return [...text].map((char) => ('\u0130\u212a'.includes(char) ? char : char === 'Σ' || char === 'ς' ? 'σ' : char.toLowerCase())).join('')
}

/** `(?i)` at the start is the one flag that the tests use. */
function jsRegexp(pattern: string): RegExp {
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'iu') : new RegExp(pattern, 'u')
}

/** Where the first occurrence of a phrase at the borders of words ends, in UTF-16 units; the empty phrase stands everywhere. */
function phraseEnd(value: string, phrase: string, from: number, tail: boolean): number {
  if (phrase === '') return from
  const isWord = (char: string | undefined): boolean => char !== undefined && /^[\p{L}\p{Nd}_]$/u.test(char)
  for (let at = from; at <= value.length - phrase.length; at++) {
    if (!value.startsWith(phrase, at)) continue
    const before = Array.from(value.slice(0, at)).at(-1)
    const after = Array.from(value.slice(at + phrase.length))[0]
    if (isWord([...phrase][0]) && isWord(before)) continue
    if (tail && isWord([...phrase].at(-1)) && isWord(after)) continue
    return at + phrase.length
  }
  return -1
}

function ipv4(text: string): number | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/u.test(part) && Number(part) < 256)) return null
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

function byCodePoint(a: string, b: string): number {
  const x = [...a]
  const y = [...b]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!
  }
  return x.length - y.length
}
