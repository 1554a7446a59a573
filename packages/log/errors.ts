/**
 * An error that a person can act on: a stable code, what is wrong, where, and what to do.
 * Each code has one heading in `docs/errors/`; `tools/` checks that in both directions.
 */
export class CodedError extends Error {
  readonly code: string
  /** Where: a file with line and column, an address, a byte offset. Empty when the message says it. */
  readonly at: string
  /** What to do about it. Empty when nothing can be done. */
  readonly hint: string

  constructor(code: string, message: string, more: { at?: string; hint?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'CodedError'
    this.code = code
    this.at = more.at ?? ''
    this.hint = more.hint ?? ''
  }
}
