import type { PipeNode, Query } from '../language/index.ts'
import { requirements, timeRange } from '../filter/index.ts'
import { Budget, type Batch, type GatherStage, type Spill, type StageContext } from '../pipe/index.ts'
import { resultRows, type QueryEvent, type QueryStats, type Reason, type ResultRow } from './events.ts'
import type { BlockResult, Job } from './messages.ts'
import { OrderedMerge } from './ordered.ts'
import type { QueryPool } from './pool.ts'
import { fieldsRead, split, tallyOf, type Parts, type Tally } from './program.ts'
import { Scanner } from './scanner.ts'
import type { BlockRef, Need, Plan, RowSource, TimeRange } from './source.ts'
import { fileSpill } from './spill.ts'
import { finished, runPipes, wholeChunk } from './stages.ts'
import { resolveSubqueries } from './subqueries.ts'

/** Memory that one query may use, when nothing else is said: 64 MiB. */
export const DEFAULT_MEMORY = 64 * 2 ** 20
/** Rows of one `rows` event, at most. */
const ROWS_PER_EVENT = 1024
/** Characters of values after which a `rows` event is full, and how many rows are made before their size is looked at. */
const TEXT_PER_EVENT = 1 << 20
const ROWS_PER_LOOK = 8
const PROGRESS_MS = 100
/** Values that are counted before they go into the groups. */
const MOST_SUMS = 10_000
/** A state that a thread hands over is there as it was gathered, in order, on its way and where it arrives. */
const COPIES = 4
/** Values of the shared flag: the query was stopped; it has ended by itself. */
const STOPPED = 1
const ENDED = 2

export interface QueryArguments {
  /** A tree of `parseQuery`. */
  readonly query: Query
  /** Plans the query, and reads blocks when there is no pool. The caller closes it. */
  readonly source: RowSource
  /** Further bounds of time, microseconds: `since <= t < until`. */
  readonly range?: TimeRange
  /** Stops all work within one block; an `end` event with what came so far follows. */
  readonly signal?: AbortSignal
  /** Order of rows that no pipe sorts; `limit` and the pipe `limit` cut in this order. Default 'oldest'. */
  readonly order?: 'oldest' | 'newest'
  /** At most so many rows in all. */
  readonly limit?: number
  /** Bytes that the query may hold. Default 64 MiB; half of it goes to the threads where there are any. */
  readonly memory?: number
  /** Threads with sources of the same store; absent or null = all work is done here. */
  readonly pool?: QueryPool | null
  /** Directory for temporary files; absent = nothing is spilled, and what does not fit ends with QUERY_MEMORY_LIMIT. */
  readonly spillDir?: string
  /** Microseconds since 1970. */
  readonly now: number
  /** Milliseconds of a clock that never goes back, for the pace of progress events. */
  readonly clock?: () => number
}

/**
 * Runs a query and tells what it finds. Rows come in the order of time, unless a pipe gives them another one; equal times in the
 * order of the plan. Blocks that can't be read become reasons. The consumer holds the work by not asking; ending the iteration
 * ends it. Throws QUERY_MEMORY_LIMIT, QUERY_SPILL_FAILED, QUERY_WORKER_FAILED.
 */
export async function* runQuery(args: QueryArguments): AsyncGenerator<QueryEvent, void, undefined> {
  const spill = args.spillDir === undefined ? null : fileSpill(args.spillDir)
  const stop = new SharedArrayBuffer(4)
  const halt = (): void => void Atomics.compareExchange(new Int32Array(stop), 0, 0, STOPPED)
  args.signal?.addEventListener('abort', halt, { once: true })
  if (args.signal?.aborted) halt()
  try {
    const run = new Run(args, spill, stop)
    yield* run.events()
  } finally {
    halt()
    args.signal?.removeEventListener('abort', halt)
    await spill?.close()
  }
}

class Run {
  private readonly args: QueryArguments
  private readonly spill: Spill | null
  private readonly stop: SharedArrayBuffer
  private readonly newest: boolean
  private readonly budget: Budget
  private readonly reasons: Reason[] = []
  private readonly clock: () => number
  private spilled = false
  private blocksRead = 0
  private blocksTotal = 0
  private bytesRead = 0
  private bytesTotal = 0
  private rowsRead = 0
  private matched = 0
  private rows = 0
  /** `progress` events that wait until the consumer asks for more. */
  private readonly news: QueryEvent[] = []
  private lastNews = -Infinity
  private wake: (() => void) | null = null

  constructor(args: QueryArguments, spill: Spill | null, stop: SharedArrayBuffer) {
    this.args = args
    this.stop = stop
    this.newest = args.order === 'newest'
    this.clock = args.clock ?? (() => performance.now())
    const memory = args.memory ?? DEFAULT_MEMORY
    this.budget = new Budget(args.pool ? memory / 2 : memory)
    this.spill = spill === null ? null : { create: () => ((this.spilled = true), spill.create()), close: () => spill.close() }
  }

