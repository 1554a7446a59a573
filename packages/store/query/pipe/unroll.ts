import type { Lexer, ParseContext, PipeNode, FilterNode } from '../language/index.ts'
import type { Column } from '../rows.ts'
import { compileCondition, filterFields, rowTest } from './condition.ts'
import { parseConditional } from './derive.ts'
import { parseOpenFields, union } from './fields.ts'
import { jsonList, jsonText } from './json.ts'
import type { Pipe } from './pipe.ts'
import type { LocalStage } from './stage.ts'
import { everyRow, overlay, type Batch, type View } from './view.ts'

export interface UnrollNode extends PipeNode {
  readonly op: 'unroll'
  readonly fields: readonly string[]
  readonly condition: FilterNode | null
}

function parse(lexer: Lexer, context: ParseContext): UnrollNode {
  return parseConditional(lexer, context, () => {
    lexer.accept('by')
    return { op: 'unroll' as const, fields: parseOpenFields(lexer) }
  })
}

/** The rows `from[k]` of a view, some of them more than once. */
function repeated(view: View, from: Uint32Array): View {
  const columns = new Map<string, Column | null>()
  const copy = (name: string): Column | null => {
    const column = view.column(name)
    if (column === null) return null
    const { dictionary } = column
    if (dictionary === undefined) return { text: (k) => column.text(from[k]!) }
    return {
      text: (k) => column.text(from[k]!),
      dictionary: { values: dictionary.values, ids: Uint32Array.from(from, (i) => dictionary.ids[i]!) },
    }
  }
  return {
    count: from.length,
    time: Float64Array.from(from, (i) => view.time[i]!),
    timeIsField: view.timeIsField,
    column: (name) => {
      if (!columns.has(name)) columns.set(name, copy(name))
      return columns.get(name)!
    },
    names: () => view.names(),
    id: (k) => view.id(from[k]!),
  }
}

function create({ fields, condition }: UnrollNode): LocalStage {
  const compiled = condition === null ? null : compileCondition(condition)
  return {
    kind: 'local',
    transform: ({ view, picked }: Batch) => {
      const matches = compiled === null ? () => true : rowTest(compiled, view, picked)
      const columns = fields.map((name) => view.column(name))
      const from: number[] = []
      // one list of values per field; null = the value stays
      const values: (string | null)[][] = fields.map(() => [])
      for (const i of picked) {
        if (!matches(i)) {
          from.push(i)
          for (const list of values) list.push(null)
          continue
        }
        const lists = columns.map((column) => jsonList(column?.text(i) ?? '') ?? [])
        const rows = Math.max(1, ...lists.map((list) => list.length))
        for (let r = 0; r < rows; r++) {
          from.push(i)
          for (let f = 0; f < fields.length; f++) values[f]!.push(r < lists[f]!.length ? jsonText(lists[f]![r]) : '')
        }
      }
      const copy = repeated(view, Uint32Array.from(from))
      const changed = fields.map((name, f): [string, Column] => {
        const old = copy.column(name)
        return [name, { text: (k) => values[f]![k] ?? old?.text(k) ?? '' }]
      })
      return { view: overlay(copy, new Map(changed)), picked: everyRow(from.length) }
    },
  }
}

/** `unroll if (filter) by (a, b)`: one row for each item of the JSON lists in these fields. */
export const unroll: Pipe<UnrollNode> = {
  names: ['unroll'],
  kind: 'local',
  parse,
  needs: ({ fields, condition }, later) => union(union(later, new Set(fields)), condition === null ? new Set() : filterFields(condition)),
  create,
}
