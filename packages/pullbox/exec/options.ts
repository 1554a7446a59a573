import { ExecError } from './errors.ts'

export type ExecOptions = {
  /** Working directory; this process's own when not given. */
  cwd?: string
  /** Environment beside PATH and LANG=C.UTF-8; nothing else is passed on. A PATH here takes the place of ours. */
  env?: Readonly<Record<string, string>>
  /** What the program reads; without it, its standard input is at its end. */
  stdin?: string | Uint8Array
  /** Exit statuses that are no failure; [0] when not given. */
  ok?: readonly number[]
  /** Milliseconds from the start, then TERM; 0, or more than 24 days, = none. */
  timeout?: number
  /** Milliseconds from TERM to KILL; 2000 when not given. */
  grace?: number
  /** Ends the program as a time-out does; the error is EXEC_ABORTED. */
  abort?: AbortSignal
}

/** Milliseconds between TERM and KILL. */
export const GRACE = 2000
/** Milliseconds that the pipes may stay open after the program has ended. */
export const PIPE_WAIT = 200
/** Bytes of standard error that are kept: the last ones. */
export const STDERR_KEPT = 65_536

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

/** Refuses what cannot be passed to a program, before anything is started. Throws EXEC_BAD_ARGUMENT or EXEC_BAD_CWD. */
export function checkCall(program: string, args: readonly string[], options: ExecOptions): void {
  if (typeof program !== 'string' || program === '') throw bad('the program has no name', 'program')
  if (program.includes('\0')) throw bad('the name of the program holds a NUL byte', 'program')
  for (const [i, arg] of args.entries()) {
    if (typeof arg !== 'string') throw bad(`argument ${i + 1} of ${program} is no string`, `argument ${i + 1}`)
    if (arg.includes('\0')) throw bad(`argument ${i + 1} of ${program} holds a NUL byte`, `argument ${i + 1}`)
  }
  for (const [name, value] of Object.entries(options.env ?? {})) {
    if (name === '' || /[=\0]/.test(name))
      throw bad(`${JSON.stringify(name)} is no name for an environment variable`, `env ${JSON.stringify(name)}`)
    if (typeof value !== 'string' || value.includes('\0'))
      throw bad(`environment variable ${name} holds a NUL byte or is no string`, `env ${name}`)
  }
  if (options.cwd !== undefined && (options.cwd === '' || options.cwd.includes('\0'))) {
    throw new ExecError('EXEC_BAD_CWD', 'the working directory is empty or holds a NUL byte', { at: JSON.stringify(options.cwd) })
  }
}

/** All that the program finds in its environment. */
export function environmentOf(options: ExecOptions): Record<string, string> {
  return { PATH: process.env['PATH'] ?? DEFAULT_PATH, LANG: 'C.UTF-8', ...options.env }
}

function bad(message: string, at: string): ExecError {
  return new ExecError('EXEC_BAD_ARGUMENT', message, { at, hint: 'A NUL byte ends a string for the system; give the text without it.' })
}
