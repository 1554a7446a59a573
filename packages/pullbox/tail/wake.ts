/** Wakes whoever waits for something new: when it is told, or after some time where nobody tells. */
export class Wake {
  /** How often there was something new; where nobody tells, it stays 0. */
  news = 0
  private readonly waiting = new Set<() => void>()
  private readonly unsubscribe: (() => void) | null
  private readonly pollMs: number

  constructor(changed: ((listener: () => void) => () => void) | undefined, pollMs: number) {
    this.unsubscribe = changed?.(() => this.ring()) ?? null
    this.pollMs = pollMs
  }

  private ring(): void {
    this.news++
    for (const wake of this.waiting) wake()
  }

  /** Resolves at the next news, or when the signal says stop. */
  wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.unsubscribe === null ? setTimeout(done, this.pollMs) : undefined
      this.waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  close(): void {
    this.unsubscribe?.()
    this.ring()
  }
}
