const WAITING_KB = 0
const FULL = 1
const MOST_KB = 2
const WORDS = 3

/** A gate for at most `most` bytes of encoded blocks that wait for the disk: words that all threads share. */
export function createGate(most: number): SharedArrayBuffer {
  const words = new Int32Array(new SharedArrayBuffer(4 * WORDS))
  words[MOST_KB] = kilobytes(most)
  return words.buffer
}

/**
 * Back-pressure between the block workers and the store. Blocks that wait for the disk are counted; above the gate's most no
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

  /** Waits at most `timeoutMs` for room; true when there is some. The block that goes through may be more than the room. Blocks the thread. */
  waitRoom(timeoutMs: number): boolean {
    const waiting = Atomics.load(this.words, WAITING_KB)
    if (waiting <= this.words[MOST_KB]) return true
    Atomics.wait(this.words, WAITING_KB, waiting, timeoutMs)
    return Atomics.load(this.words, WAITING_KB) <= this.words[MOST_KB]
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
