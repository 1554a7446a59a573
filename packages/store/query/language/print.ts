import { isReserved } from './keywords.ts'
import { quote } from './lexer.ts'
import { printDuration } from './numbers.ts'
import { printValue } from './operators.ts'

import type { FilterNode, Query, QueryOptions, StreamTag, ValueSet } from './ast.ts'

/**
 * Text of a query that reads back to the same tree, with the same `now`, zone and pipes. Filters are printed in one canonical way, pipes as written.
 */
export function printQuery(query: Query): string {
  const options = printOptions(query.options)
  const filter = printFilter(query.filter)
  return [options === '' ? filter : `${options} ${filter}`, ...query.pipeTexts].join(' | ')
}

function printOptions(options: QueryOptions): string {
  const parts: string[] = []
  if (options.concurrency !== undefined) parts.push(`concurrency=${options.concurrency}`)
  if (options.parallelReaders !== undefined) parts.push(`parallel_readers=${options.parallelReaders}`)
  if (options.ignoreGlobalTimeFilter !== undefined) parts.push(`ignore_global_time_filter=${options.ignoreGlobalTimeFilter}`)
  if (options.allowPartialResponse !== undefined) parts.push(`allow_partial_response=${options.allowPartialResponse}`)
  if (options.timeOffset !== undefined) parts.push(`time_offset=${printDuration(options.timeOffset * 1000)}`)
  return parts.length === 0 ? '' : `options(${parts.join(', ')})`
}

/** Text of a filter that reads back to the same tree. */
export function printFilter(node: FilterNode): string {
  switch (node.op) {
    case 'all':
      return '*'
    case 'or':
      return node.filters.map((part) => (part.op === 'or' ? `(${printFilter(part)})` : printFilter(part))).join(' or ')
    case 'and':
      return node.filters.map((part) => (part.op === 'or' || part.op === 'and' ? `(${printFilter(part)})` : printFilter(part))).join(' ')
    case 'not':
      return node.filter.op === 'or' || node.filter.op === 'and' ? `!(${printFilter(node.filter)})` : `!${printFilter(node.filter)}`
    case 'time':
    case 'day_range':
    case 'week_range':
      return `_time:${node.text}`
    case 'stream':
      return `{${node.groups.map((group) => group.map((tag) => printTag(tag)).join(',')).join(' or ')}}`
    case 'stream_id':
      return `_stream_id:in${printSet(node.set)}`
    default: {
      const text = printOnField(node)
      return node.field === '_msg' ? text : `${printName(node.field)}:${text}`
    }
  }
}

type FieldNode = Extract<FilterNode, { readonly field: string }>

function printOnField(node: FieldNode): string {
  switch (node.op) {
    case 'phrase':
      return printWord(node.phrase)
    case 'prefix':
      return node.prefix === '' ? (node.field === '_msg' ? '_msg:*' : '*') : `${printWord(node.prefix)}*`
    case 'any_case_phrase':
      return `i(${printValue(node.phrase)})`
    case 'any_case_prefix':
      return node.prefix === '' ? 'i(*)' : `i(${printValue(node.prefix)}*)`
    case 'exact':
      return `=${printValue(node.value)}`
    case 'exact_prefix':
      return `=${printValue(node.prefix)}*`
    case 'substring':
      return `*${printValue(node.part)}*`
    case 'in':
    case 'contains_all':
    case 'contains_any':
      return node.op + printSet(node.set)
    case 'equals_common_case':
    case 'contains_common_case':
      return `${node.op}(${printList(node.values)})`
    case 'sequence':
      return `seq(${printList(node.phrases)})`
    case 'regexp':
      return `~${quote(node.pattern)}`
    case 'range':
    case 'string_range':
    case 'len_range':
    case 'severity_range':
      return node.text
    case 'ipv4_range':
      return `ipv4_range(${printIpv4(node.min)}, ${printIpv4(node.max)})`
    case 'ipv6_range':
      return `ipv6_range(${quote(printIpv6(node.min))}, ${quote(printIpv6(node.max))})`
    case 'ip_prefix':
      return node.prefix
    case 'eq_field':
    case 'le_field':
    case 'lt_field':
      return `${node.op}(${printName(node.other)})`
    case 'value_type':
      return `value_type(${printValue(node.type)})`
  }
}

/** A word where a filter may begin: in quotes when it could be read as something else. */
function printWord(word: string): string {
  return isReserved(word) ? quote(word) : printValue(word)
}

function printName(name: string): string {
  return printWord(name)
}

function printList(values: readonly string[]): string {
  return values.map((value) => printValue(value)).join(', ')
}

function printSet(set: ValueSet): string {
  if (set.kind === 'any') return '(*)'
  return set.kind === 'list' ? `(${printList(set.values)})` : `(${printQuery(set.query)})`
}

function printTag(tag: StreamTag): string {
  if (tag.values !== undefined) return `${printWord(tag.name)} ${tag.op === '=' ? 'in' : 'not_in'} (${printList(tag.values)})`
  return `${printWord(tag.name)}${tag.op}${quote(tag.value)}`
}

function printIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

function printIpv6(hex: string): string {
  return hex.match(/.{4}/gu)!.join(':')
}
