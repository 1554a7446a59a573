import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Has dead buffers freed in time. The engine counts the memory behind buffers too, but lets 64 MiB of it die before it looks, in
 * each thread; a thread that makes megabytes a second and has a small heap is better swept by their count.
 */
export class Garbage {
  private readonly every: number
  private readonly collect: () => void
  private made = 0

  /** Sweeps after each `every` bytes that were made. */
  constructor(every: number, collect: () => void = exposed()) {
    this.every = every
    this.collect = collect
  }

  /** So many bytes of buffers were made that die soon. */
  add(bytes: number): void {
    this.made += bytes
    if (this.made < this.every) return
    this.made = 0
    this.collect()
  }
}

/** The engine's own collector, in this thread. */
function exposed(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
