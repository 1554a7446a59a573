import { exactTest } from './exact.ts'
import { inTest } from './in.ts'
import { AndMatcher, NotMatcher, OrMatcher } from './logic.ts'
import { FieldMatcher } from './matcher.ts'
import { regexpTest } from './regexp.ts'

import type { StreamTag } from '../language/index.ts'
import type { Matcher } from './matcher.ts'

/** `{a="b",c=~"d" or e!="f"}`: conditions on fields; a regular expression is matched against the whole value. No condition at all: every row. */
export function streamMatcher(groups: readonly (readonly StreamTag[])[]): Matcher {
  if (groups.length === 0) return new AndMatcher([])
  const all = groups.map((group) => new AndMatcher(group.map((tag) => tagMatcher(tag))))
  return all.length === 1 ? all[0]! : new OrMatcher(all)
}

function tagMatcher(tag: StreamTag): Matcher {
  const test =
    tag.values !== undefined ? inTest(tag.values) : tag.op === '=~' || tag.op === '!~' ? regexpTest(tag.value, true) : exactTest(tag.value)
  const matcher = new FieldMatcher(tag.name, test)
  return tag.op[0] === '!' ? new NotMatcher(matcher) : matcher
}
