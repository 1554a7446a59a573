import type { FilterNode } from '../language/index.ts'

/** Microseconds since 1970, `since` inclusive, `until` exclusive; infinite when open. Empty when `since >= until`. */
export interface TimeRange {
  readonly since: number
  readonly until: number
}

/** The tightest range that holds the times of all rows that a filter can match. */
export function timeRange(node: FilterNode): TimeRange {
  switch (node.op) {
    case 'time':
      return { since: node.since, until: node.until }
    case 'and':
      return node.filters
        .map((part) => timeRange(part))
        .reduce((a, b) => ({ since: Math.max(a.since, b.since), until: Math.min(a.until, b.until) }))
    case 'or':
      return node.filters
        .map((part) => timeRange(part))
        .filter((range) => range.since < range.until)
        .reduce((a, b) => ({ since: Math.min(a.since, b.since), until: Math.max(a.until, b.until) }), { since: Infinity, until: -Infinity })
    case 'not':
      return outside(node.filter)
    default:
      return { since: -Infinity, until: Infinity }
  }
}

/** A range that is open on one side has a range as its outside. */
function outside(node: FilterNode): TimeRange {
  if (node.op === 'time' && node.since === -Infinity) return { since: node.until, until: Infinity }
  if (node.op === 'time' && node.until === Infinity) return { since: -Infinity, until: node.since }
  return { since: -Infinity, until: Infinity }
}

/** Names of the fields whose values a filter reads. `_time` is not among them for filters of time, which read `Rows.time`. */
export function fieldsOf(node: FilterNode): Set<string> {
  const out = new Set<string>()
  collect(node, out)
  return out
}

function collect(node: FilterNode, out: Set<string>): void {
  switch (node.op) {
    case 'and':
    case 'or':
      for (const part of node.filters) collect(part, out)
      return
    case 'not':
      return collect(node.filter, out)
    case 'stream':
      for (const group of node.groups) for (const tag of group) out.add(tag.name)
      return
    case 'stream_id':
      out.add('_stream_id')
      return
    case 'all':
    case 'time':
    case 'day_range':
    case 'week_range':
      return
    case 'eq_field':
    case 'le_field':
    case 'lt_field':
      out.add(node.field)
      out.add(node.other)
      return
    default:
      out.add(node.field)
  }
}
