import type { IncomingMessage } from 'node:http'
import { request } from 'node:http'

import { CodedError } from '@pullbox/log/errors'

import { errorView } from '../api/views.ts'
import { strange, timedOut, unreachable } from './errors.ts'

/** Bytes of an answer that is read as a whole. */
const LARGEST_ANSWER = 64 << 20

export interface Asked {
  readonly signal?: AbortSignal
  /** Milliseconds without a byte after which the answer counts as lost. */
  readonly silence: number
  readonly accept?: string
}

/**
 * Asks a collector. The answer's body is to be read, or destroyed. Its silence is watched until it ends.
 * @throws CLIENT_UNREACHABLE, CLIENT_TIMEOUT, the collector's own error, or the abort of the signal
 */
export async function get(base: string, path: string, { signal, silence, accept = 'application/json' }: Asked): Promise<IncomingMessage> {
  const url = new URL(path, base)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // A connection of its own: closing it is how work is cancelled.
    const asked = request(url, { agent: false, headers: { accept, connection: 'close' }, ...(signal === undefined ? {} : { signal }) })
    asked.setTimeout(silence, () => asked.destroy(timedOut(base, silence)))
    asked.on('response', resolve)
    asked.on('error', (error) => {
      if (signal?.aborted || error instanceof CodedError) reject(error)
      else reject(unreachable(base, error))
    })
    asked.end()
  })
  if (answer.statusCode === 200) return answer
  throw await errorOf(base, answer)
}

/** The whole answer, as JSON. @throws as {@link get}, and CLIENT_ANSWER */
export async function getJson(base: string, path: string, asked: Asked): Promise<unknown> {
  return json(base, await get(base, path, asked))
}

async function json(base: string, answer: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      parts.push(part)
      size += part.length
      if (size > LARGEST_ANSWER) throw strange(base, `it is larger than ${LARGEST_ANSWER} bytes`)
    }
  } catch (error) {
    throw error instanceof CodedError || (error as Error).name === 'AbortError' ? error : unreachable(base, error)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch (cause) {
    throw strange(base, 'it is not JSON', cause)
  }
}

async function errorOf(base: string, answer: IncomingMessage): Promise<CodedError> {
  let body: unknown
  try {
    body = await json(base, answer)
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error
    body = null
  }
  const read = errorView.safeParse(body)
  if (!read.success) return strange(base, `status ${answer.statusCode} ${answer.statusMessage ?? ''}`)
  const { code, message, at, hint } = read.data.error
  return new CodedError(code, message, { at, hint })
}
