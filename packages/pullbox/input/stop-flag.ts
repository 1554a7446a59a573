const REQUESTED = 0
const BOUND = 1

/** Asks a thread that may be blocked to stop; the thread looks at it at least every {@link STOP_LOOK_MS}. */
export class StopFlag {
  readonly buffer: SharedArrayBuffer
  private readonly words: Int32Array
  private seenAt = Number.NaN

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer
    this.words = new Int32Array(buffer)
  }

  /** From here on the thread has `boundMs` to hand over what it holds. */
  request(boundMs: number): void {
    Atomics.store(this.words, BOUND, boundMs)
    Atomics.store(this.words, REQUESTED, 1)
    Atomics.notify(this.words, REQUESTED)
  }

  requested(): boolean {
    return Atomics.load(this.words, REQUESTED) !== 0
  }

  /** Milliseconds left of the bound, counted from when this thread first saw the request; Infinity before. */
  left(steadyNow: number): number {
    if (!this.requested()) return Number.POSITIVE_INFINITY
    if (Number.isNaN(this.seenAt)) this.seenAt = steadyNow
    return this.seenAt + Atomics.load(this.words, BOUND) - steadyNow
  }

  /** Sleeps the thread for `ms`, less when a stop is requested. */
  sleep(ms: number): void {
    Atomics.wait(this.words, REQUESTED, 0, ms)
  }
}

/** Longest that a thread blocks without looking at its flag. */
export const STOP_LOOK_MS = 100