  async *events(): AsyncGenerator<QueryEvent, void, undefined> {
    const query = withLimit(await resolveSubqueries(this.args, this.reasons), this.args.limit)
    const range = intersect(this.args.range, timeRange(query.filter))
    const need: Need = { fields: fieldsRead(query), requirements: requirements(query.filter) }
    const plan = await this.args.source.plan(range, need)
    this.note(plan)
    const parts = split(query)
    const context = this.context(range)
    const scanned =
      parts.gather === null ? this.ordered(plan, parts, need, range, context) : this.gathered(plan, parts, need, range, context)
    yield* this.watch(runPipes(scanned, parts.rest, context))
    if (this.stopped()) this.reasons.push({ kind: 'stopped', text: `stopped after ${this.blocksRead} of ${this.blocksTotal} blocks` })
    yield this.progress()
    yield { type: 'end', complete: this.reasons.length === 0, reasons: this.reasons, stats: this.stats() }
  }

  /** Rows as they come, and progress also while none come. */
  private async *watch(batches: AsyncGenerator<Batch>): AsyncGenerator<QueryEvent> {
    try {
      for (let next = batches.next(); ;) {
        const result = await Promise.race([next, this.newsCome()])
        yield* this.news.splice(0)
        if (result === null) continue
        if (result.done) return
        yield* this.show(result.value)
        next = batches.next()
      }
    } finally {
      // what still runs ends within one block, and only then the generator returns
      Atomics.store(new Int32Array(this.stop), 0, this.stopped() ? STOPPED : ENDED)
      await batches.return(undefined)
    }
  }

