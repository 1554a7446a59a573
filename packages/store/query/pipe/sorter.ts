import { chunkBytes, type Chunk } from './chunk.ts'
import { collect, type RowList } from './concat.ts'
import type { RowOrder } from './order.ts'
import { CursorHeap, openCursor, PIECE_ROWS, PieceBuilder, pieceBytes, RunWriter, writeRun, type Cursor, type Run } from './runs.ts'
import { memoryLimit, type Budget, type Spill, type SpillFile } from './stage.ts'

/** Less than this is not worth a run of its own. */
const LEAST_SPILL = 8 * 1024

/**
 * Sorts any number of rows within half of a budget; what does not fit goes to temporary files as sorted runs, which are merged at
 * the end (in several passes if there are many). With `keep` only so many rows of each partition are kept.
 */
export class Sorter<K> {
  private readonly order: RowOrder<K>
  private readonly budget: Budget
  private readonly spill: Spill | null
  private readonly keep: number
  private chunks: Chunk[] = []
  private held = 0
  private heldRows = 0
  /** Rows at which a cut to `keep` pays. */
  private cutAt: number
  /** The last of the rows that were kept at a cut, when later rows are of no use. */
  private worst: { readonly keys: K; readonly row: number } | null = null
  private readonly runs: Run[] = []
  private readonly files = new Set<SpillFile>()

  /** `keep`: Infinity = all rows. */
  constructor(order: RowOrder<K>, budget: Budget, spill: Spill | null, keep = Infinity) {
    this.order = order
    this.budget = budget
    this.spill = spill
    this.keep = keep
    this.cutAt = Math.max(512, keep * 2)
  }

  get bytes(): number {
    return this.held
  }

  /** How many runs lie in files now. */
  get spilled(): number {
    return this.runs.length
  }

  async add(chunk: Chunk): Promise<void> {
    if (chunk.count === 0) return
    this.chunks.push(chunk)
    this.heldRows += chunk.count
    this.count(chunkBytes(chunk) + chunk.count * 24)
    if (this.keep !== Infinity && this.heldRows > this.cutAt) this.cut()
    if (this.budget.used <= this.budget.limit / 2 || this.held < LEAST_SPILL) return
    if (this.keep !== Infinity) this.cut()
    if (this.budget.used > this.budget.limit / 2) await this.flush()
  }

  /**
   * Which rows of a chunk can be among those that are kept, ascending; the chunk needs to hold no more than what is compared. Saves
   * copying the other fields of all the others.
   */
  hopeful(chunk: Chunk): Uint32Array {
    const { keep, order, worst } = this
    const keys = order.keys(chunk)
    const rows = new Uint32Array(chunk.count)
    let many = 0
    for (let i = 0; i < chunk.count; i++) if (worst === null || order.compare(keys, i, worst.keys, worst.row) < 0) rows[many++] = i
    if (many <= keep) return rows.subarray(0, many)
    const sorted = rows.subarray(0, many).sort((i, j) => order.compare(keys, i, keys, j) || i - j)
    let out = 0
    let inPartition = 0
    let before = -1
    for (const i of sorted) {
      if (before >= 0 && !order.together(keys, before, keys, i)) inPartition = 0
      before = i
      if (++inPartition <= keep) rows[out++] = i
    }
    return rows.subarray(0, out).sort()
  }

  private count(bytes: number): void {
    this.held += bytes
    this.budget.used += bytes
  }

  /** All rows in memory, in order and cut to `keep`; memory is empty afterwards. */
  takeSorted(): Chunk[] {
    const list = this.sorted()
    const out: Chunk[] = []
    for (let start = 0; start < list.rows.length; start += PIECE_ROWS * 16)
      out.push(collect(list, start, Math.min(start + PIECE_ROWS * 16, list.rows.length)))
    this.forget()
    return out
  }

  private forget(): void {
    this.chunks = []
    this.heldRows = 0
    this.count(-this.held)
  }

  private cut(): void {
    const kept = this.takeSorted()
    for (const chunk of kept) {
      this.chunks.push(chunk)
      this.heldRows += chunk.count
      this.count(chunkBytes(chunk) + chunk.count * 24)
    }
    this.cutAt = Math.max(this.cutAt, this.heldRows * 2)
    const last = kept.at(-1)
    if (!this.order.partitioned && last !== undefined && this.heldRows >= this.keep)
      this.worst = { keys: this.order.keys(last), row: last.count - 1 }
  }

