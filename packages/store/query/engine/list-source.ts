import type { Column } from '../rows.ts'
import type { BlockRef, BlockRows, Need, Plan, RowSource, TimeRange, Unreadable, ValueCounts } from './source.ts'

/** One row of a list source. `time` in microseconds since 1970. */
export interface ListRow {
  readonly time: number
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

/** What a list source does beside giving rows; for trying a query out against trouble. Plain data. */
export interface ListOptions {
  readonly blocks: readonly (readonly ListRow[])[]
  /** Blocks that read as unreadable, and blocks whose reading throws, by place. */
  readonly unreadable?: readonly number[]
  readonly throwing?: readonly number[]
  /** Columns that throw when they are read. */
  readonly broken?: readonly { readonly block: number; readonly field: string }[]
  /** Names of columns that are dictionaries. */
  readonly dictionaries?: readonly string[]
}

/** What was asked of a list source. */
export interface ListLog {
  readonly read: number[]
  readonly columns: Set<string>
}

/** A source over rows in memory, block by block: for tests, and for rows that are at hand. */
export class ListSource implements RowSource {
  readonly log: ListLog = { read: [], columns: new Set() }
  private readonly options: ListOptions

  constructor(options: ListOptions) {
    this.options = options
  }

  plan({ since, until }: TimeRange): Plan {
    const blocks: BlockRef[] = []
    for (const [id, rows] of this.options.blocks.entries()) {
      if (rows.length === 0) continue
      let minTime = Infinity
      let maxTime = -Infinity
      for (const { time } of rows) {
        minTime = Math.min(minTime, time)
        maxTime = Math.max(maxTime, time)
      }
      if (maxTime < since || minTime >= until) continue
      blocks.push({ id, minTime, maxTime, count: rows.length, bytes: rows.length * 100 })
    }
    return { blocks }
  }

  async read(ref: BlockRef, need: Need): Promise<BlockRows | Unreadable> {
    const place = ref.id as number
    this.log.read.push(place)
    if (this.options.throwing?.includes(place)) throw new Error(`block ${place} broke`)
    if (this.options.unreadable?.includes(place)) {
      return { unreadable: true, reason: `block ${place} is damaged`, count: ref.count, minTime: ref.minTime, maxTime: ref.maxTime }
    }
    return this.rows(place, need)
  }

  async valueCounts(ref: BlockRef, field: string): Promise<ValueCounts | null> {
    const place = ref.id as number
    if (!this.options.dictionaries?.includes(field) || this.options.unreadable?.includes(place) || this.options.throwing?.includes(place))
      return null
    const counts = new Map<string, number>()
    for (const { fields } of this.options.blocks[place]!) {
      const value = fields[field] ?? ''
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return { values: [...counts.keys()], counts: [...counts.values()] }
  }

  private rows(place: number, need: Need): BlockRows {
    const list = this.options.blocks[place]!
    const broken = new Set(this.options.broken?.filter(({ block }) => block === place).map(({ field }) => field))
    const columns = new Map<string, Column>()
    const names = new Set(list.flatMap(({ fields }) => Object.keys(fields)))
    for (const name of names) if (need.fields === null || need.fields.has(name)) columns.set(name, this.column(list, name))
    return {
      count: list.length,
      time: Float64Array.from(list, ({ time }) => time),
      column: (name) => {
        this.log.columns.add(name)
        if (broken.has(name)) throw new Error(`column ${name} of block ${place} is damaged`)
        return columns.get(name) ?? null
      },
      names: () => columns.keys(),
      id: (i) => list[i]!.id,
    }
  }

  private column(list: readonly ListRow[], name: string): Column {
    const text = (i: number): string => list[i]!.fields[name] ?? ''
    if (!this.options.dictionaries?.includes(name)) return { text }
    const values = [...new Set(list.map((_, i) => text(i)))]
    return { text, dictionary: { values, ids: Uint32Array.from(list, (_, i) => values.indexOf(text(i))) } }
  }
}

/** For threads: `options` are those of the class. */
export async function openSource(options: unknown): Promise<RowSource> {
  return new ListSource(options as ListOptions)
}
