import { z } from 'zod'

// What the API gives and the client reads: one schema each, from which the OpenAPI description is made.

/** A count of messages. */
const count = z.number().int()
/** Microseconds since 1970. */
const time = z.number()

export const healthView = z.object({ status: z.literal('ok') })
export const readyView = z.object({
  ready: z.boolean(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
})

const state = {
  received: count.describe('read from the network, ever'),
  stored: count.describe('synced to disk'),
  duplicate: count.describe('known already'),
  refused: count.describe('not kept, under the name of what refused them'),
  held: count.describe('read, and not yet synced or refused'),
  missing: count.describe('never received: gaps in sequence numbers'),
}

export const listenerView = z.object({
  name: z.string(),
  type: z.string(),
  address: z.string(),
  receiveBuffer: z.number().int().describe('bytes that the kernel granted'),
  native: z.boolean(),
  nice: z.number().int().optional().describe('nice value of the thread; below 0 where the system lets it go first'),
  counters: z.record(z.string(), z.number()),
  kernel_drops: count,
})

export const statusView = z.object({
  ...state,
  balanced: z.boolean(),
  version: z.string(),
  started: time,
  now: time,
  pid: z.number().int(),
  store: z.object({
    type: z.string(),
    path: z.string().nullable(),
    records: count,
    blocks: count,
    segments: count,
    bytes: z.number().int(),
    free_bytes: z.number().nullable(),
    damages: count,
    raw_blocks: count,
    waiting_bytes: z.number().int(),
    last_sync: time.nullable(),
  }),
  memory_bytes: z.number().int().describe('resident memory of the collector'),
  listeners: z.array(listenerView),
  trouble: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type StatusView = z.infer<typeof statusView>

export const sourceView = z.object({
  source: z.string(),
  host: z.string(),
  received: count,
  stored: count,
  duplicate: count,
  refused: z.record(z.string(), count),
  held: count,
  missing: count,
  first_seen: time,
  last_seen: time,
  check: count.describe('received - stored - duplicate - refused - held'),
  silent: z.boolean().describe('nothing came for longer than its configured silence'),
})
export type SourceView = z.infer<typeof sourceView>
export const sourcesView = z.object({ sources: z.array(sourceView) })
export type SourcesView = z.infer<typeof sourcesView>

export const ledgerLineView = z.object({
  source: z.string(),
  account: count.describe('stored, as the account says'),
  counted: count.describe('records found on disk by reading every block'),
  gone: count.describe('records that went by retention'),
  unreadable: count.describe('records in damaged blocks'),
  difference: count.describe('account - counted - gone - unreadable'),
  received: count,
  duplicate: count,
  refused: count,
  held: count,
  missing: count,
  check: count.describe('received - stored - duplicate - refused - held'),
})
export const ledgerCheckView = z.object({
  balanced: z.boolean().describe('every difference and every check is 0, and nothing is unreadable'),
  since: time.nullable(),
  blocks: count,
  records: count,
  damages: count,
  seconds: z.number(),
  sources: z.array(ledgerLineView),
})
export type LedgerCheckView = z.infer<typeof ledgerCheckView>

/** One field of a record and whence it comes. */
export const explainedField = z.object({
  name: z.string(),
  value: z.string(),
  from: z.string().describe('the reader and its version, such as "rfc5424 v1", or "received" for what the listener knew'),
  bytes: z.tuple([z.number().int(), z.number().int()]).nullable().describe('the bytes it came from, from <= b < to'),
  note: z.string().optional().describe('what was assumed, such as the year or the zone'),
})
export const explainView = z.object({
  record: z.record(z.string(), z.unknown()).describe('the record as /api/v1/query gives it'),
  bytes_base64: z.string(),
  fields: z.array(explainedField),
  store: z.object({
    seq: count,
    segment: z.string().nullable(),
    block: z.object({ from: z.number().int(), to: z.number().int(), first_seq: count, last_seq: count }).nullable(),
  }),
})
export type ExplainView = z.infer<typeof explainView>

export const errorView = z.object({
  error: z.object({ code: z.string(), message: z.string(), at: z.string(), hint: z.string() }),
})

const error = { code: z.string(), message: z.string(), at: z.string(), hint: z.string() }
const row = z.looseObject({ type: z.string().describe('"record", "gap", "audit"; "row" for rows that pipes made') })

/** A line of the answer to a query. */
export const frameView = z.discriminatedUnion('type', [
  z.object({ type: z.literal('rows'), rows: z.array(row) }),
  z.object({
    type: z.literal('progress'),
    blocks_read: count,
    blocks_total: count,
    bytes_read: count,
    bytes_total: count,
    matched: count,
    seconds: z.number(),
  }),
  z.object({
    type: z.literal('end'),
    complete: z.boolean(),
    reasons: z.array(
      z.object({
        kind: z.enum(['unreadable', 'source', 'stopped']),
        text: z.string(),
        count: count.optional(),
        since: time.nullable().optional(),
        until: time.nullable().optional(),
      }),
    ),
    stopped: z.boolean(),
    records: count,
    blocks_read: count,
    blocks_total: count,
    bytes_read: count,
    bytes_total: count,
    seconds: z.number(),
  }),
  z.object({ type: z.literal('error'), ...error }),
])

/** An event of a tail: its `event`, its `id` (the cursor), and its `data` as JSON. */
export const tailEventView = z.discriminatedUnion('event', [
  z.object({ event: z.literal('record'), id: z.string(), data: row }),
  z.object({
    event: z.literal('gap'),
    id: z.string(),
    data: z
      .object({ from: z.string(), to: z.string(), reason: z.string() })
      .describe('records that cannot be shown, by id, both inclusive'),
  }),
  z.object({
    event: z.literal('progress'),
    id: z.string(),
    data: z.object({ cursor: z.string() }).describe('all up to here was looked at'),
  }),
  z.object({ event: z.literal('error'), data: z.object(error).describe('why the tail ended') }),
])
