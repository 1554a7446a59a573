import { chunkBytes, type Chunk } from './chunk.ts'
import { decodeChunk, encodeChunk } from './codec.ts'
import { collect, type RowList } from './concat.ts'
import type { RowOrder } from './order.ts'
import { memoryLimit, type Budget, type Spill, type SpillFile } from './stage.ts'

/** Rows of one piece of output, at most. */
export const PIECE_ROWS = 1024
/** Pieces of runs are between these sizes in memory. */
const LEAST_PIECE = 8 * 1024
const GREATEST_PIECE = 256 * 1024

/** Sorted rows, piece after piece. */
interface Run {
  readonly pieces: readonly { readonly file: SpillFile; readonly offset: number; readonly length: number }[]
  /** Memory of its greatest piece. */
  readonly greatest: number
}

/** One row in hand of a sorted sequence of chunks. */
interface Cursor<K> {
  chunk: Chunk
  keys: K
  row: number
  /** Tie-breaker among sequences, so that equal rows keep an order. */
  readonly place: number
  next(): Promise<Chunk | null>
}

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
  private readonly runs: Run[] = []
  private readonly files = new Set<SpillFile>()

  /** `keep`: Infinity = all rows. */
  constructor(order: RowOrder<K>, budget: Budget, spill: Spill | null, keep = Infinity) {
    this.order = order
    this.budget = budget
    this.spill = spill
    this.keep = keep
    this.cutAt = Math.max(4096, keep * 2)
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
    if (this.budget.used <= this.budget.limit / 2 || this.held < LEAST_PIECE) return
    if (this.keep !== Infinity) this.cut()
    if (this.budget.used > this.budget.limit / 2) await this.flush()
  }

  private count(bytes: number): void {
    this.held += bytes
    this.budget.used += bytes
  }

  /** All rows in memory, in order and cut to `keep`; memory is empty afterwards. */
  takeSorted(): Chunk[] {
    const list = this.sorted()
    const out: Chunk[] = []
    for (let start = 0; start < list.rows.length; start += PIECE_ROWS * 16) out.push(collect(list, start, Math.min(start + PIECE_ROWS * 16, list.rows.length)))
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

  private pieceBytes(): number {
    return Math.min(GREATEST_PIECE, Math.max(LEAST_PIECE, this.budget.limit / 64))
  }

  private async newFile(): Promise<SpillFile> {
    if (this.spill === null) {
      throw memoryLimit(this.budget.limit, 'sorting', 'add a limit, narrow the filter or the range, or give the query more memory or a directory to spill to')
    }
    const file = await this.spill.create()
    this.files.add(file)
    return file
  }

  /** Writes what is in memory as one run. */
  private async flush(): Promise<void> {
    const file = await this.newFile()
    const list = this.sorted()
    const rowBytes = Math.max(1, this.held / Math.max(1, this.heldRows))
    const step = Math.max(1, Math.min(PIECE_ROWS, Math.floor(this.pieceBytes() / rowBytes)))
    const pieces: Run['pieces'][number][] = []
    let greatest = 0
    for (let start = 0; start < list.rows.length; start += step) {
      const piece = collect(list, start, Math.min(start + step, list.rows.length))
      greatest = Math.max(greatest, chunkBytes(piece))
      const bytes = encodeChunk(piece)
      pieces.push({ file, offset: await file.append(bytes), length: bytes.length })
    }
    this.forget()
    this.runs.push({ pieces, greatest })
  }

  /** All rows in order. Chunks are of at most PIECE_ROWS rows. Files are removed by `close`. */
  async *finish(): AsyncGenerator<Chunk> {
    if (this.runs.length === 0) {
      const list = this.sorted()
      for (let start = 0; start < list.rows.length; start += PIECE_ROWS) yield collect(list, start, Math.min(start + PIECE_ROWS, list.rows.length))
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
    const pieces: Run['pieces'][number][] = []
    let greatest = 0
    for await (const piece of this.merge(merged)) {
      greatest = Math.max(greatest, chunkBytes(piece))
      const bytes = encodeChunk(piece)
      pieces.push({ file, offset: await file.append(bytes), length: bytes.length })
    }
    const left = new Set(merged.flatMap((run) => run.pieces.map((piece) => piece.file)))
    for (const old of left) {
      this.files.delete(old)
      await old.remove()
    }
    // in front: the order of equal rows is that of the runs
    this.runs.unshift({ pieces, greatest })
  }

  private async *merge(runs: readonly Run[]): AsyncGenerator<Chunk> {
    const cursors: Cursor<K>[] = []
    for (const [place, run] of runs.entries()) {
      const cursor = await openCursor(run, place, this.order)
      if (cursor !== null) cursors.push(cursor)
    }
    const heap = new CursorHeap(this.order, cursors)
    const target = this.pieceBytes()
    const builder = new PieceBuilder(target)
    let last: { keys: K; row: number } | null = null
    let inPartition = 0
    for (let top = heap.top(); top !== null; top = heap.top()) {
      if (this.keep !== Infinity && last !== null && !this.order.together(last.keys, last.row, top.keys, top.row)) inPartition = 0
      last = { keys: top.keys, row: top.row }
      if (++inPartition <= this.keep) builder.add(top.chunk, top.row)
      if (builder.full) yield builder.take()
      await heap.advance()
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

async function openCursor<K>(run: Run, place: number, order: RowOrder<K>): Promise<Cursor<K> | null> {
  let piece = 0
  const next = async (): Promise<Chunk | null> => {
    const at = run.pieces[piece++]
    return at === undefined ? null : decodeChunk(await at.file.read(at.offset, at.length))
  }
  const chunk = await next()
  return chunk === null ? null : { chunk, keys: order.keys(chunk), row: 0, place, next }
}

/** Least cursor first. */
class CursorHeap<K> {
  private readonly order: RowOrder<K>
  private readonly heap: Cursor<K>[]

  constructor(order: RowOrder<K>, cursors: Cursor<K>[]) {
    this.order = order
    this.heap = cursors
    for (let i = (cursors.length >> 1) - 1; i >= 0; i--) this.sink(i)
  }

  top(): Cursor<K> | null {
    return this.heap[0] ?? null
  }

  /** Moves the top cursor one row on. */
  async advance(): Promise<void> {
    const top = this.heap[0]!
    if (++top.row >= top.chunk.count) {
      const chunk = await top.next()
      if (chunk === null) {
        const last = this.heap.pop()!
        if (this.heap.length === 0) return
        if (last !== top) this.heap[0] = last
      } else {
        top.chunk = chunk
        top.keys = this.order.keys(chunk)
        top.row = 0
      }
    }
    this.sink(0)
  }

  private before(x: number, y: number): boolean {
    const a = this.heap[x]!
    const b = this.heap[y]!
    return (this.order.compare(a.keys, a.row, b.keys, b.row) || a.place - b.place) < 0
  }

  private sink(at: number): void {
    const { heap } = this
    for (let i = at; ; ) {
      const left = 2 * i + 1
      if (left >= heap.length) return
      const least = left + 1 < heap.length && this.before(left + 1, left) ? left + 1 : left
      if (!this.before(least, i)) return
      const moved = heap[i]!
      heap[i] = heap[least]!
      heap[least] = moved
      i = least
    }
  }
}

/** Puts rows of many chunks together. */
export class PieceBuilder {
  private chunks: Chunk[] = []
  private readonly places = new Map<Chunk, number>()
  private from: number[] = []
  private picked: number[] = []
  private bytes = 0
  private readonly target: number

  constructor(target: number) {
    this.target = target
  }

  get rows(): number {
    return this.picked.length
  }

  get full(): boolean {
    return this.picked.length >= PIECE_ROWS || this.bytes >= this.target
  }

  add(chunk: Chunk, row: number): void {
    let place = this.places.get(chunk)
    if (place === undefined) {
      place = this.chunks.length
      this.places.set(chunk, place)
      this.chunks.push(chunk)
      this.weigh(chunk)
    }
    this.from.push(place)
    this.picked.push(row)
    this.bytes += this.weights[place]!
  }

  private weights: number[] = []

  private weigh(chunk: Chunk): void {
    this.weights.push(chunkBytes(chunk) / chunk.count)
  }

  take(): Chunk {
    const piece = collect({ chunks: this.chunks, from: Uint32Array.from(this.from), rows: Uint32Array.from(this.picked) }, 0, this.picked.length)
    this.chunks = []
    this.places.clear()
    this.weights = []
    this.from = []
    this.picked = []
    this.bytes = 0
    return piece
  }
}
