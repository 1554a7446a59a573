import { parseIfFilter, type FilterNode, type Lexer, type ParseContext, type PipeNode } from '../language/index.ts'
import type { Column } from '../rows.ts'
import { compileCondition, filterFields } from './condition.ts'
import { parsePlainField, union } from './fields.ts'
import type { Fields, LocalStage } from './stage.ts'
import { overlay, type Batch } from './view.ts'

/** What happens to a field that has a value already, or whose new value is empty. */
export interface Keep {
  /** `keep_original_fields`: values that are there stay. */
  readonly original: boolean
  /** `skip_empty_results`: an empty result changes nothing. */
  readonly filled: boolean
}

/** A pipe that reads one field of a row and sets others. */
export interface DeriveNode extends PipeNode {
  readonly condition: FilterNode | null
  readonly from: string
  readonly keep: Keep
}

export function parseKeep(lexer: Lexer): Keep {
  if (lexer.accept('keep_original_fields')) return { original: true, filled: false }
  return { original: false, filled: lexer.accept('skip_empty_results') }
}

/** `if (filter)` and then what `parse` reads. */
export function parseConditional<T extends object>(
  lexer: Lexer,
  context: ParseContext,
  parse: () => T,
): T & { condition: FilterNode | null } {
  const condition = parseIfFilter(lexer, context)
  return { ...parse(), condition }
}

/** `from field`; `from` may be left out where `bare` is true. `_msg` when nothing stands here. */
export function parseFrom(lexer: Lexer, bare = false, ...stops: string[]): string {
  if (lexer.accept('from')) return parsePlainField(lexer)
  const ends = lexer.end || lexer.is('|', ')', 'keep_original_fields', 'skip_empty_results', ...stops)
  return !bare || ends ? '_msg' : parsePlainField(lexer)
}

/** The reading of a row: calls `set` for each field that it gives. */
export type Derive = (text: string, set: (name: string, value: string) => void) => void

/** The stage that sets fields of the rows that match. Other rows stay as they are. */
export function deriveStage({ condition, from, keep }: DeriveNode, derive: Derive): LocalStage {
  const matches = condition === null ? null : compileCondition(condition)
  return {
    kind: 'local',
    transform: (batch: Batch) => {
      const { view, picked } = batch
      const setter = new FieldSetter(batch, keep)
      const column = view.column(from)
      const rows = matches === null ? picked : matches(batch)
      for (let k = 0; k < rows.length; k++) {
        const i = rows[k]!
        derive(column?.text(i) ?? '', (name, value) => setter.set(i, name, value))
      }
      return { view: setter.view(), picked }
    },
  }
}

export function deriveNeeds({ condition, from }: DeriveNode, later: Fields): Fields {
  const read = union(later, new Set([from]))
  return condition === null ? read : union(read, filterFields(condition))
}

/** New values of single rows, to be laid over a view. */
export class FieldSetter {
  private readonly batch: Batch
  private readonly keep: Keep
  private readonly changed = new Map<string, { old: Column | null; values: Map<number, string> }>()

  constructor(batch: Batch, keep: Keep) {
    this.batch = batch
    this.keep = keep
  }

  set(row: number, name: string, value: string): void {
    let field = this.changed.get(name)
    if (field === undefined) {
      field = { old: this.batch.view.column(name), values: new Map() }
      this.changed.set(name, field)
    }
    if (this.keep.filled && value === '') return
    if (this.keep.original && (field.old?.text(row) ?? '') !== '') return
    field.values.set(row, value)
  }

  view(): Batch['view'] {
    const columns = new Map<string, Column | null>()
    for (const [name, { old, values }] of this.changed) {
      if (values.size > 0) columns.set(name, { text: (i) => values.get(i) ?? old?.text(i) ?? '' })
    }
    return columns.size === 0 ? this.batch.view : overlay(this.batch.view, columns)
  }
}
