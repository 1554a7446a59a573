import type { Context } from './context.ts'
import type { Given } from './arguments.ts'

/** One option of a command. Without `value` it is a switch; with it, it takes the word that follows, whatever that is. */
export interface Option {
  /** Without the two hyphens. */
  readonly name: string
  /** One letter, without the hyphen. */
  readonly short?: string
  /** Name of the value in the help text, such as `TIME`. */
  readonly value?: string
  /** May be given more than once. */
  readonly many?: boolean
  readonly choices?: readonly string[]
  readonly says: string
  readonly completes?: 'file' | 'directory'
}

/** One positional argument; only the last may be `many`. */
export interface Argument {
  readonly name: string
  readonly says: string
  readonly optional?: boolean
  readonly many?: boolean
  readonly choices?: readonly string[]
  readonly completes?: 'file' | 'directory'
}

export interface Example {
  /** A whole command line, starting with `pullbox`. */
  readonly line: string
  readonly says: string
}

/** The tasks under which `pullbox help` lists commands, in this order. */
export const GROUPS = ['run', 'look', 'send', 'files', 'config', 'net', 'house'] as const

/**
 * A command: what it takes and what it does. One file a command under `commands/`, exported as `command`; the file is loaded
 * for help and completion too, so heavy modules are imported inside `run`. A command with `commands` has no `run`.
 *
 * `run` returns the exit status (see `exit.ts`) or throws a CodedError. It ends soon after `ctx.signal` aborts, having told
 * `ctx.covered` how to say what was covered; the shell prints that and chooses the exit status of the signal.
 */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly group: (typeof GROUPS)[number]
  /** A paragraph or two for the help text. */
  readonly details?: string
  readonly args?: readonly Argument[]
  readonly options?: readonly Option[]
  readonly examples: readonly Example[]
  readonly commands?: readonly Command[]
  run?(ctx: Context, given: Given): Promise<number> | number
}

/** Options that many commands share, so that they read the same everywhere. */
export const COMMON = {
  json: { name: 'json', says: 'print one JSON object a line (and errors as one object on stderr)' },
  config: { name: 'config', short: 'c', value: 'FILE', completes: 'file', says: 'configuration file (PULLBOX_CONFIG)' },
  since: { name: 'since', value: 'TIME', says: 'from this time on, inclusive: 2h, today, 10:30, 2026-11-23T10:30Z, @1795429800 ...' },
  until: { name: 'until', value: 'TIME', says: 'up to this time, exclusive' },
  tz: {
    name: 'tz',
    value: 'ZONE',
    says: "zone of times without one, and of times shown: UTC, local, +01:00, Europe/Berlin (default: the terminal's)",
  },
  noPager: { name: 'no-pager', short: 'P', says: 'do not start a pager' },
  raw: { name: 'raw', says: 'print the exact bytes that were received' },
  framing: {
    name: 'framing',
    value: 'HOW',
    choices: ['lf', 'octet', 'nul', 'none'],
    says: 'what separates the records of --raw (default lf)',
  },
  force: { name: 'force', says: 'print raw bytes to a terminal all the same' },
} as const satisfies Record<string, Option>

/** Accepted by every command. */
export const GLOBAL: readonly Option[] = [
  { name: 'color', value: 'WHEN', choices: ['auto', 'always', 'never'], says: 'colours on a terminal only, always, or never' },
  { name: 'help', short: 'h', says: 'this text' },
]
