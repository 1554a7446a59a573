import { chunkBytes, type Chunk } from './chunk.ts'
import { decodeChunk, encodeChunk } from './codec.ts'
import { collect, type RowList } from './concat.ts'
import type { RowOrder } from './order.ts'
import type { SpillFile } from './stage.ts'

/** Rows of one piece of output, at most. */
export const PIECE_ROWS = 1024
/** Pieces of runs are between these sizes in memory. */
const LEAST_PIECE = 4 * 1024
const GREATEST_PIECE = 256 * 1024

/** Memory that one piece of a run may take when a query may use `limit` bytes. */
export function pieceBytes(limit: number): number {
  return Math.min(GREATEST_PIECE, Math.max(LEAST_PIECE, limit / 64))
}

/** Sorted rows, piece after piece. */
export interface Run {
  readonly pieces: readonly { readonly file: SpillFile; readonly offset: number; readonly length: number }[]
  /** Memory of its greatest piece. */
  readonly greatest: number
}

/** A place in a sorted sequence of chunks. */
export interface Cursor<K> {
  chunk: Chunk
  keys: K
  row: number
  /** Tie-breaker among sequences, so that equal rows keep an order. */
  readonly place: number
  next: () => Promise<Chunk | null>
}

/** Writes pieces one by one and tells where they lie. */
export class RunWriter {
  private readonly pieces: Run['pieces'][number][] = []
  private greatest = 0
  private readonly file: SpillFile

  constructor(file: SpillFile) {
    this.file = file
  }

  async add(piece: Chunk): Promise<void> {
    this.greatest = Math.max(this.greatest, chunkBytes(piece))
    const bytes = encodeChunk(piece)
    this.pieces.push({ file: this.file, offset: await this.file.append(bytes), length: bytes.length })
  }

  done(): Run {
    return { pieces: this.pieces, greatest: this.greatest }
  }
}

/** Writes a sorted list as one run; `bytes` is what the list's rows take in memory. */
export async function writeRun(file: SpillFile, list: RowList, bytes: number, limit: number): Promise<Run> {
  const rowBytes = Math.max(1, bytes / Math.max(1, list.rows.length))
  const step = Math.max(1, Math.min(PIECE_ROWS, Math.floor(pieceBytes(limit) / rowBytes)))
  const writer = new RunWriter(file)
  for (let start = 0; start < list.rows.length; start += step)
    await writer.add(collect(list, start, Math.min(start + step, list.rows.length)))
  return writer.done()
}

/** The first row of a run; null when it has none. */
export async function openCursor<K>(run: Run, place: number, order: RowOrder<K>): Promise<Cursor<K> | null> {
  let piece = 0
  const next = async (): Promise<Chunk | null> => {
    const at = run.pieces[piece++]
    return at === undefined ? null : decodeChunk(await at.file.read(at.offset, at.length))
  }
  const chunk = await next()
  return chunk === null ? null : { chunk, keys: order.keys(chunk), row: 0, place, next }
}

/** Least row first. */
export class CursorHeap<K> {
  private readonly order: RowOrder<K>
  private readonly heap: Cursor<K>[]

  constructor(order: RowOrder<K>, cursors: Cursor<K>[]) {
    this.order = order
    this.heap = cursors.slice()
    for (let i = (cursors.length >> 1) - 1; i >= 0; i--) this.sink(i)
  }

  top(): Cursor<K> | null {
    return this.heap[0] ?? null
  }

  /** The cursor that would be on top without the top one. */
  second(): Cursor<K> | null {
    if (this.heap.length < 3) return this.heap[1] ?? null
    return this.heap[this.before(1, 2) ? 1 : 2]!
  }

  push(cursor: Cursor<K>): void {
    this.heap.push(cursor)
    for (let i = this.heap.length - 1; i > 0;) {
      const above = (i - 1) >> 1
      if (!this.before(i, above)) return
      this.swap(i, above)
      i = above
    }
  }

  /** Moves the top cursor one row on; false when that was its last row, and it is gone. A promise only where a file is read. */
  advance(): boolean | Promise<boolean> {
    const top = this.heap[0]!
    if (++top.row < top.chunk.count) {
      this.sink(0)
      return true
    }
    return this.refill(top)
  }

  private async refill(top: Cursor<K>): Promise<boolean> {
    const chunk = await top.next()
    if (chunk === null) {
      const last = this.heap.pop()!
      if (last !== top) this.heap[0] = last
    } else {
      top.chunk = chunk
      top.keys = this.order.keys(chunk)
      top.row = 0
    }
    this.sink(0)
    return chunk !== null
  }

  private swap(x: number, y: number): void {
    const moved = this.heap[x]!
    this.heap[x] = this.heap[y]!
    this.heap[y] = moved
  }

  private before(x: number, y: number): boolean {
    const a = this.heap[x]!
    const b = this.heap[y]!
    return (this.order.compare(a.keys, a.row, b.keys, b.row) || a.place - b.place) < 0
  }

  private sink(at: number): void {
    const { heap } = this
    for (let i = at; ;) {
      const left = 2 * i + 1
      if (left >= heap.length) return
      const least = left + 1 < heap.length && this.before(left + 1, left) ? left + 1 : left
      if (!this.before(least, i)) return
      this.swap(i, least)
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
    const piece = collect(
      { chunks: this.chunks, from: Uint32Array.from(this.from), rows: Uint32Array.from(this.picked) },
      0,
      this.picked.length,
    )
    this.chunks = []
    this.places.clear()
    this.weights = []
    this.from = []
    this.picked = []
    this.bytes = 0
    return piece
  }
}
