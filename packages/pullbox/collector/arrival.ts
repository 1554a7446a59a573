import type { BlockMessage, EmptyMessage } from './protocol.ts'

interface Line {
  next: number
  readonly early: Map<number, BlockMessage | EmptyMessage>
}

/**
 * Puts what several block workers hand over back into the order in which each listener received it, so that records are numbered
 * in order of arrival. What is early waits; it is counted by the gate like any other block.
 */
export class Arrival {
  private readonly lines = new Map<string, Line>()
  private readonly out: (block: BlockMessage) => void

  /** `out` gets the blocks, each listener's in turn. */
  constructor(out: (block: BlockMessage) => void) {
    this.out = out
  }

  take(message: BlockMessage | EmptyMessage): void {
    let line = this.lines.get(message.listener)
    if (line === undefined) this.lines.set(message.listener, (line = { next: 0, early: new Map() }))
    line.early.set(message.turn, message)
    for (;;) {
      const due = line.early.get(line.next)
      if (due === undefined) return
      line.early.delete(line.next)
      line.next = (line.next + 1) | 0
      if (due.type === 'block') this.out(due)
    }
  }

  /** No more comes: what still waits for a turn that a broken worker took with it goes on in order. */
  end(): void {
    for (const { next, early } of this.lines.values()) {
      const rest = [...early.values()].toSorted((a, b) => ((a.turn - next) >>> 0) - ((b.turn - next) >>> 0))
      early.clear()
      for (const message of rest) if (message.type === 'block') this.out(message)
    }
  }
}
