import type { PlainRow } from '../../search/index.ts'
import type { Sink } from '../context.ts'
import { writeTable } from '../output/table.ts'

const CHUNK = 1000
const NUMBER = /^-?\d+(?:\.\d+)?$/

/**
 * Prints the rows that pipes made, as tables: rows are gathered by the thousand, and titles are printed again only when there are new
 * columns, so that any number of rows takes little memory.
 */
export class RowTable {
  private readonly sink: Sink
  private readonly reverse: boolean
  private columns: readonly string[]
  private printed = 0
  private rows: PlainRow[] = []

  /** `columns`: those that come first, in this order, where they are known before. */
  constructor(sink: Sink, reverse: boolean, columns: readonly string[] = []) {
    this.sink = sink
    this.reverse = reverse
    this.columns = columns
  }

  async row(row: PlainRow): Promise<void> {
    this.rows.push(row)
    if (this.rows.length >= CHUNK) await this.flush()
  }

  async flush(): Promise<void> {
    const { rows } = this
    if (rows.length === 0) return
    this.rows = []
    const known = new Set(this.columns)
    // A row leaves out what is empty; the fullest one has the order of the pipes.
    const fullest = rows.reduce((most, row) => (Object.keys(row).length > Object.keys(most).length ? row : most))
    for (const row of [fullest, ...rows]) for (const name of Object.keys(row)) if (name !== 'type' || row.type !== 'row') known.add(name)
    this.columns = [...known]
    const titles = this.columns.length !== this.printed
    this.printed = this.columns.length
    const columns = this.columns.map((title) => ({
      title,
      right: rows.every((row) => row[title] === undefined || NUMBER.test(row[title])),
      cuts: true,
    }))
    const cells = rows.map((row) => this.columns.map((name) => row[name] ?? null))
    await writeTable(this.sink, columns, cells, this.reverse, titles)
  }
}
