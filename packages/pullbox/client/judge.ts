import type { FilterNode, Rows } from '@pullbox/store/query'
import { compileFilter, Selection } from '@pullbox/store/query'

/** What is known of a record: fields with their values. */
export type Facts = Readonly<Record<string, string>>

/** Whether a filter holds: true or false where what is known decides it, null where it depends on other fields. */
export type Judge = (facts: Facts) => boolean | null

const UNKNOWN: Judge = () => null

/** A filter as a question about records of which only some fields are known. */
export function judgeOf(node: FilterNode): Judge {
  if (node.op === 'all') return () => true
  if (node.op === 'not') {
    const inner = judgeOf(node.filter)
    return (facts) => {
      const answer = inner(facts)
      return answer === null ? null : !answer
    }
  }
  if (node.op === 'and' || node.op === 'or') {
    const decides = node.op === 'or'
    const parts = node.filters.map(judgeOf)
    return (facts) => {
      let known = true
      for (const part of parts) {
        const answer = part(facts)
        if (answer === decides) return decides
        if (answer === null) known = false
      }
      return known ? !decides : null
    }
  }
  // Comparisons with other fields, types of values and subqueries are not decided here.
  if (!('field' in node) || 'other' in node || node.op === 'value_type' || ('set' in node && node.set.kind === 'query')) return UNKNOWN
  let matcher: ReturnType<typeof compileFilter>
  try {
    matcher = compileFilter(node)
  } catch {
    // The query itself says what is wrong with it.
    return UNKNOWN
  }
  return (facts) => {
    if (!Object.hasOwn(facts, node.field)) return null
    const selected = Selection.all(1)
    matcher.apply(oneRow(facts), selected)
    return selected.count() === 1
  }
}

function oneRow(facts: Facts): Rows {
  return {
    count: 1,
    time: Float64Array.of(0),
    column: (name) => (Object.hasOwn(facts, name) ? { text: () => facts[name]! } : null),
    names: () => Object.keys(facts),
  }
}
