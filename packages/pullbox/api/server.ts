import type { AddressInfo } from 'node:net'

import { CodedError } from '@pullbox/log/errors'
import { refusedSum } from '@pullbox/log/ledger'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'

import type { Collector, CollectorStatus } from '../collector/index.ts'
import type { Search } from '../search/index.ts'
import { metricsText } from './metrics.ts'
import { addQuery } from './query.ts'

export interface ServerOptions {
  readonly collector: Pick<Collector, 'status'>
  readonly search: Search
  /** Address to listen on; port 0 takes a free one. */
  readonly host: string
  readonly port: number
  /** Names, beside localhost and the loopback addresses, that a request may give as its Host. */
  readonly names?: readonly string[]
}

export interface Server {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string
  /** Stops listening, ends running queries and closes all connections. */
  close(): Promise<void>
}

/** Serves health, metrics, status and queries. Every error is `{"error": {code, message, at, hint}}`. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const app = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    // for addresses that cannot be decoded; no route and no hook sees them
    frameworkErrors: (error, _request, reply) => void sendError(reply, error),
  })
  const ending = new AbortController()
  const names = new Set(['localhost', '127.0.0.1', '[::1]', ...(options.names ?? [])].map((name) => name.toLowerCase()))
  app.addHook('onRequest', async (request) => checkHost(request.headers.host ?? '', names))
  app.setErrorHandler((error, _request, reply) => sendError(reply, error))
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, new CodedError('HTTP_NOT_FOUND', `there is nothing at ${request.method} ${request.url.split('?')[0]}`)),
  )
  addState(app, options.collector)
  addQuery(app, options.search, ending.signal)
  await app.listen({ host: options.host, port: options.port })
  const { address, family, port } = app.server.address() as AddressInfo
  return {
    address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    close: async () => {
      ending.abort()
      await app.close()
    },
  }
}

/** A page of another site that had its name resolved to this machine gives that name as the Host. */
function checkHost(host: string, names: ReadonlySet<string>): void {
  if (names.has(host.toLowerCase().replace(/:\d+$/, ''))) return
  throw new CodedError('HTTP_HOST', `the Host ${JSON.stringify(host)} is not a name of this server`, {
    hint: 'ask by localhost or 127.0.0.1, or add the name to the configuration',
  })
}

const STATUS: ReadonlyMap<string, number> = new Map([
  ['HTTP_HOST', 403],
  ['HTTP_NOT_FOUND', 404],
  ['HTTP_BUSY', 503],
])

function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof CodedError) {
    const { code, message, at, hint } = error
    const status = STATUS.get(code) ?? (/^(HTTP|QUERY|CLI)_/.test(code) ? 400 : 500)
    return reply.code(status).send({ error: { code, message, at, hint } })
  }
  const { statusCode = 500, message } = error as { statusCode?: number; message: string }
  const code = statusCode < 500 ? 'HTTP_REQUEST' : 'HTTP_FAILED'
  return reply.code(statusCode).send({ error: { code, message, at: '', hint: '' } })
}

function addState(app: FastifyInstance, collector: Pick<Collector, 'status'>): void {
  app.get('/health', async () => ({ status: 'ok' }))
  app.get('/ready', async (_request, reply) => {
    const reasons = await collector.status().then(
      ({ trouble }) => (trouble === null ? [] : [trouble]),
      (error: Error) => [{ code: 'HTTP_FAILED', message: error.message }],
    )
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons })
  })
  app.get('/metrics', async (_request, reply) => {
    const text = metricsText(await collector.status(), process.memoryUsage.rss())
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text)
  })
  app.get('/api/v1/status', async () => statusView(await collector.status()))
  app.get('/api/v1/sources', async () => sourcesView(await collector.status()))
}

function statusView({ totals, balanced, version, started, stats, listenersNow, trouble, rawBlocks, waitingBytes }: CollectorStatus) {
  const listeners = listenersNow.map(({ kernelDrops, ...one }) => ({ ...one, kernel_drops: kernelDrops }))
  return { ...totals, balanced, version, started, store: { ...stats, rawBlocks, waitingBytes }, listeners, trouble }
}

function sourcesView({ lines }: CollectorStatus) {
  const sources = lines.map((line) => ({
    source: line.source,
    host: line.host,
    received: line.received,
    stored: line.stored,
    duplicate: line.duplicate,
    refused: line.refused,
    held: line.held,
    missing: line.missing,
    first_seen: line.firstSeen,
    last_seen: line.lastSeen,
    check: line.received - line.stored - line.duplicate - refusedSum(line) - line.held,
  }))
  return { sources }
}