  private async newsCome(): Promise<null> {
    if (this.news.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    return null
  }

  private *show({ view, picked }: Batch): Generator<QueryEvent> {
    let rows: ResultRow[] = []
    let text = 0
    for (let start = 0; start < picked.length; start += ROWS_PER_LOOK) {
      for (const row of resultRows({ view, picked: picked.subarray(start, start + ROWS_PER_LOOK) })) {
        rows.push(row)
        for (const value of Object.values(row.fields)) text += value.length
      }
      const last = start + ROWS_PER_LOOK >= picked.length
      if (!last && rows.length < ROWS_PER_EVENT && text < TEXT_PER_EVENT) continue
      this.rows += rows.length
      yield { type: 'rows', rows }
      rows = []
      text = 0
    }
  }

  private context({ since, until }: TimeRange): StageContext {
    const seconds = (until - since) / 1e6
    return {
      now: this.args.now,
      rangeSeconds: Number.isFinite(seconds) && seconds > 0 ? seconds : 0,
      budget: this.budget,
      spill: this.spill,
    }
  }

  private note({ blocks, unreadable = [], reasons = [] }: Plan): void {
    this.blocksTotal = blocks.length
    for (const { bytes } of blocks) this.bytesTotal += bytes
    for (const one of unreadable) this.reasons.push(unreadableReason(one))
    for (const text of reasons) this.reasons.push({ kind: 'source', text })
  }

  private stopped(): boolean {
    return Atomics.load(new Int32Array(this.stop), 0) === STOPPED
  }

  private job(parts: Parts, need: Need, range: TimeRange, context: StageContext): Job {
    const { pool, memory = DEFAULT_MEMORY, now } = this.args
    const cut = { newest: this.newest, most: mostRows(parts.rest) }
    return {
      parts,
      need,
      range,
      cut,
      now,
      rangeSeconds: context.rangeSeconds,
      share: pool ? memory / 2 / pool.size / COPIES : Infinity,
      stop: this.stop,
    }
  }

  /** Rows in the order of time. */
  private async *ordered(plan: Plan, parts: Parts, need: Need, range: TimeRange, context: StageContext): AsyncGenerator<Batch> {
    const merge = new OrderedMerge(plan.blocks, this.newest, this.budget, this.spill)
    const job = this.job(parts, need, range, context)
    try {
      yield* this.merged(this.scan(plan, job, merge.sequence, null), merge)
    } finally {
      merge.close()
    }
  }

  private async *merged(results: AsyncIterable<BlockResult | { readonly state: unknown }>, merge: OrderedMerge): AsyncGenerator<Batch> {
    for await (const result of results) {
      if (!('index' in result) || result.skipped) continue
      await merge.add(result.index, result.chunk)
      for await (const chunk of merge.ready()) yield wholeChunk(chunk)
    }
  }

  /** Rows of the first gathering pipe. */
  private async *gathered(plan: Plan, parts: Parts, need: Need, range: TimeRange, context: StageContext): AsyncGenerator<Batch> {
    const job = this.job(parts, need, range, context)
    const scanner = new Scanner(this.args.source, this.args.pool ? { ...job, share: Infinity } : job, this.budget, this.spill)
    const stage = scanner.gather!
    try {
      const left = await this.tally(plan, parts, range, stage)
      for await (const result of this.scan(plan, job, left, scanner)) if (result.state !== undefined) await stage.mergeState(result.state)
      yield* finished(stage)
    } finally {
      await stage.close()
    }
  }

  /** Counts blocks whose statistics answer the query; gives the others. */
  private async tally(plan: Plan, parts: Parts, { since, until }: TimeRange, stage: GatherStage): Promise<number[]> {
    const all = plan.blocks.map((_, index) => index)
    const tally = tallyOf(parts)
    const { source } = this.args
    if (tally === null || (tally.field !== null && source.valueCounts === undefined)) return all
    const left: number[] = []
    const sums = new Map<string, number>()
    for (const index of all) {
      const ref = plan.blocks[index]!
      if (this.stopped() || !(ref.minTime >= since && ref.maxTime < until)) left.push(index)
      else {
        const counts =
          tally.field === null ? { values: [''], counts: [ref.count] } : await source.valueCounts!(ref, tally.field).catch(() => null)
        if (counts === null) left.push(index)
        else {
          for (let v = 0; v < counts.values.length; v++)
            if (counts.counts[v]! > 0) sums.set(counts.values[v]!, (sums.get(counts.values[v]!) ?? 0) + counts.counts[v]!)
          if (sums.size > MOST_SUMS) await mergeSums(stage, tally, sums)
          this.count({ rows: ref.count, matched: ref.count, bytes: 0 })
        }
      }
    }
    await mergeSums(stage, tally, sums)
    return left
  }

  private async *scan(
    plan: Plan,
    job: Job,
    sequence: readonly number[],
    here: Scanner | null,
  ): AsyncGenerator<BlockResult | { readonly state: unknown }> {
    const { pool } = this.args
    const results =
      pool && sequence.length > 1
        ? pool.scan(job, plan.blocks, sequence)
        : scanHere(here ?? new Scanner(this.args.source, job), plan.blocks, sequence)
    for await (const result of results) {
      if ('index' in result && !result.skipped) {
        this.count(result)
        if (result.unreadable !== null) this.reasons.push(unreadableReason(result.unreadable))
      }
      yield result
    }
  }

  private count({ rows, matched, bytes }: Pick<BlockResult, 'rows' | 'matched' | 'bytes'>): void {
    this.blocksRead++
    this.bytesRead += bytes
    this.rowsRead += rows
    this.matched += matched
    this.tell()
  }

  private tell(): void {
    const now = this.clock()
    if (now - this.lastNews < PROGRESS_MS) return
    this.lastNews = now
    this.news[0] = this.progress()
    this.wake?.()
    this.wake = null
  }

  private progress(): QueryEvent {
    const { blocks_read, blocks_total, bytes_read, bytes_total, matched } = this.stats()
    return { type: 'progress', blocks_read, blocks_total, bytes_read, bytes_total, matched }
  }

  private stats(): QueryStats {
    return {
      blocks_read: this.blocksRead,
      blocks_total: this.blocksTotal,
      bytes_read: this.bytesRead,
      bytes_total: this.bytesTotal,
      rows_read: this.rowsRead,
      matched: this.matched,
      rows: this.rows,
      memory_peak: this.budget.peak,
      spilled: this.spilled,
    }
  }
}

/** Hands counts of values over, and begins anew. */
async function mergeSums(stage: GatherStage, tally: Tally, sums: Map<string, number>): Promise<void> {
  if (sums.size > 0) await stage.mergeState(tally.state([...sums.keys()], Float64Array.from(sums.values())))
  sums.clear()
}

async function* scanHere(scanner: Scanner, blocks: readonly BlockRef[], sequence: readonly number[]): AsyncGenerator<BlockResult> {
  for (const index of sequence) {
    if (scanner.stopped()) return
    yield await scanner.block(blocks[index]!, index)
    // lets timers and signals in between blocks, also where reading never waits
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function unreadableReason({
  reason,
  count,
  minTime,
  maxTime,
}: {
  reason: string
  count: number
  minTime: number
  maxTime: number
}): Reason {
  return { kind: 'unreadable', text: reason, count, since: minTime, until: maxTime }
}

function intersect(a: TimeRange | undefined, b: TimeRange): TimeRange {
  if (a === undefined) return b
  return { since: Math.max(a.since, b.since), until: Math.min(a.until, b.until) }
}

function withLimit(query: Query, limit: number | undefined): Query {
  if (limit === undefined) return query
  const cut = { op: 'limit', count: limit } as PipeNode
  return { ...query, pipes: [...query.pipes, cut] }
}

/** How many rows of one block can pass at most, when they come in order. */
function mostRows(rest: readonly PipeNode[]): number {
  let most = Infinity
  let skipped = 0
  for (const node of rest) {
    const { op, count } = node as PipeNode & { count: number }
    if (op === 'offset') skipped += count
    else if (op === 'limit') most = Math.min(most, count + skipped)
    else break
  }
  return most
}
