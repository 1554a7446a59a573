import { CodedError } from '@pullbox/log/errors'

/** Exit statuses, as `docs/guides/command-line.md` lists them. */
export const EXIT = {
  done: 0,
  /** With `--match`: nothing matched, and the range was complete. */
  noMatch: 1,
  usage: 2,
  /** Something was shown, but not all of it; beats 0 and 1. */
  incomplete: 3,
  unreachable: 4,
  notAllowed: 5,
  config: 6,
  limit: 7,
  checkFailed: 8,
  bug: 70,
  cannotExecute: 126,
  notFound: 127,
  interrupted: 130,
  terminated: 143,
} as const

/** A CodedError whose exit status is not the one of its area. */
export class ExitError extends CodedError {
  readonly exit: number

  constructor(exit: number, code: string, message: string, more: { at?: string; hint?: string; cause?: unknown } = {}) {
    super(code, message, more)
    this.exit = exit
  }
}

/** An error of use: exit status 2. */
export function usage(message: string, hint = ''): ExitError {
  return new ExitError(EXIT.usage, 'CLI_USAGE', message, { hint })
}

// By the code's first word; BY_CODE has the exceptions, and a thrower may say its own with ExitError.
const BY_AREA: Readonly<Record<string, number>> = {
  CLI: EXIT.usage,
  QUERY: EXIT.usage,
  IP: EXIT.usage,
  CONFIG: EXIT.config,
  INPUT: EXIT.config,
  HTTP: EXIT.unreachable,
  CLIENT: EXIT.unreachable,
  TAIL: EXIT.usage,
  STORE: EXIT.checkFailed,
  BLOCK: EXIT.checkFailed,
  CBOR: EXIT.checkFailed,
  LEDGER: EXIT.checkFailed,
  WIRE: EXIT.checkFailed,
  JSON: EXIT.usage,
  EXEC: EXIT.cannotExecute,
}

const BY_CODE: Readonly<Record<string, number>> = {
  EXEC_NOT_FOUND: EXIT.notFound,
  EXEC_BAD_ARGUMENT: EXIT.usage,
  EXEC_BAD_CWD: EXIT.usage,
  EXEC_FAILED: EXIT.checkFailed,
  EXEC_SIGNAL: EXIT.checkFailed,
  EXEC_TIMEOUT: EXIT.unreachable,
  EXEC_OUTPUT_LIMIT: EXIT.limit,
  INPUT_NO_RIGHTS: EXIT.notAllowed,
  STORE_BAD_PATH: EXIT.config,
  STORE_DRIVER_CONTRACT: EXIT.config,
  STORE_DRIVER_LOAD: EXIT.config,
  STORE_DRIVER_OPTIONS: EXIT.config,
  STORE_DRIVER_UNKNOWN: EXIT.config,
  STORE_DISK_FULL: EXIT.limit,
  STORE_LOCKED: EXIT.config,
  STORE_READ_ONLY: EXIT.notAllowed,
}

const BY_SYSTEM: Readonly<Record<string, number>> = {
  EACCES: EXIT.notAllowed,
  EPERM: EXIT.notAllowed,
  EROFS: EXIT.notAllowed,
  ENOENT: EXIT.usage,
  ENOTDIR: EXIT.usage,
  EISDIR: EXIT.usage,
  ELOOP: EXIT.usage,
  ENAMETOOLONG: EXIT.usage,
  ENOSPC: EXIT.limit,
  EDQUOT: EXIT.limit,
  EMFILE: EXIT.limit,
  EADDRINUSE: EXIT.config,
  EADDRNOTAVAIL: EXIT.config,
  ECONNREFUSED: EXIT.unreachable,
  ECONNRESET: EXIT.unreachable,
  EHOSTUNREACH: EXIT.unreachable,
  ENETUNREACH: EXIT.unreachable,
  ETIMEDOUT: EXIT.unreachable,
  ENOTFOUND: EXIT.unreachable,
  EAI_AGAIN: EXIT.unreachable,
}

/** What the shell says and returns for anything thrown; null when it is a bug of ours. */
export function explain(thrown: unknown): { code: string; message: string; at: string; hint: string; exit: number } | null {
  if (!(thrown instanceof Error)) return null
  const e = thrown as Error & { code?: unknown; at?: unknown; hint?: unknown; exit?: unknown; path?: unknown; syscall?: unknown }
  if (typeof e.code !== 'string') return null
  if (e.code in BY_SYSTEM && typeof e.syscall === 'string') {
    const at = typeof e.path === 'string' ? e.path : ''
    return { code: 'CLI_SYSTEM', message: e.message, at, hint: '', exit: BY_SYSTEM[e.code] }
  }
  // Node's own codes (ERR_...) are bugs of ours; codes of other packages of the house have no class in common.
  const area = /^([A-Z]+)_[A-Z0-9_]+$/.exec(e.code)?.[1] ?? ''
  if (!(area in BY_AREA)) return null
  const text = (v: unknown) => (typeof v === 'string' ? v : '')
  const exit = typeof e.exit === 'number' ? e.exit : (BY_CODE[e.code] ?? BY_AREA[area])
  return { code: e.code, message: e.message, at: text(e.at), hint: text(e.hint), exit }
}
