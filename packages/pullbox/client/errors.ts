import { CodedError } from '@pullbox/log/errors'

/** The collector cannot be reached at all. */
export function unreachable(at: string, cause: unknown): CodedError {
  return new CodedError('CLIENT_UNREACHABLE', `the collector cannot be reached: ${reasonOf(cause)}`, {
    at,
    hint: 'pullbox doctor tells what holds its port; without a collector the store itself is read',
    cause,
  })
}

/** The collector was there, and went in the middle of its answer. */
export function disconnected(at: string, cause?: unknown): CodedError {
  const why = cause === undefined ? 'it ended without the last line' : reasonOf(cause)
  return new CodedError('CLIENT_DISCONNECTED', `the answer of the collector broke off: ${why}`, { at, hint: 'ask again', cause })
}

/** Nothing came for too long. */
export function timedOut(at: string, milliseconds: number): CodedError {
  return new CodedError('CLIENT_TIMEOUT', `the collector said nothing for ${Math.round(milliseconds / 1000)} s`, { at })
}

/** What came is not what a collector of this version says. */
export function strange(at: string, what: string, cause?: unknown): CodedError {
  return new CodedError('CLIENT_ANSWER', `the answer cannot be understood: ${what}`, {
    at,
    hint: 'is it a collector of this version? pullbox version tells ours',
    cause,
  })
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
