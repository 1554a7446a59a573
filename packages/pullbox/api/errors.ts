import { CodedError } from '@pullbox/log/errors'
import type { FastifyReply } from 'fastify'

/** Status of codes that are not simply a wrong request (400) or our own failure (500). */
const STATUS: ReadonlyMap<string, number> = new Map([
  ['HTTP_HOST', 403],
  ['HTTP_NOT_FOUND', 404],
  ['HTTP_NO_RECORD', 404],
  ['HTTP_METHOD', 405],
  ['HTTP_NOT_READABLE', 501],
  ['HTTP_BUSY', 503],
])

const ASKED_WRONG = /^(?:HTTP|QUERY|CLI|TAIL)_/

/** The error as its code, or HTTP_FAILED for what nobody foresaw. */
export function coded(error: unknown): CodedError {
  return error instanceof CodedError ? error : new CodedError('HTTP_FAILED', (error as Error).message, { cause: error })
}

/** What is told of it, in every form of answer. */
export function errorBody({ code, message, at, hint }: CodedError): { code: string; message: string; at: string; hint: string } {
  return { code, message, at, hint }
}

export function statusOf(code: string): number {
  if (code === 'HTTP_FAILED') return 500
  return STATUS.get(code) ?? (ASKED_WRONG.test(code) ? 400 : 500)
}

/** Answers with `{"error": {code, message, at, hint}}`. */
export function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof CodedError) return reply.code(statusOf(error.code)).send({ error: errorBody(error) })
  const { statusCode = 500, message } = error as { statusCode?: number; message: string }
  const code = statusCode < 500 ? 'HTTP_REQUEST' : 'HTTP_FAILED'
  return reply.code(statusCode).send({ error: { code, message, at: '', hint: '' } })
}
