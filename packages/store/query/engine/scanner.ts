import { Budget, type Spill } from '../pipe/index.ts'
import type { BlockResult, Job } from './messages.ts'
import { compile, type Program } from './program.ts'
import { orderedChunk, ROWS_PER_BLOCK, scanBlock } from './scan.ts'
import type { BlockRef, RowSource } from './source.ts'

/** Runs the scanning part of one query in one thread. */
export class Scanner {
  private readonly source: RowSource
  private readonly job: Job
  private readonly program: Program
  private readonly stop: Int32Array

  /** `budget` and `spill` are those of the gathering pipe; a thread that hands its state over needs none. */
  constructor(source: RowSource, job: Job, budget = new Budget(Infinity), spill: Spill | null = null) {
    this.source = source
    this.job = job
    this.program = compile(job.parts, { now: job.now, rangeSeconds: job.rangeSeconds, budget, spill })
    this.stop = new Int32Array(job.stop)
  }

  /** The gathering pipe; its state is here until it is flushed. */
  get gather(): Program['gather'] {
    return this.program.gather
  }

  async block(ref: BlockRef, index: number): Promise<BlockResult> {
    if (this.stopped()) return { index, rows: 0, matched: 0, bytes: 0, chunk: null, state: undefined, unreadable: null, skipped: true }
    const { job, program } = this
    const { batch, release, ...counts } = await scanBlock(this.source, ref, job.need, job.range, program)
    let chunk: BlockResult['chunk'] = null
    let state: unknown
    if (batch !== null && !this.stopped()) {
      if (program.gather === null) chunk = orderedChunk(batch, index, job.cut)
      else {
        await program.gather.push(batch, index * ROWS_PER_BLOCK)
        if (program.gather.bytes > job.share) state = program.gather.exportState()
      }
    }
    release()
    return { index, ...counts, chunk, state, skipped: false }
  }

  /** What is gathered and not handed over yet. */
  flush(): unknown {
    return this.program.gather?.exportState()
  }

  /** Nothing more is wanted. */
  stopped(): boolean {
    return Atomics.load(this.stop, 0) !== 0
  }
}
