import { Selection } from './selection.ts'

import type { Rows } from '../rows.ts'
import type { Matcher } from './matcher.ts'

/** Every row. */
export const ALL: Matcher = { apply: () => undefined }

/** Rows that all of the filters match; each looks only at what the ones before left. */
export class AndMatcher implements Matcher {
  private readonly parts: readonly Matcher[]

  constructor(parts: readonly Matcher[]) {
    this.parts = parts
  }

  apply(rows: Rows, selected: Selection): void {
    for (const part of this.parts) {
      if (selected.isEmpty()) return
      part.apply(rows, selected)
    }
  }
}

/** Rows that one of the filters matches; each looks only at what the ones before did not find. */
export class OrMatcher implements Matcher {
  private readonly parts: readonly Matcher[]

  constructor(parts: readonly Matcher[]) {
    this.parts = parts
  }

  apply(rows: Rows, selected: Selection): void {
    const found = new Selection(selected.size)
    const open = selected.copy()
    for (const part of this.parts) {
      if (open.isEmpty()) break
      const some = open.copy()
      part.apply(rows, some)
      found.or(some)
      open.andNot(some)
    }
    selected.words.set(found.words)
  }
}

/** Rows that the filter does not match. */
export class NotMatcher implements Matcher {
  private readonly part: Matcher

  constructor(part: Matcher) {
    this.part = part
  }

  apply(rows: Rows, selected: Selection): void {
    const some = selected.copy()
    this.part.apply(rows, some)
    selected.andNot(some)
  }
}
