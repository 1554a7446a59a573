import { compareNatural } from '../language/index.ts'
import { columnOf } from './matcher.ts'

import type { Rows } from '../rows.ts'
import type { Matcher } from './matcher.ts'
import type { Selection } from './selection.ts'

/** `eq_field`, `le_field`, `lt_field`: two fields of a row compared, as text or in natural order (`compareNatural`). A missing value is the empty text. */
export class TwoFieldsMatcher implements Matcher {
  private readonly op: 'eq_field' | 'le_field' | 'lt_field'
  private readonly field: string
  private readonly other: string

  constructor(op: 'eq_field' | 'le_field' | 'lt_field', field: string, other: string) {
    this.op = op
    this.field = field
    this.other = other
  }

  apply(rows: Rows, selected: Selection): void {
    const a = columnOf(rows, this.field)
    const b = columnOf(rows, this.other)
    selected.filter((i) => {
      const x = a?.text(i) ?? ''
      const y = b?.text(i) ?? ''
      if (this.op === 'eq_field') return x === y
      const order = compareNatural(x, y)
      return this.op === 'le_field' ? order <= 0 : order < 0
    })
  }
}
