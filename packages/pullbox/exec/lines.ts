import { endingError, start, type Child, type Ending } from './child.ts'
import type { ExecOptions } from './options.ts'

export type LinesOptions = ExecOptions & {
  /** Bytes of a line without its LF; 1 MiB when not given. */
  most?: number
  /** What happens to a longer one. `error` (default): EXEC_OUTPUT_LIMIT. `cut`: it comes in pieces of `most` bytes, each but the last flagged `cut`. */
  long?: 'error' | 'cut'
}

/** How the line that was given last ended: at its LF, at the end of the output without one, or cut with its rest to come. */
export type LineFlag = 'whole' | 'no_lf' | 'cut'

const MOST = 1_048_576
const LF = 10

/**
 * Starts a program, without a shell, and gives its standard output line by line: bytes without the LF. Its pipe is read only
 * as fast as lines are asked for, so a slow consumer slows the program down. Start it only to iterate it.
 *
 * When the output has ended, the status is looked at: the iterator throws what `run` would reject with, after the last line.
 * An early `break` sends TERM to the process group, 2 s later KILL, and waits until the group is gone.
 * No time-out unless given.
 */
export function lines(program: string, args: readonly string[] = [], options: LinesOptions = {}): Lines {
  return new Lines(program, args, options)
}

/** The lines of one program. One consumer; a line is a view into the chunk it came in, which is not used again. */
export class Lines implements AsyncIterableIterator<Buffer, void, void> {
  /** How it ended; rejects with the error that the iterator throws. After a `break` it tells what became of the program. */
  readonly result: Promise<Ending>
  private lastFlag: LineFlag = 'whole'
  private starting: Promise<Child>
  private generator: AsyncGenerator<Buffer, void, void>
  private program: string
  private chunks: Buffer[] = []
  private at = 0
  private rest: Buffer = Buffer.alloc(0)
  private restSize = 0
  private most: number
  private cut: boolean
  private tooLong = false
  private done = false
  private wake: (() => void) | undefined
  private child: Child | undefined

  constructor(program: string, args: readonly string[], options: LinesOptions) {
    this.program = program
    this.most = options.most ?? MOST
    this.cut = options.long === 'cut'
    this.starting = start(program, args, options, (chunk) => this.onData(chunk))
    this.generator = this.generate()
    this.result = this.follow(options.ok)
    this.result.catch(() => undefined) // the iterator throws it, too
  }

  /** How the line that `next` gave last ended. */
  get flag(): LineFlag {
    return this.lastFlag
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Buffer, void>> {
    return this.generator.next()
  }

  /** Ends the program and its group; also while a `next` is waiting. */
  async return(): Promise<IteratorResult<Buffer, void>> {
    const child = await this.starting.catch(() => undefined)
    await child?.end('break')
    await child?.ended
    return this.generator.return()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  private async follow(ok: readonly number[] | undefined): Promise<Ending> {
    this.child = await this.starting
    const ending = await this.child.ended
    this.done = true
    this.wake?.()
    const error = endingError(this.child, ending, ok)
    if (error !== undefined) throw error
    return ending
  }

  private onData(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.child?.hold()
    this.wake?.()
  }

  private async *generate(): AsyncGenerator<Buffer, void, void> {
    const child = await this.starting
    for (;;) {
      for (let line = this.take(); line !== undefined; line = this.take()) yield line
      if (this.tooLong) {
        await child.end({
          code: 'EXEC_OUTPUT_LIMIT',
          message: `${this.program} wrote a line of more than ${this.most} bytes`,
          hint: 'Raise `most`, or let long lines be cut.',
        })
        break
      }
      if (this.done) break
      const { promise, resolve } = Promise.withResolvers<void>()
      this.wake = resolve
      child.more()
      await promise
      this.wake = undefined
    }
    if (this.restSize > 0 && !this.tooLong) {
      this.lastFlag = 'no_lf'
      yield this.withRest(this.rest.subarray(0, 0))
    }
    await this.result
  }

  /** The next line that is here whole, or undefined when more has to be read (or `tooLong`). */
  private take(): Buffer | undefined {
    for (let chunk = this.chunks[0]; chunk !== undefined; chunk = this.chunks[0]) {
      const feed = chunk.indexOf(LF, this.at)
      const end = feed < 0 ? chunk.length : feed
      const room = this.most - this.restSize
      if (end - this.at > room) {
        this.tooLong = !this.cut
        if (this.tooLong) return undefined
        this.lastFlag = 'cut'
        this.at += room
        return this.withRest(chunk.subarray(this.at - room, this.at))
      }
      const piece = chunk.subarray(this.at, end)
      if (feed >= 0) {
        this.at = feed + 1
        this.lastFlag = 'whole'
        return this.withRest(piece)
      }
      this.keep(piece)
      this.chunks.shift()
      this.at = 0
    }
    return undefined
  }

  private withRest(piece: Buffer): Buffer {
    if (this.restSize === 0) return piece
    const line = Buffer.concat([this.rest.subarray(0, this.restSize), piece])
    this.restSize = 0
    return line
  }

  /** Copies the beginning of a line that goes on, so that many small chunks take no more room than their bytes. */
  private keep(piece: Buffer): void {
    const size = this.restSize + piece.length
    if (size > this.rest.length) {
      const wider = Buffer.allocUnsafe(Math.max(size, Math.min(this.most, this.rest.length * 2), 1024))
      this.rest.copy(wider, 0, 0, this.restSize)
      this.rest = wider
    }
    piece.copy(this.rest, this.restSize)
    this.restSize = size
  }
}
