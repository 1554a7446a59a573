import {
  chunkBytes,
  CursorHeap,
  memoryLimit,
  openCursor,
  PieceBuilder,
  pieceBytes,
  RunWriter,
  timeOrder,
  type Budget,
  type Chunk,
  type Cursor,
  type Run,
  type RowOrder,
  type Spill,
  type TimeKeys,
} from '../pipe/index.ts'
import type { BlockRef } from './source.ts'

/** A sequence that is being merged, and what it costs. */
interface Part {
  readonly cursor: Cursor<TimeKeys>
  readonly bytes: number
  readonly spilled: boolean
}

/**
 * Puts the rows of blocks into the order of time while the blocks are still being read. Blocks are read in the order of `sequence`;
 * rows before the watermark (the least time of the blocks not read yet; the greatest one for newest first) come out. Rows that have
 * to wait stay within half of the budget; what does not fit goes to temporary files.
 */
export class OrderedMerge {
  /** Indexes of the blocks in the order in which they should be read. */
  readonly sequence: readonly number[]
  private readonly blocks: readonly BlockRef[]
  private readonly newest: boolean
  private readonly order: RowOrder<TimeKeys>
  private readonly budget: Budget
  private readonly spill: Spill | null
  private readonly unread: Uint8Array
  /** Place in `sequence` of the first block not read yet. */
  private next = 0
  private parts: Part[] = []
  private heap: CursorHeap<TimeKeys>
  private runs = 0

  constructor(blocks: readonly BlockRef[], newest: boolean, budget: Budget, spill: Spill | null) {
    this.blocks = blocks
    this.newest = newest
    this.order = timeOrder(newest)
    this.budget = budget
    this.spill = spill
    this.unread = new Uint8Array(blocks.length).fill(1)
    this.heap = new CursorHeap(this.order, [])
    const edge = newest ? (i: number) => -blocks[i]!.maxTime : (i: number) => blocks[i]!.minTime
    this.sequence = blocks.map((_, i) => i).sort((a, b) => edge(a) - edge(b) || (newest ? b - a : a - b))
  }

  /** How many runs were written to files. */
  get spilled(): number {
    return this.runs
  }

  /** Takes the rows of a block, in order of time among themselves; null = it has none to show. */
  async add(index: number, chunk: Chunk | null): Promise<void> {
    this.unread[index] = 0
    while (this.next < this.sequence.length && this.unread[this.sequence[this.next]!] === 0) this.next++
    if (chunk === null || chunk.count === 0) return
    const bytes = chunkBytes(chunk)
    this.budget.used += bytes
    const cursor: Cursor<TimeKeys> = { chunk, keys: this.order.keys(chunk), row: 0, place: index, next: async () => null }
    this.parts.push({ cursor, bytes, spilled: false })
    this.heap.push(cursor)
  }

  /** Chunks of rows that no unread block can come before. After the last block it gives all that is left. */
  async *ready(): AsyncGenerator<Chunk> {
    const builder = new PieceBuilder(pieceBytes(this.budget.limit))
    for (let top = this.heap.top(); top !== null && this.passes(top, top.row); top = this.heap.top()) {
      if (this.passesWhole(top)) {
        if (builder.rows > 0) yield builder.take()
        const { chunk } = top
        top.row = chunk.count - 1
        if (!(await this.heap.advance())) this.release(top)
        yield chunk
        continue
      }
      builder.add(top.chunk, top.row)
      const moved = this.heap.advance()
      if (!(typeof moved === 'boolean' ? moved : await moved)) this.release(top)
      if (builder.full) yield builder.take()
    }
    if (builder.rows > 0) yield builder.take()
    if (this.budget.used > this.budget.limit / 2) await this.flush()
  }

  /** Nothing stands between the rows of this chunk, so that it need not be copied. */
  private passesWhole(top: Cursor<TimeKeys>): boolean {
    const end = top.chunk.count - 1
    if (top.row !== 0 || end < 16 || !this.passes(top, end)) return false
    const second = this.heap.second()
    return second === null || this.order.compare(top.keys, end, second.keys, second.row) < 0
  }

  private passes({ chunk }: Cursor<TimeKeys>, row: number): boolean {
    const block = this.blocks[this.sequence[this.next] ?? -1]
    if (block === undefined) return true
    const time = chunk.time[row]!
    return this.newest ? time > block.maxTime : time < block.minTime
  }

  private release(cursor: Cursor<TimeKeys>): void {
    const at = this.parts.findIndex((part) => part.cursor === cursor)
    if (at < 0) return
    this.budget.used -= this.parts[at]!.bytes
    this.parts.splice(at, 1)
  }

  /** Writes what waits in memory as one run, and merges runs when too many are open. */
  private async flush(): Promise<void> {
    const waiting = this.parts.filter((part) => !part.spilled)
    if (waiting.length > 0) await this.merge(waiting)
    const open = this.parts.filter((part) => part.spilled)
    const bytes = open.reduce((sum, part) => sum + part.bytes, 0)
    if (open.length > 2 && bytes > this.budget.limit / 4) await this.merge(open)
  }

  private async merge(parts: readonly Part[]): Promise<void> {
    if (this.spill === null) {
      throw memoryLimit(
        this.budget.limit,
        'putting rows into the order of time',
        'narrow the filter or the range, or give the query more memory or a directory to spill to',
      )
    }
    const file = await this.spill.create()
    const writer = new RunWriter(file)
    const heap = new CursorHeap(
      this.order,
      parts.map((part) => part.cursor),
    )
    const builder = new PieceBuilder(pieceBytes(this.budget.limit))
    for (let top = heap.top(); top !== null; top = heap.top()) {
      builder.add(top.chunk, top.row)
      const moved = heap.advance()
      if (typeof moved !== 'boolean') await moved
      if (builder.full) await writer.add(builder.take())
    }
    if (builder.rows > 0) await writer.add(builder.take())
    const gone = new Set(parts)
    for (const part of parts) this.budget.used -= part.bytes
    this.parts = this.parts.filter((part) => !gone.has(part))
    await this.open(writer.done(), async () => file.remove())
    this.heap = new CursorHeap(
      this.order,
      this.parts.map((part) => part.cursor),
    )
  }

  private async open(run: Run, remove: () => Promise<void>): Promise<void> {
    const cursor = await openCursor(run, -++this.runs, this.order)
    if (cursor === null) return remove()
    const { next } = cursor
    cursor.next = async () => {
      const chunk = await next()
      if (chunk === null) await remove()
      return chunk
    }
    const bytes = run.greatest * 2
    this.budget.used += bytes
    this.parts.push({ cursor, bytes, spilled: true })
  }

  /** Forgets what waits. Files are removed by the spill's own `close`. */
  close(): void {
    for (const part of this.parts) this.budget.used -= part.bytes
    this.parts = []
    this.heap = new CursorHeap(this.order, [])
  }
}
