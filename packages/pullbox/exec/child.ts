import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { ExecError, type ExecCode } from './errors.ts'
import { endGroup } from './group.ts'
import { checkCall, environmentOf, GRACE, PIPE_WAIT, STDERR_KEPT, type ExecOptions } from './options.ts'
import { startError } from './start_error.ts'
import { TailBytes } from './tail_bytes.ts'

/** How a program ended. */
export type Ending = {
  /** Exit status; null when a signal ended it. */
  status: number | null
  signal: NodeJS.Signals | null
  /** The last 64 KiB. */
  stderr: Buffer
  /** Milliseconds from the start to the end of the program. */
  ms: number
  /** True when another process still held the pipe 200 ms after the program's end, so that output may be missing. */
  pipe_held: boolean
}

/** Why we ended it ourselves. */
export type Cause = { code: ExecCode; message: string; hint?: string } | 'break'

/** A timer of more milliseconds (24 days) would fire at once; such a time-out is none. */
const MOST_TIMEOUT = 2 ** 31 - 1

/** After the program's end, its pipe is emptied into memory whatever the consumer does, up to this many bytes. */
const DRAIN_MOST = 4 * 1_048_576

/**
 * One started program in its own process group. `onData` gets its output; the reader decides by `hold` and `more` when the
 * pipe is read. `ended` resolves when the program has ended and its pipes are at their end or PIPE_WAIT has passed; it never rejects.
 */
export class Child {
  readonly program: string
  readonly ended: Promise<Ending>
  /** Set by the first call of `end`. */
  cause: Cause | undefined
  private process: ChildProcess
  private stdout: Readable
  private started: number
  private stderr = new TailBytes(STDERR_KEPT)
  private grace: number
  private open = 2
  private exited = false
  private finished = false
  private ending: { status: number | null; signal: NodeJS.Signals | null; ms: number } | undefined
  private resolve: (ending: Ending) => void
  private drained = 0
  private timer: NodeJS.Timeout | undefined
  private abort: AbortSignal | undefined
  private onAbort = (): void => void this.end({ code: 'EXEC_ABORTED', message: `${this.program} was ended on request` })

  constructor(program: string, child: ChildProcess, started: number, options: ExecOptions, onData: (chunk: Buffer) => void) {
    const { promise, resolve } = Promise.withResolvers<Ending>()
    this.ended = promise
    this.resolve = resolve
    this.program = program
    this.process = child
    this.started = started
    this.grace = options.grace ?? GRACE
    this.stdout = child.stdout!
    this.stdout.on('data', (chunk: Buffer) => {
      onData(chunk)
      if (!this.exited) return
      this.drained += chunk.length
      if (this.drained > DRAIN_MOST) this.stdout.pause()
    })
    this.stdout.on('error', () => undefined) // the end of the stream follows, and the status tells
    child.stderr!.on('data', (chunk: Buffer) => this.stderr.push(chunk))
    child.stderr!.on('error', () => undefined)
    this.watch(child)
    const timeout = options.timeout ?? 0
    if (timeout > 0 && timeout <= MOST_TIMEOUT) {
      const hint = 'Give it longer, or find out what it waits for.'
      this.timer = setTimeout(
        () => void this.end({ code: 'EXEC_TIMEOUT', message: `${program} did not end within ${timeout} ms`, hint }),
        timeout,
      )
    }
    this.abort = options.abort
    if (this.abort?.aborted === true) this.onAbort()
    else this.abort?.addEventListener('abort', this.onAbort, { once: true })
  }

  /** Stops reading until `more`. After the program's end the pipe is read all the same, to a bound. */
  hold(): void {
    if (!this.exited) this.stdout.pause()
  }

  more(): void {
    if (this.drained <= DRAIN_MOST) this.stdout.resume()
  }

  /**
   * Ends the group: TERM, then KILL. The first cause counts. Resolves when the group is gone, or was sent KILL a second ago.
   * Does nothing once `ended` has resolved: the number of the group may belong to others by then.
   */
  async end(cause: Cause): Promise<void> {
    if (this.finished) return
    this.cause ??= cause
    await endGroup(this.process.pid!, this.grace)
    if (this.exited) return
    this.process.kill('SIGKILL') // a leader may have moved to another group
    const late = setTimeout(() => this.exit(null, null), 1000) // not even KILL ends a process stuck in the kernel
    await this.ended
    clearTimeout(late)
  }

