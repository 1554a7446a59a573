import { CodedError } from '@pullbox/log/errors'

export type ExecCode =
  | 'EXEC_ABORTED'
  | 'EXEC_BAD_ARGUMENT'
  | 'EXEC_BAD_CWD'
  | 'EXEC_FAILED'
  | 'EXEC_NOT_ALLOWED'
  | 'EXEC_NOT_FOUND'
  | 'EXEC_NOT_STARTED'
  | 'EXEC_OUTPUT_LIMIT'
  | 'EXEC_SIGNAL'
  | 'EXEC_TIMEOUT'

export type ExecErrorMore = {
  at?: string
  hint?: string
  cause?: unknown
  status?: number | null
  signal?: NodeJS.Signals | null
  stderr?: Buffer
}

const NO_BYTES: Buffer = Buffer.alloc(0)

/** A program that could not be started, or did not end as it should. */
export class ExecError extends CodedError {
  declare readonly code: ExecCode
  /** Exit status of the program; null when it did not exit by itself. */
  readonly status: number | null
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null
  /** The last 64 KiB of its standard error. */
  readonly stderr: Buffer

  constructor(code: ExecCode, message: string, more: ExecErrorMore = {}) {
    super(code, message, more)
    this.name = 'ExecError'
    this.status = more.status ?? null
    this.signal = more.signal ?? null
    this.stderr = more.stderr ?? NO_BYTES
  }
}
