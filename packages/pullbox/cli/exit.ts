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

// By the code's first word; where an area has several outcomes the thrower uses ExitError or the table below names the code.
const BY_AREA: Readonly<Record<string, number>> = {
  CLI: EXIT.usage,
  QUERY: EXIT.usage,
  IP: EXIT.usage,
  CONFIG: EXIT.config,
  INPUT: EXIT.config,
  HTTP: EXIT.unreachable,
  STORE: EXIT.checkFailed,
  BLOCK: EXIT.checkFailed,
  CBOR: EXIT.checkFailed,
  WIRE: EXIT.checkFailed,
  EXEC: EXIT.cannotExecute,
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
  const exit = typeof e.exit === 'number' ? e.exit : e.code.endsWith('_NOT_FOUND') && area === 'EXEC' ? EXIT.notFound : BY_AREA[area]
  return { code: e.code, message: e.message, at: text(e.at), hint: text(e.hint), exit }
}