  private sorted(): RowList {
    const { chunks, order } = this
    const keys = chunks.map((chunk) => order.keys(chunk))
    const starts: number[] = []
    let total = 0
    for (const chunk of chunks) {
      starts.push(total)
      total += chunk.count
    }
    const from = new Uint32Array(total)
    for (let c = 0; c < chunks.length; c++) from.fill(c, starts[c], starts[c]! + chunks[c]!.count)
    const places = new Uint32Array(total)
    for (let k = 0; k < total; k++) places[k] = k
    places.sort((x, y) => {
      const a = from[x]!
      const b = from[y]!
      return order.compare(keys[a]!, x - starts[a]!, keys[b]!, y - starts[b]!) || x - y
    })
    const sortedFrom = new Uint32Array(total)
    const rows = new Uint32Array(total)
    let out = 0
    let inPartition = 0
    for (let k = 0; k < total; k++) {
      const chunk = from[places[k]!]!
      const row = places[k]! - starts[chunk]!
      if (this.keep !== Infinity && k > 0) {
        const before = from[places[k - 1]!]!
        if (!order.together(keys[before]!, places[k - 1]! - starts[before]!, keys[chunk]!, row)) inPartition = 0
      }
      if (++inPartition > this.keep) continue
      sortedFrom[out] = chunk
      rows[out++] = row
    }
    return { chunks, from: sortedFrom.subarray(0, out), rows: rows.subarray(0, out) }
  }

  private async newFile(): Promise<SpillFile> {
    if (this.spill === null) {
      throw memoryLimit(
        this.budget.limit,
        'sorting',
        'add a limit, narrow the filter or the range, or give the query more memory or a directory to spill to',
      )
    }
    const file = await this.spill.create()
    this.files.add(file)
    return file
  }

  /** Writes what is in memory as one run. */
  private async flush(): Promise<void> {
    const file = await this.newFile()
    const run = await writeRun(file, this.sorted(), this.held, this.budget.limit)
    this.forget()
    this.runs.push(run)
  }

  /** All rows in order. Chunks are of at most PIECE_ROWS rows. Files are removed by `close`. */
  async *finish(): AsyncGenerator<Chunk> {
    if (this.runs.length === 0) {
      const list = this.sorted()
      for (let start = 0; start < list.rows.length; start += PIECE_ROWS)
        yield collect(list, start, Math.min(start + PIECE_ROWS, list.rows.length))
      this.forget()
      return
    }
    if (this.heldRows > 0) await this.flush()
    while (!this.fits(this.runs)) await this.mergeSome()
    yield* this.merge(this.runs)
  }

  private fits(runs: readonly Run[]): boolean {
    let bytes = 0
    for (const run of runs) bytes += run.greatest * 2
    return bytes <= this.budget.limit / 2 || runs.length <= 2
  }

  /** Merges as many of the first runs as fit into one. */
  private async mergeSome(): Promise<void> {
    let many = 2
    while (many < this.runs.length && this.fits(this.runs.slice(0, many + 1))) many++
    const merged = this.runs.splice(0, many)
    const file = await this.newFile()
    const writer = new RunWriter(file)
    for await (const piece of this.merge(merged)) await writer.add(piece)
    const left = new Set(merged.flatMap((run) => run.pieces.map((piece) => piece.file)))
    for (const old of left) {
      this.files.delete(old)
      await old.remove()
    }
    // in front: the order of equal rows is that of the runs
    this.runs.unshift(writer.done())
  }

  private async *merge(runs: readonly Run[]): AsyncGenerator<Chunk> {
    const open = runs.reduce((sum, run) => sum + run.greatest * 2, 0)
    this.count(open)
    try {
      yield* this.mergeOpen(runs)
    } finally {
      this.count(-open)
    }
  }

  private async *mergeOpen(runs: readonly Run[]): AsyncGenerator<Chunk> {
    const cursors: Cursor<K>[] = []
    for (const [place, run] of runs.entries()) {
      const cursor = await openCursor(run, place, this.order)
      if (cursor !== null) cursors.push(cursor)
    }
    const heap = new CursorHeap(this.order, cursors)
    const builder = new PieceBuilder(pieceBytes(this.budget.limit))
    let last: { keys: K; row: number } | null = null
    let inPartition = 0
    for (let top = heap.top(); top !== null; top = heap.top()) {
      if (this.keep !== Infinity && last !== null && !this.order.together(last.keys, last.row, top.keys, top.row)) inPartition = 0
      last = { keys: top.keys, row: top.row }
      if (++inPartition <= this.keep) builder.add(top.chunk, top.row)
      if (builder.full) yield builder.take()
      const moved = heap.advance()
      if (typeof moved !== 'boolean') await moved
    }
    if (builder.rows > 0) yield builder.take()
  }

  /** Forgets everything and removes the files. */
  async close(): Promise<void> {
    this.forget()
    this.runs.length = 0
    const files = [...this.files]
    this.files.clear()
    await Promise.allSettled(files.map((file) => file.remove()))
  }
}