  private watch(child: ChildProcess): void {
    for (const pipe of [child.stdout!, child.stderr!]) {
      pipe.once('close', () => {
        this.open--
        this.finish()
      })
    }
    child.once('exit', (status, signal) => this.exit(status, signal))
  }

  private exit(status: number | null, signal: NodeJS.Signals | null): void {
    if (this.exited) return
    this.ending = { status, signal, ms: performance.now() - this.started }
    this.exited = true
    clearTimeout(this.timer)
    this.stdout.resume()
    this.timer = setTimeout(() => this.lastReads(), PIPE_WAIT)
    this.finish()
  }

  /** Once the program has ended: when its pipes have, too, or `given_up`. */
  private finish(given_up = false): void {
    if (this.finished || this.ending === undefined || (this.open > 0 && !given_up)) return
    this.finished = true
    clearTimeout(this.timer)
    this.abort?.removeEventListener('abort', this.onAbort)
    const pipe_held = this.open > 0
    for (const pipe of [this.process.stdin, this.process.stdout, this.process.stderr]) pipe?.destroy()
    this.resolve({ ...this.ending, stderr: this.stderr.bytes(), pipe_held })
  }

  /** If the loop was busy while PIPE_WAIT passed, bytes may lie in the pipe unread: reads on as long as each round brings some. */
  private lastReads(before = -1): void {
    if (this.drained === before || this.drained > DRAIN_MOST) this.finish(true)
    else {
      const now = this.drained
      setImmediate(() => this.lastReads(now))
    }
  }
}

/**
 * Starts a program without a shell. Rejects with EXEC_BAD_ARGUMENT, EXEC_BAD_CWD, EXEC_NOT_FOUND, EXEC_NOT_ALLOWED or
 * EXEC_NOT_STARTED before it has put out anything; otherwise it runs.
 */
export async function start(
  program: string,
  args: readonly string[],
  options: ExecOptions,
  onData: (chunk: Buffer) => void,
): Promise<Child> {
  checkCall(program, args, options)
  if (options.abort?.aborted === true)
    throw new ExecError('EXEC_ABORTED', `${program} was not started: the request was taken back`, { cause: options.abort.reason })
  const env = environmentOf(options)
  const started = performance.now()
  let child: ChildProcess
  try {
    child = spawn(program, args, {
      cwd: options.cwd,
      env,
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true, // a process group of its own, so that all of it can be ended
    })
  } catch (error) {
    throw await startError(program, env['PATH']!, options.cwd, error)
  }
  if (child.pid === undefined) {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    child.once('error', resolve)
    const error = await promise
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy()
    throw await startError(program, env['PATH']!, options.cwd, error)
  }
  child.on('error', () => undefined) // a signal that could not be sent; `exit` still comes
  if (child.stdin !== null) {
    child.stdin.on('error', () => undefined) // a program may end without reading all of it
    child.stdin.end(options.stdin)
  }
  return new Child(program, child, started, options, onData)
}

/** The error of a program that has ended, or undefined when it ended as it should. */
export function endingError(child: Child, ending: Ending, ok: readonly number[] = [0]): ExecError | undefined {
  const { status, signal, stderr } = ending
  const more = { status, signal, stderr }
  if (child.cause !== undefined && child.cause !== 'break')
    return new ExecError(child.cause.code, child.cause.message, { ...more, hint: child.cause.hint ?? '' })
  if (child.cause === 'break') return undefined
  if (signal !== null) return new ExecError('EXEC_SIGNAL', `${child.program} was ended by ${signal}${lastWords(stderr)}`, more)
  if (status !== null && ok.includes(status)) return undefined
  return new ExecError('EXEC_FAILED', `${child.program} exited with status ${status}${lastWords(stderr)}`, more)
}

/** The last line of standard error, short enough for a message. */
function lastWords(stderr: Buffer): string {
  const text = stderr.toString('utf8').trimEnd()
  const line = text.slice(text.lastIndexOf('\n') + 1)
  return line === '' ? '' : `: ${line.length > 300 ? `${line.slice(0, 300)}...` : line}`
}
