import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import { CodedError } from '@pullbox/log/errors'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { parseTime } from '../time/time.ts'
import { findZone } from '../time/zone.ts'
import type { Frame, Search } from '../search/index.ts'

/** Queries that run at the same time. */
export const MAX_QUERIES = 8
/** Characters of a query. */
export const MAX_QUERY_TEXT = 16_384

const PARAMETERS = z.strictObject({
  q: z.string().max(MAX_QUERY_TEXT).default('*'),
  since: z.string().optional(),
  until: z.string().optional(),
  limit: z.coerce.number().int().positive().optional(),
  order: z.enum(['oldest', 'newest']).default('oldest'),
  tz: z.string().default('UTC'),
})

/** GET /api/v1/query: frames as lines of JSON as they come. A client that goes away, and `ending`, stop the work within one block. */
export function addQuery(app: FastifyInstance, search: Search, ending: AbortSignal): void {
  let running = 0
  app.get('/api/v1/query', async (request, reply) => {
    const gone = new AbortController()
    const frames = ask(search, request.query, AbortSignal.any([gone.signal, ending]))
    if (running >= MAX_QUERIES) {
      throw new CodedError('HTTP_BUSY', `${running} queries run already`, { hint: 'wait for one to end' })
    }
    running++
    reply.hijack()
    reply.raw.on('close', () => gone.abort())
    if (reply.raw.destroyed) gone.abort()
    try {
      await write(reply.raw, frames, gone.signal)
    } finally {
      running--
    }
  })
}

function ask(search: Search, parameters: unknown, signal: AbortSignal): AsyncIterable<Frame> {
  const read = PARAMETERS.safeParse(parameters)
  if (!read.success) {
    const [issue] = read.error.issues
    throw new CodedError('HTTP_PARAMETER', issue!.message, { at: issue!.path.join('.') })
  }
  const { q, since, until, limit, order, tz } = read.data
  const now = Date.now() * 1000
  const zone = findZone(tz, 'UTC')
  const time = (text: string): number => parseTime(text, { now, zone, local: 'UTC' })
  return search.query(q, {
    ...(since === undefined ? {} : { since: time(since) }),
    ...(until === undefined ? {} : { until: time(until) }),
    ...(limit === undefined ? {} : { limit }),
    order,
    now,
    tz: zone.name,
    signal,
  })
}

async function write(out: ServerResponse, frames: AsyncIterable<Frame>, gone: AbortSignal): Promise<void> {
  out.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  try {
    for await (const frame of frames) {
      // a slow client holds the query: nothing is gathered for it
      if (!out.write(`${JSON.stringify(frame)}\n`)) await once(out, 'drain', { signal: gone })
      if (gone.aborted) return
    }
  } catch (error) {
    if (gone.aborted) return
    const coded = error instanceof CodedError ? error : new CodedError('HTTP_FAILED', (error as Error).message)
    const { code, message, at, hint } = coded
    out.write(`${JSON.stringify({ type: 'error', code, message, at, hint })}\n`)
  }
  out.end()
}
