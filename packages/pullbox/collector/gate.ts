const WAITING_KB = 0
const FULL = 1
const WORDS = 2

/** Bytes of encoded blocks that may wait for the disk before the block workers stop taking batches. */
export const GATE_BYTES = 32 << 20

/** Words that the block workers, the store and the main thread share. */
export const createGate = (): SharedArrayBuffer => new SharedArrayBuffer(4 * WORDS)

/**
 * Back-pressure between the block workers and the store. Blocks that wait for the disk are counted; above {@link GATE_BYTES} no
 * batch is taken, the rings fill, and streams are no longer read. Any thread may hold a gate; all words are atomics.
 */
export class Gate {
  private readonly words: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared)
  }

  /** A block of so many bytes waits for the disk. */
  enter(bytes: number): void {
    Atomics.add(this.words, WAITING_KB, kilobytes(bytes))
  }

  /** A block is done with: synced or refused. */
  leave(bytes: number): void {
    Atomics.sub(this.words, WAITING_KB, kilobytes(bytes))
    Atomics.notify(this.words, WAITING_KB)
  }

  get waitingBytes(): number {
    return Atomics.load(this.words, WAITING_KB) * 1024
  }

  /** Waits at most `timeoutMs` for room; true when there is some. Blocks the thread. */
  waitRoom(timeoutMs: number): boolean {
    const waiting = Atomics.load(this.words, WAITING_KB)
    if (waiting * 1024 <= GATE_BYTES) return true
    Atomics.wait(this.words, WAITING_KB, waiting, timeoutMs)
    return Atomics.load(this.words, WAITING_KB) * 1024 <= GATE_BYTES
  }

  /** Set while the store cannot write: only batches of listeners whose senders cannot wait are taken, to be refused and counted. */
  get full(): boolean {
    return Atomics.load(this.words, FULL) !== 0
  }

  set full(value: boolean) {
    Atomics.store(this.words, FULL, value ? 1 : 0)
  }
}

const kilobytes = (bytes: number) => (bytes + 1023) >> 10
