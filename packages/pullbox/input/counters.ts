/** What each listener counts, in the order of the shared cells. All but `connectionsOpen` only grow. */
export const COUNTERS = [
  /** Records put into batches, gap records of our own not included. */
  'received',
  /** Their bytes, as kept. */
  'bytes',
  /** Datagrams that the kernel dropped because the queue was full or a checksum was wrong. */
  'kernelDrops',
  'connectionsOpen',
  'connectionsTotal',
  /** Connections closed at once because the limit was reached. */
  'connectionsRefused',
  /** Connections closed because all partial frames together needed too much memory. */
  'connectionsOverMemory',
  /** Connections that ended with an error (a reset). */
  'connectionsFailed',
  /** Frames marked FLAG.frameDamaged, those cut off by the end of a connection included. */
  'framesDamaged',
  /** Records marked FLAG.truncated. */
  'truncated',
  /** Times that reading stopped because every slot of the ring was busy. */
  'ringFull',
  /** Messages read and then given up because the ring stayed full until the time to stop had run out. */
  'abandoned',
] as const

export type CounterName = (typeof COUNTERS)[number]
/** The values of all {@link COUNTERS} at one moment. */
export type Counters = Record<CounterName, number>

/** A listener's counters in shared memory: one thread writes, any thread reads; the same promises as SourceTable's counts. */
export class SharedCounters {
  readonly buffer: SharedArrayBuffer
  private readonly cells: Float64Array

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8 * COUNTERS.length)) {
    this.buffer = buffer
    this.cells = new Float64Array(buffer)
  }

  add(name: CounterName, n: number): void {
    this.cells[COUNTERS.indexOf(name)] += n
  }

  set(name: CounterName, n: number): void {
    this.cells[COUNTERS.indexOf(name)] = n
  }

  /** Two counters that move with every message, without a look-up. */
  message(bytes: number): void {
    this.cells[0] += 1
    this.cells[1] += bytes
  }

  read(): Counters {
    return Object.fromEntries(COUNTERS.map((name, i) => [name, this.cells[i]])) as Counters
  }
}
