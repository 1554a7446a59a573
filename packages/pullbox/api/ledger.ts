import { CodedError } from '@pullbox/log/errors'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'

import type { CollectorStatus } from '../collector/index.ts'
import { checkLedger } from '../collector/index.ts'
import { TIME_TEXT, timeOf, ZONE_TEXT, zoneOf } from './parameters.ts'
import { readable } from './readable.ts'
import type { LedgerCheckView } from './views.ts'
import { ledgerCheckView } from './views.ts'

export interface LedgerOptions {
  readonly collector: { status(): Promise<CollectorStatus> }
  readonly store: { readonly type: string; readonly path: string | null }
}

const QUERY = z.strictObject({
  since: z.string().max(128).optional().describe(`only what came after the checkpoint nearest at or before this time, ${TIME_TEXT}`),
  tz: z.string().max(64).default('UTC').describe(ZONE_TEXT),
})

/**
 * GET /api/v1/ledger/check: counts every record on disk again, in a thread of its own, and compares with the account of this moment.
 * One at a time, as each reads the whole store. A client that goes away ends it.
 */
export function addLedger(app: FastifyInstance, { collector, store }: LedgerOptions, ending: AbortSignal): void {
  const spec = {
    summary: 'Every record counted again, and compared with the account',
    query: QUERY,
    answers: { 200: { description: 'Balanced or not, by source.', type: 'application/json', schema: ledgerCheckView } },
    errors: [
      'CLI_TIME',
      'CLI_TIME_ZONE',
      'HTTP_BUSY',
      'HTTP_NOT_READABLE',
      'STORE_SEGMENT_GONE',
      'LEDGER_UNREADABLE',
      'LEDGER_CHECK_FAILED',
    ],
  } as const
  let running = false
  app.get('/api/v1/ledger/check', { config: { spec } }, async (request, reply): Promise<LedgerCheckView> => {
    const { since, tz } = request.query as z.infer<typeof QUERY>
    const from = since === undefined ? undefined : timeOf(since, Date.now() * 1000, zoneOf(tz))
    const path = readable(store.path, store.type)
    if (running) throw new CodedError('HTTP_BUSY', 'the ledger is being checked already', { hint: 'wait for that check to end' })
    running = true
    try {
      const { lines, stats } = await collector.status()
      const signal = AbortSignal.any([gone(reply), ending])
      return await checkLedger({ path, account: { lines, through: stats.lastSeq }, signal, ...(from === undefined ? {} : { since: from }) })
    } finally {
      running = false
    }
  })
}

function gone(reply: FastifyReply): AbortSignal {
  const stop = new AbortController()
  reply.raw.once('close', () => stop.abort(new CodedError('HTTP_FAILED', 'the client has gone')))
  return stop.signal
}
