import type { Context, Sink, StopReason } from '../context.ts'
import type { World } from '../shell.ts'

/** A sink that keeps what is written. */
export class MemorySink implements Sink {
  readonly isTTY: boolean
  readonly columns: number
  private readonly parts: Uint8Array[] = []

  constructor(isTTY = false, columns = 80) {
    this.isTTY = isTTY
    this.columns = columns
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.parts.push(typeof data === 'string' ? Buffer.from(data) : Uint8Array.from(data))
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.parts)
  }

  get text(): string {
    return Buffer.concat(this.parts).toString()
  }
}

export interface MemoryWorld extends World {
  readonly stdout: MemorySink
  readonly stderr: MemorySink
  /** What bugs were kept. */
  readonly bugs: string[]
  stop(reason: StopReason): void
}

/** A world in memory in which commands run in process: 2026-11-24T10:00:00Z, zone UTC, no environment. */
export function memoryWorld(change: Partial<Context> & { tty?: boolean; input?: string } = {}): MemoryWorld {
  const { tty = false, input = '', ...rest } = change
  const stop = new AbortController()
  const bugs: string[] = []
  return {
    stdin: {
      isTTY: false,
      async *[Symbol.asyncIterator]() {
        yield new TextEncoder().encode(input)
      },
    },
    env: {},
    cwd: '/',
    platform: 'linux',
    uid: 1000,
    zone: 'UTC',
    now: () => Date.UTC(2026, 10, 24, 10) * 1000,
    onHangup: () => {},
    exit: () => {},
    ...rest,
    signal: stop.signal,
    saveBug: (text) => `bug ${bugs.push(text)}`,
    stdout: new MemorySink(tty),
    stderr: new MemorySink(tty),
    bugs,
    stop: (reason) => stop.abort(reason),
  }
}
