import { CodedError } from '@pullbox/log/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { MOST_LAST, type Tail, type TailEvent } from '../tail/index.ts'
import { coded, errorBody } from './errors.ts'
import { EventStream } from './event-stream.ts'
import type { Readable } from './readable.ts'
import { readable } from './readable.ts'
import type { Streams } from './streams.ts'
import { MOST_QUERY_TEXT, timeOf, TIME_TEXT, zoneOf, ZONE_TEXT } from './parameters.ts'
import { tailEventView } from './views.ts'

export interface TailRouteOptions {
  readonly type: string
  readonly tail: Readable['tail']
  /** Tails at the same time. */
  readonly most: number
  /** Milliseconds between signs of life. */
  readonly heartbeatMs: number
}

const QUERY = z.strictObject({
  q: z.string().max(MOST_QUERY_TEXT).default('*').describe('LogsQL: a filter, and pipes that look at one row'),
  cursor: z.string().max(64).optional().describe('goes on after this; the header Last-Event-ID wins over it'),
  last: z.coerce.number().int().min(0).max(MOST_LAST).optional().describe('first the last so many rows that match'),
  since: z.string().max(128).optional().describe(`first all rows from this time on; ${TIME_TEXT}`),
  tz: z.string().max(64).default('UTC').describe(ZONE_TEXT),
})

/**
 * GET /api/v1/tail: events `record`, `gap`, `progress` and, at the end of one that failed, `error`. The cursor of each is its `id`,
 * so that a browser goes on by itself after a break. A client that goes away, and the server's close, stop the work.
 */
export function addTail(app: FastifyInstance, options: TailRouteOptions, streams: Streams): void {
  let running = 0
  const spec = {
    summary: 'Follow what is stored, in write order',
    description:
      'Server-sent events. `id` is the cursor: given back as `Last-Event-ID` or `cursor` it goes on without a gap and without a repeat. ' +
      'With Last-Event-ID, `cursor`, `last` and `since` only said where the first connection began and are passed over.',
    query: QUERY,
    headers: { 'Last-Event-ID': 'the id of the last event that came' },
    answers: { 200: { description: 'One event after the other.', type: 'text/event-stream', schema: tailEventView } },
    errors: ['TAIL_PIPE', 'TAIL_TIME', 'TAIL_CURSOR', 'TAIL_CURSOR_AHEAD', 'TAIL_START', 'QUERY_SYNTAX', 'HTTP_BUSY', 'HTTP_NOT_READABLE'],
  } as const
  app.get('/api/v1/tail', { config: { spec } }, async (request, reply) => {
    const gone = new AbortController()
    const events = follow(readable(options.tail, options.type), request, AbortSignal.any([gone.signal, streams.ending]))
    if (running >= options.most) throw new CodedError('HTTP_BUSY', `${running} tails run already`, { hint: 'wait for one to end' })
    reply.hijack()
    const stream = new EventStream(reply.raw, gone)
    if (request.method === 'HEAD') return stream.end()
    running++
    try {
      await streams.run(pass(events, stream, options.heartbeatMs))
    } finally {
      running--
    }
  })
}

function follow(tail: Tail, request: FastifyRequest, signal: AbortSignal): AsyncIterable<TailEvent> {
  const { q, cursor, last, since, tz } = request.query as z.infer<typeof QUERY>
  const now = Date.now() * 1000
  const zone = zoneOf(tz)
  const text = q.trim() === '' ? '*' : q
  const resumed = request.headers['last-event-id']
  if (typeof resumed === 'string' && resumed !== '') return tail.follow(text, { cursor: resumed, tz: zone.name, signal })
  return tail.follow(text, {
    ...(cursor === undefined ? {} : { cursor }),
    ...(last === undefined ? {} : { last }),
    ...(since === undefined ? {} : { since: timeOf(since, now, zone) }),
    tz: zone.name,
    signal,
  })
}

/** Passes events on as fast as the client takes them. Progress is told at the start and by the heartbeat only. */
async function pass(events: AsyncIterable<TailEvent>, stream: EventStream, heartbeatMs: number): Promise<void> {
  let cursor = ''
  const beat = setInterval(() => stream.idle('progress', cursor, { cursor }), heartbeatMs)
  try {
    for await (const event of events) {
      const first = cursor === ''
      cursor = event.cursor
      if (event.type === 'record') await stream.send('record', cursor, event.record)
      else if (event.type === 'gap') await stream.send('gap', cursor, { from: event.from, to: event.to, reason: event.reason })
      else if (first) await stream.send('progress', cursor, { cursor })
      if (stream.gone) return
    }
  } catch (error) {
    if (!stream.gone) await stream.send('error', '', errorBody(coded(error)))
  } finally {
    clearInterval(beat)
    stream.end()
  }
}
