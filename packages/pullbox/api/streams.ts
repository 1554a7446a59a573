/** Milliseconds that answers have to end by themselves when the server closes; after that their connections are cut. */
const GRACE_MS = 500

/** The answers that go on for long. */
export class Streams {
  private readonly stop = new AbortController()
  private readonly running = new Set<Promise<void>>()

  /** Aborted when the server closes. */
  get ending(): AbortSignal {
    return this.stop.signal
  }

  /** Counts the answer until it has ended, which is when this resolves too. */
  async run(answer: Promise<void>): Promise<void> {
    this.running.add(answer)
    try {
      await answer
    } finally {
      this.running.delete(answer)
    }
  }

  /** Has all of them end, and waits for it, but not for long. */
  async close(): Promise<void> {
    this.stop.abort()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS)
    })
    await Promise.race([Promise.allSettled(this.running), late])
    clearTimeout(timer)
  }
}
