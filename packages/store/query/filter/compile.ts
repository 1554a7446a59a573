import { CodedError } from '@pullbox/log/errors'
import { anyCaseTest } from './any-case.ts'
import { commonCases } from './common-case.ts'
import { containsAllTest, containsAnyTest } from './contains.ts'
import { exactPrefixTest } from './exact-prefix.ts'
import { exactTest } from './exact.ts'
import { inTest } from './in.ts'
import { ipPrefixTest } from './ip-prefix.ts'
import { ipv4RangeTest, ipv6RangeTest } from './ip-range.ts'
import { lenRangeTest } from './len-range.ts'
import { ALL, AndMatcher, NotMatcher, OrMatcher } from './logic.ts'
import { FieldMatcher } from './matcher.ts'
import { phraseTest } from './phrase.ts'
import { prefixTest } from './prefix.ts'
import { rangeTest } from './range.ts'
import { regexpTest } from './regexp.ts'
import { sequenceTest } from './sequence.ts'
import { severityTest } from './severity.ts'
import { streamMatcher } from './stream.ts'
import { stringRangeTest } from './string-range.ts'
import { substringTest } from './substring.ts'
import { dayRangeMatcher, timeMatcher, weekRangeMatcher } from './time.ts'
import { TwoFieldsMatcher } from './two-fields.ts'

import type { FilterNode, ValueSet } from '../language/index.ts'
import type { FilterContext, Matcher, ValueTest } from './matcher.ts'

/**
 * Makes a filter ready to run over blocks of rows. Parts of an `and` are put in the order of their cost; the rows found do not depend on it.
 * Throws QUERY_NOT_BUILT for subqueries that `context` does not resolve and for `value_type`, QUERY_TOO_MANY_CASES, QUERY_SYNTAX for a bad regexp.
 */
export function compileFilter(node: FilterNode, context: FilterContext = {}): Matcher {
  switch (node.op) {
    case 'all':
      return ALL
    case 'and':
      return new AndMatcher([...node.filters].sort((a, b) => cost(a) - cost(b)).map((part) => compileFilter(part, context)))
    case 'or':
      return new OrMatcher(node.filters.map((part) => compileFilter(part, context)))
    case 'not':
      return new NotMatcher(compileFilter(node.filter, context))
    case 'time':
      return timeMatcher(node.since, node.until)
    case 'day_range':
      return dayRangeMatcher(node.start, node.end, node.offset)
    case 'week_range':
      return weekRangeMatcher(node.start, node.end, node.offset)
    case 'eq_field':
    case 'le_field':
    case 'lt_field':
      return new TwoFieldsMatcher(node.op, node.field, node.other)
    case 'stream':
      return streamMatcher(node.groups)
    case 'stream_id':
      return new FieldMatcher('_stream_id', inTest(valuesOf(node.set, context)))
    case 'in':
    case 'contains_all':
    case 'contains_any':
      return node.set.kind === 'any' ? ALL : new FieldMatcher(node.field, setTest(node.op, valuesOf(node.set, context)))
    default:
      return new FieldMatcher(node.field, valueTest(node))
  }
}

type ValueNode = Exclude<
  FilterNode,
  {
    op:
      | 'all'
      | 'and'
      | 'or'
      | 'not'
      | 'time'
      | 'day_range'
      | 'week_range'
      | 'eq_field'
      | 'le_field'
      | 'lt_field'
      | 'stream'
      | 'stream_id'
      | 'in'
      | 'contains_all'
      | 'contains_any'
  }
>

function valueTest(node: ValueNode): ValueTest {
  switch (node.op) {
    case 'phrase':
      return phraseTest(node.phrase)
    case 'prefix':
      return prefixTest(node.prefix)
    case 'any_case_phrase':
      return anyCaseTest(node.phrase, true)
    case 'any_case_prefix':
      return anyCaseTest(node.prefix, false)
    case 'exact':
      return exactTest(node.value)
    case 'exact_prefix':
      return exactPrefixTest(node.prefix)
    case 'substring':
      return substringTest(node.part)
    case 'equals_common_case':
      return inTest(commonCases(node.values))
    case 'contains_common_case':
      return containsAnyTest(commonCases(node.values))
    case 'regexp':
      return regexpTest(node.pattern)
    case 'sequence':
      return sequenceTest(node.phrases)
    case 'range':
      return rangeTest(node.min, node.max)
    case 'string_range':
      return stringRangeTest(node.min, node.max)
    case 'len_range':
      return lenRangeTest(node.min, node.max)
    case 'ipv4_range':
      return ipv4RangeTest(node.min, node.max)
    case 'ipv6_range':
      return ipv6RangeTest(node.min, node.max)
    case 'ip_prefix':
      return ipPrefixTest(node.prefix)
    case 'severity_range':
      return severityTest(node.min, node.max)
    case 'value_type':
      throw new CodedError('QUERY_NOT_BUILT', 'the filter value_type() is not built', {
        hint: 'how a value is stored is not part of what can be asked',
      })
  }
}

function setTest(op: 'in' | 'contains_all' | 'contains_any', values: readonly string[]): ValueTest {
  if (op === 'in') return inTest(values)
  return op === 'contains_all' ? containsAllTest(values) : containsAnyTest(values)
}

function valuesOf(set: ValueSet, context: FilterContext): readonly string[] {
  if (set.kind === 'list') return set.values
  const found = set.kind === 'query' ? context.resolve?.(set.query) : undefined
  if (found !== undefined) return found
  throw new CodedError('QUERY_NOT_BUILT', 'a filter with a subquery cannot be run here', {
    hint: 'run the subquery first and list its values: in(a, b)',
  })
}

/** Rough order of cost: clock, small columns and equality, words, any case, regular expressions. */
function cost(node: FilterNode): number {
  switch (node.op) {
    case 'all':
    case 'time':
    case 'day_range':
    case 'week_range':
      return 0
    case 'stream':
    case 'stream_id':
    case 'exact':
    case 'exact_prefix':
    case 'in':
    case 'severity_range':
      return 1
    case 'any_case_phrase':
    case 'any_case_prefix':
    case 'eq_field':
    case 'le_field':
    case 'lt_field':
      return 4
    case 'regexp':
      return 5
    case 'not':
      return cost(node.filter)
    case 'and':
    case 'or':
      return 1 + Math.max(...node.filters.map((part) => cost(part)))
    default:
      return node.field === '_msg' ? 3 : 2
  }
}
