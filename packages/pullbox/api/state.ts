import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { CollectorStatus } from '../collector/index.ts'
import { metricsText } from './metrics.ts'
import type { AnswerSpec } from './routes.ts'
import { sourcesOf } from './sources.ts'
import type { StatusView } from './views.ts'
import { healthView, readyView, sourcesView, statusView } from './views.ts'

/** What state is told from. */
export interface StateOptions {
  readonly collector: { status(): Promise<CollectorStatus> }
  readonly store: { readonly type: string; readonly path: string | null }
  /** Microseconds that a source may be quiet; null = for ever. */
  readonly silence: (source: string) => number | null
  /** When the last sync ended, microseconds since 1970; null when none has in this run. */
  readonly lastSync: () => number | null
}

const json = (description: string, schema: z.ZodType): AnswerSpec => ({ description, type: 'application/json', schema })

/** Health, readiness and metrics: at the root, as probes and Prometheus ask for them. */
export function addHealth(app: FastifyInstance, options: StateOptions): void {
  const health = { summary: 'The process answers', answers: { 200: json('It does.', healthView) } }
  app.get('/health', { config: { spec: health } }, async () => ({ status: 'ok' }))
  const ready = {
    summary: 'Records are taken and stored',
    answers: { 200: json('They are.', readyView), 503: json('They are not, and why.', readyView) },
  }
  app.get('/ready', { config: { spec: ready } }, async (_request, reply) => {
    const reasons = await options.collector.status().then(
      ({ trouble }) => (trouble === null ? [] : [trouble]),
      (error: Error) => [{ code: 'HTTP_FAILED', message: error.message }],
    )
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons })
  })
  const type = 'text/plain; version=0.0.4; charset=utf-8'
  const metrics = { summary: 'Counts for Prometheus', answers: { 200: { description: 'Text format 0.0.4.', type } } } as const
  app.get('/metrics', { config: { spec: metrics } }, async (_request, reply) => {
    const status = await options.collector.status()
    return reply.type(type).send(metricsText(status, { rss: process.memoryUsage.rss(), lastSync: options.lastSync() }))
  })
}

export function addStatus(app: FastifyInstance, options: StateOptions): void {
  const status = { summary: 'The collector, its listeners and its store', answers: { 200: json('As of now.', statusView) } }
  app.get('/api/v1/status', { config: { spec: status } }, async () => statusOf(await options.collector.status(), options))
  const sources = { summary: 'The account of each source', answers: { 200: json('As of now.', sourcesView) } }
  app.get('/api/v1/sources', { config: { spec: sources } }, async () => {
    const { lines, now } = await options.collector.status()
    return sourcesOf(lines, now, options.silence)
  })
}

/** A number that JSON has, or null. */
const known = (n: number): number | null => (Number.isFinite(n) ? n : null)

function statusOf(status: CollectorStatus, { store, lastSync }: StateOptions): StatusView {
  const { totals, balanced, version, started, now, stats, listenersNow, trouble, rawBlocks, waitingBytes } = status
  return {
    ...totals,
    balanced,
    version,
    started,
    now,
    pid: process.pid,
    store: {
      ...store,
      records: stats.records,
      blocks: stats.blocks,
      segments: stats.segments,
      bytes: stats.bytes,
      free_bytes: known(stats.freeBytes),
      damages: stats.damages,
      raw_blocks: rawBlocks,
      waiting_bytes: waitingBytes,
      last_sync: lastSync(),
    },
    memory_bytes: process.memoryUsage.rss(),
    listeners: listenersNow.map(({ kernelDrops, ...one }) => ({ ...one, kernel_drops: kernelDrops })),
    trouble,
  }
}
