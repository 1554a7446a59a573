import { endingError, start } from './child.ts'
import type { ExecOptions } from './options.ts'

export type RunOptions = ExecOptions & {
  /** Bytes of standard output beyond which the program is ended with EXEC_OUTPUT_LIMIT; 16 MiB when not given. */
  limit?: number
}

export type RunResult = {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: Buffer
  /** The last 64 KiB. */
  stderr: Buffer
  /** Milliseconds from the start to the end of the program. */
  ms: number
  /** True when another process still held a pipe 200 ms after the program's end, so that output may be missing. */
  pipe_held: boolean
}

const LIMIT = 16 * 1_048_576
const TIMEOUT = 60_000

/**
 * Runs a program to its end, without a shell: each argument arrives as written. It runs in its own process group; a time-out
 * (60 s when not given), an abort or too much output sends TERM to the group and, 2 s later, KILL.
 * Resolves 200 ms after the program's end at the latest, whoever else holds its pipes. Processes it left behind stay.
 *
 * Rejects with ExecError. EXEC_BAD_ARGUMENT, EXEC_BAD_CWD, EXEC_NOT_FOUND, EXEC_NOT_ALLOWED, EXEC_NOT_STARTED: nothing ran.
 * EXEC_FAILED: status not in `ok`; EXEC_SIGNAL: ended by a signal of others; EXEC_TIMEOUT, EXEC_ABORTED, EXEC_OUTPUT_LIMIT.
 */
export async function run(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
  const limit = options.limit ?? LIMIT
  const chunks: Buffer[] = []
  let size = 0
  let full = false
  const onData = (chunk: Buffer): void => {
    if (size + chunk.length > limit) {
      full = true
      void child.end({
        code: 'EXEC_OUTPUT_LIMIT',
        message: `${program} wrote more than ${limit} bytes`,
        hint: 'Raise `limit`, or read it line by line.',
      })
    }
    if (full) return
    size += chunk.length
    chunks.push(chunk)
  }
  const child = await start(program, args, { timeout: TIMEOUT, ...options }, onData)
  const ending = await child.ended
  const error = endingError(child, ending, options.ok)
  if (error !== undefined) throw error
  return { ...ending, stdout: Buffer.concat(chunks, size) }
}
