import { CodedError } from '@pullbox/log/errors'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { explainRecord } from '../search/index.ts'
import type { Readable } from './readable.ts'
import { readable } from './readable.ts'
import { explainView } from './views.ts'

const PARAMS = z.strictObject({ id: z.string().max(64).describe('id of the record, as queries and tails give it') })

/** GET /api/v1/records/:id: one record with its bytes, and how each field came. */
export function addRecords(app: FastifyInstance, type: string, records: Readable['records']): void {
  const spec = {
    summary: 'One record with its bytes, and how each field came',
    params: PARAMS,
    answers: { 200: { description: 'The record.', type: 'application/json', schema: explainView } },
    errors: ['HTTP_NO_RECORD', 'HTTP_NOT_READABLE', 'STORE_BLOCK_DAMAGED'],
  } as const
  app.get('/api/v1/records/:id', { config: { spec } }, async (request) => {
    const { id } = request.params as z.infer<typeof PARAMS>
    const { reader, bound } = readable(records, type)
    reader.refresh(bound())
    const found = explainRecord(reader, id)
    if (found !== null) return found
    throw new CodedError('HTTP_NO_RECORD', `there is no record ${JSON.stringify(id)}`, {
      at: 'id',
      hint: 'it is not synced yet, went by retention, or never was',
    })
  })
}
