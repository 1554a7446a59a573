import { createRing, RingConsumer } from '../ring.ts'
import type { RingShared } from '../ring.ts'

/** A record as it came out of a batch. */
export interface Collected {
  bytes: Buffer
  source: string
  flags: number
  total: number
  received: number
}

export const MESSAGE = 256 << 10

/** A ring for a listener under test. */
export function testRing(size: Partial<{ slots: number; records: number; arenaBytes: number }> = {}): RingShared {
  return createRing({ slots: 8, records: 2048, arenaBytes: (1 << 20) + MESSAGE + (64 << 10), ...size })
}

/** Takes batches out of a ring by the event loop, copying what it finds. */
export class Collector {
  readonly records: Collected[] = []
  batches = 0
  private readonly ring: RingConsumer

  constructor(shared: RingShared) {
    this.ring = new RingConsumer(shared)
  }

  /** Takes all that is there now. */
  drain(): void {
    for (let taken = this.ring.tryTake(); taken !== null; taken = this.ring.tryTake()) {
      const { batch } = taken
      this.batches++
      for (let i = 0; i < batch.count; i++) {
        this.records.push({
          bytes: Buffer.from(batch.bytes(i)),
          source: Buffer.from(batch.sources.entry(batch.source[i])).toString(),
          flags: batch.flags[i],
          total: batch.trueLength[i],
          received: batch.received[i],
        })
      }
      this.ring.release(taken.slot)
    }
  }

  /** Takes until `n` records are there or nothing came for `quietMs`. */
  async until(n: number, quietMs = 5000): Promise<void> {
    let last = performance.now()
    for (let seen = this.records.length; this.records.length < n && performance.now() - last < quietMs;) {
      this.drain()
      if (this.records.length > seen) last = performance.now()
      seen = this.records.length
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** Takes while `work` goes on, and once more after it. */
  async during(work: Promise<unknown>): Promise<void> {
    let done = false
    void work.finally(() => (done = true)).catch(() => {})
    while (!done) {
      this.drain()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await work
    this.drain()
  }
}
