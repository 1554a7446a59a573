import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import { CodedError } from '@pullbox/log/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'

import type { Frame, Search } from '../search/index.ts'
import { coded, errorBody } from './errors.ts'
import { ALWAYS } from './headers.ts'
import { MOST_QUERY_TEXT, timeOf, TIME_TEXT, zoneOf, ZONE_TEXT } from './parameters.ts'
import type { Readable } from './readable.ts'
import { readable } from './readable.ts'
import type { Streams } from './streams.ts'
import { frameView } from './views.ts'

export interface QueryRouteOptions {
  readonly type: string
  readonly search: Readable['search']
  /** Queries at the same time. */
  readonly most: number
}

const QUERY = z.strictObject({
  q: z.string().max(MOST_QUERY_TEXT).default('*').describe('LogsQL'),
  since: z.string().max(128).optional().describe(`records from this time on; ${TIME_TEXT}`),
  until: z.string().max(128).optional().describe('records before this time'),
  limit: z.coerce.number().int().positive().optional().describe('at most so many rows'),
  order: z.enum(['oldest', 'newest']).default('oldest').describe('order of rows that no pipe sorts'),
  tz: z.string().max(64).default('UTC').describe(ZONE_TEXT),
})

/** GET /api/v1/query: frames as lines of JSON as they come. A client that goes away, and the server's close, stop the work within one block. */
export function addQuery(app: FastifyInstance, options: QueryRouteOptions, streams: Streams): void {
  let running = 0
  const spec = {
    summary: 'Search, with the rows as they are found',
    description:
      'One JSON object a line: `progress` and `rows` as they come, then one `end`, which says whether the answer is complete and if not, why; ' +
      'or one `error`. Closing the connection ends the work.',
    query: QUERY,
    answers: { 200: { description: 'One frame a line.', type: 'application/x-ndjson', schema: frameView } },
    errors: ['QUERY_SYNTAX', 'CLI_TIME', 'HTTP_BUSY', 'HTTP_NOT_READABLE'],
  } as const
  app.get('/api/v1/query', { config: { spec } }, async (request, reply) => {
    const gone = new AbortController()
    const frames = ask(readable(options.search, options.type), request, AbortSignal.any([gone.signal, streams.ending]))
    if (running >= options.most) {
      throw new CodedError('HTTP_BUSY', `${running} queries run already`, { hint: 'wait for one to end' })
    }
    reply.hijack()
    reply.raw.writeHead(200, { ...ALWAYS, 'content-type': 'application/x-ndjson' })
    if (request.method === 'HEAD') return reply.raw.end()
    running++
    reply.raw.on('close', () => gone.abort())
    if (reply.raw.destroyed) gone.abort()
    try {
      await streams.run(write(reply.raw, frames, gone.signal))
    } finally {
      running--
    }
  })
}

function ask(search: Search, request: FastifyRequest, signal: AbortSignal): AsyncIterable<Frame> {
  const { q, since, until, limit, order, tz } = request.query as z.infer<typeof QUERY>
  const now = Date.now() * 1000
  const zone = zoneOf(tz)
  return search.query(q.trim() === '' ? '*' : q, {
    ...(since === undefined ? {} : { since: timeOf(since, now, zone) }),
    ...(until === undefined ? {} : { until: timeOf(until, now, zone) }),
    ...(limit === undefined ? {} : { limit }),
    order,
    now,
    tz: zone.name,
    signal,
  })
}

async function write(out: ServerResponse, frames: AsyncIterable<Frame>, gone: AbortSignal): Promise<void> {
  try {
    for await (const frame of frames) {
      // a slow client holds the query: nothing is gathered for it
      if (!out.write(`${JSON.stringify(frame)}\n`)) await once(out, 'drain', { signal: gone })
      if (gone.aborted) return
    }
  } catch (error) {
    if (gone.aborted) return
    out.write(`${JSON.stringify({ type: 'error', ...errorBody(coded(error)) })}\n`)
  }
  out.end()
}
