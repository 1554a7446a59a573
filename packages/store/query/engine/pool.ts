import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { CodedError } from '@pullbox/log/errors'
import type { BlockResult, FromWorker, Job, ToWorker } from './messages.ts'
import type { BlockRef, SourceDescriptor } from './source.ts'

/** Blocks that a thread may hold ahead of the one that the consumer looks at. */
const AHEAD = 2
/** Blocks per thread between the first one that is not done and the last one that is handed out. */
const WINDOW = 4

/** Settings of a pool. */
export interface PoolOptions {
  readonly source: SourceDescriptor
  /** How many threads; at least 1. */
  readonly workers: number
}

/** Of the memory of a thread's objects: by these the engine lets less garbage pile up. What queries gather is far below. */
const LIMITS = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 256 }

interface Thread {
  readonly worker: Worker
  readonly takers: Map<number, (message: FromWorker | Error) => void>
}

/**
 * Threads that read blocks for queries, each with a source of its own. They start with the first query and serve any number of
 * queries, also at the same time, until `close`. An idle pool does not keep the process alive.
 */
export class QueryPool {
  readonly size: number
  private readonly descriptor: SourceDescriptor
  private threads: (Thread | null)[]
  private jobs = 0
  private closed = false

  constructor({ source, workers }: PoolOptions) {
    if (!Number.isSafeInteger(workers) || workers < 1) throw new RangeError(`a pool has at least one worker, not ${workers}`)
    this.size = workers
    this.descriptor = source
    this.threads = Array.from({ length: workers }, () => null)
  }

  /**
   * Reads blocks in the order of `sequence`; results come as they are ready. No more blocks are handed out while the consumer does
   * not ask. Ending the iteration early stops the threads within one block. Throws what a thread failed with, QUERY_WORKER_FAILED
   * when one died.
   */
  async *scan(
    job: Job,
    blocks: readonly BlockRef[],
    sequence: readonly number[],
  ): AsyncGenerator<BlockResult | { readonly state: unknown }> {
    if (this.closed) throw new CodedError('QUERY_POOL_CLOSED', 'the pool of query threads is closed', { hint: 'open a new one' })
    const id = this.jobs++
    const threads = this.threads.slice(0, Math.max(1, Math.min(this.size, sequence.length))).map((_, at) => this.thread(at))
    const inbox = new Inbox()
    for (const thread of threads) {
      thread.takers.set(id, (message) => inbox.put(message))
      thread.worker.ref()
      post(thread, { type: 'open', job: id, query: job })
    }
    try {
      yield* deal(threads, id, job, blocks, sequence, inbox)
      if (job.parts.gather !== null) {
        for (const thread of threads) post(thread, { type: 'flush', job: id })
        for (let left = threads.length; left > 0; left--) yield { state: ((await inbox.take()) as { state: unknown }).state }
      }
    } finally {
      Atomics.compareExchange(new Int32Array(job.stop), 0, 0, 2)
      for (const thread of threads) {
        thread.takers.delete(id)
        post(thread, { type: 'close', job: id })
        if (thread.takers.size === 0) thread.worker.unref()
      }
    }
  }

  private thread(at: number): Thread {
    const old = this.threads[at]
    if (old) return old
    const url = new URL(`./scan-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
    const thread: Thread = {
      worker: new Worker(url, { workerData: this.descriptor, resourceLimits: LIMITS }),
      takers: new Map(),
    }
    this.threads[at] = thread
    const died = (why: string): void => {
      if (this.threads[at] === thread) this.threads[at] = null
      const error = new CodedError('QUERY_WORKER_FAILED', `a query thread ended: ${why}`, {
        hint: 'run the query again; if it was out of memory, narrow it',
      })
      for (const taker of thread.takers.values()) taker(error)
      thread.takers.clear()
    }
    thread.worker.on('message', (message: FromWorker) => thread.takers.get(message.job)?.(message))
    thread.worker.on('error', (error) => died((error as Error).message))
    thread.worker.on('exit', (code) => died(`exit code ${code}`))
    return thread
  }

  /** Ends all threads; queries that still run fail with QUERY_WORKER_FAILED. */
  async close(): Promise<void> {
    this.closed = true
    const threads = this.threads.filter((thread) => thread !== null)
    await Promise.all(threads.map((thread) => thread.worker.terminate()))
  }
}

function post({ worker }: Thread, message: ToWorker): void {
  worker.postMessage(message)
}

/** Hands blocks out and takes results in; a thread gets its next block when an earlier result was taken. */
async function* deal(
  threads: readonly Thread[],
  id: number,
  job: Job,
  blocks: readonly BlockRef[],
  sequence: readonly number[],
  inbox: Inbox,
): AsyncGenerator<BlockResult> {
  const stop = new Int32Array(job.stop)
  /** Place in `sequence` -> the thread that holds it, first places first. */
  const held = new Map<number, Thread>()
  const loads = new Map(threads.map((thread) => [thread, 0]))
  const places = new Map(sequence.map((index, place) => [index, place]))
  let next = 0
  const hand = (): void => {
    while (next < sequence.length && Atomics.load(stop, 0) === 0) {
      const [oldest = next] = held.keys()
      // one slow thread must not let the others run away from it: their rows would wait for its block
      if (next - oldest >= WINDOW * threads.length) return
      const [thread, load] = [...loads].reduce((a, b) => (b[1] < a[1] ? b : a))
      if (load >= AHEAD) return
      loads.set(thread, load + 1)
      held.set(next, thread)
      const index = sequence[next++]!
      post(thread, { type: 'block', job: id, index, ref: blocks[index]! })
    }
  }
  hand()
  while (held.size > 0) {
    const result = (await inbox.take()) as Extract<FromWorker, { type: 'scanned' }>
    const place = places.get(result.index)!
    const thread = held.get(place)!
    held.delete(place)
    loads.set(thread, loads.get(thread)! - 1)
    yield result
    hand()
  }
}

/** Messages that wait for the one consumer. The first error is thrown to it. */
class Inbox {
  private readonly messages: FromWorker[] = []
  private error: Error | null = null
  private wake: (() => void) | null = null

  put(message: FromWorker | Error): void {
    if (message instanceof Error) this.error ??= message
    else if (message.type === 'failed')
      this.error ??= new CodedError(message.code === '' ? 'QUERY_WORKER_FAILED' : message.code, message.message, { hint: message.hint })
    else this.messages.push(message)
    this.wake?.()
    this.wake = null
  }

  async take(): Promise<FromWorker> {
    for (;;) {
      if (this.error !== null) throw this.error
      const message = this.messages.shift()
      if (message !== undefined) return message
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}
