/** Where a command writes. Text that is not ours has gone through `hostile` before. */
export interface Sink {
  readonly isTTY: boolean
  /** Width of the terminal; 80 when there is none. */
  readonly columns: number
  /** Its height; undefined when it is not known. */
  readonly rows?: number | undefined
  /**
   * Resolves when more may be written. Order is kept whether or not it is awaited.
   * @throws ClosedPipe when nobody reads any more
   */
  write(data: string | Uint8Array): Promise<void>
  /** The descriptor, where it writes to a regular file. */
  readonly file?: number | null
}

/** Thrown by a sink whose reader has gone; the shell ends quietly with 0. Let it pass. */
export class ClosedPipe extends Error {
  constructor() {
    super('nobody reads the output any more')
    this.name = 'ClosedPipe'
  }
}

/** Why `Context.signal` aborted. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'pipe'

/** All that a command has of the world around it; tests hand in their own. */
export interface Context {
  readonly stdout: Sink
  readonly stderr: Sink
  /** Bytes as they come. */
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly platform: NodeJS.Platform
  /** -1 where there are no user ids. */
  readonly uid: number
  /** Name of the zone of this terminal. */
  readonly zone: string
  /** Whether escapes that colour may be written. */
  readonly color: { readonly stdout: boolean; readonly stderr: boolean }
  /** Microseconds since 1970. */
  now(): number
  /** Aborts at the first signal or when stdout is closed; the reason is a StopReason. */
  readonly signal: AbortSignal
  /** Registers what SIGHUP does; without a listener it ends the process, as is usual. */
  onHangup(listener: () => void): void
  /** Registers how to say what was covered so far; said on stderr when a signal stops the command. */
  covered(says: () => string): void
  /** Ends the process now. For a second signal; commands return their status instead. */
  exit(code: number): void
  /** Keeps the text of a bug in a new file that only this user reads; its path. */
  saveBug(text: string): string
}
