import type { AddressInfo } from 'node:net'

import { CodedError } from '@pullbox/log/errors'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Collector } from '../collector/index.ts'
import type { Search } from '../search/index.ts'
import { sendError } from './errors.ts'
import { ALWAYS } from './headers.ts'
import { addLedger } from './ledger.ts'
import { addOpenApi } from './openapi.ts'
import { addQuery } from './query.ts'
import type { Readable } from './readable.ts'
import { addRecords } from './records.ts'
import type { KnownRoute } from './routes.ts'
import { routeAt, watchRoutes } from './routes.ts'
import { addHealth, addStatus } from './state.ts'
import type { StateOptions } from './state.ts'
import { Streams } from './streams.ts'
import { addTail } from './tail.ts'

/** Queries, and tails, that run at the same time. */
export const MOST_QUERIES = 8
export const MOST_TAILS = 64
/** Milliseconds between signs of life of a tail. */
export const HEARTBEAT_MS = 15_000

export interface ServerOptions extends Partial<Omit<Readable, 'search'>>, Partial<Omit<StateOptions, 'collector'>> {
  readonly collector: Pick<Collector, 'status'>
  /** null: the store is one that only its own thread can read. */
  readonly search: Search | null
  /** Address to listen on; port 0 takes a free one. */
  readonly host: string
  readonly port: number
  /** Names, beside localhost and the loopback addresses, that a request may give as its Host. */
  readonly names?: readonly string[]
  readonly mostQueries?: number
  readonly mostTails?: number
  readonly heartbeatMs?: number
}

export interface Server {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string
  /** Stops listening, ends running queries and tails and closes all connections. */
  close(): Promise<void>
}

/** Serves health, metrics, state, queries, tails and records. Every error is `{"error": {code, message, at, hint}}`. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const app = fastify({
    forceCloseConnections: true,
    // for addresses that cannot be decoded; no route and no hook sees them
    frameworkErrors: (error, _request, reply) => void sendError(reply, error),
  })
  const streams = new Streams()
  const names = new Set(['localhost', '127.0.0.1', '[::1]', ...(options.names ?? [])].map((name) => name.toLowerCase()))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(ALWAYS)
    checkHost(request.headers.host ?? '', names)
  })
  app.addHook('onSend', async (_request, reply, body) => endLine(String(reply.getHeader('content-type')), body))
  app.setErrorHandler((error, _request, reply) => sendError(reply, error))
  const known = watchRoutes(app)
  app.setNotFoundHandler((request, reply) => notFound(known, request, reply))
  addRoutes(app, options, known, streams)
  await app.listen({ host: options.host, port: options.port })
  const { address, family, port } = app.server.address() as AddressInfo
  return {
    address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    close: async () => {
      await streams.close()
      await app.close()
    },
  }
}

/** One line for each group of routes; each group has a file. */
function addRoutes(app: FastifyInstance, options: ServerOptions, known: readonly KnownRoute[], streams: Streams): void {
  const { collector, search, tail = null, records = null } = options
  const store = options.store ?? { type: 'segments', path: null }
  const state: StateOptions = {
    collector,
    store,
    silence: options.silence ?? (() => null),
    lastSync: options.lastSync ?? (() => null),
  }
  const { type } = store
  addHealth(app, state)
  addStatus(app, state)
  addQuery(app, { type, search, most: options.mostQueries ?? MOST_QUERIES }, streams)
  addTail(app, { type, tail, most: options.mostTails ?? MOST_TAILS, heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS }, streams)
  addRecords(app, type, records)
  addLedger(app, state, streams.ending)
  addOpenApi(app, known, async () => (await collector.status()).version)
}

/** JSON ends with a line feed, as a terminal likes it. */
function endLine(type: string, body: unknown): unknown {
  return typeof body === 'string' && type.startsWith('application/json') ? `${body}\n` : body
}

/** A page of another site that had its name resolved to this machine gives that name as the Host. */
function checkHost(host: string, names: ReadonlySet<string>): void {
  if (names.has(host.toLowerCase().replace(/:\d+$/, ''))) return
  throw new CodedError('HTTP_HOST', `the Host ${JSON.stringify(host)} is not a name of this server`, {
    hint: 'ask by localhost or 127.0.0.1, or add the name to the configuration',
  })
}

function notFound(known: readonly KnownRoute[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0]!
  if (routeAt(known, path) === undefined) {
    return sendError(
      reply,
      new CodedError('HTTP_NOT_FOUND', `there is nothing at ${path}`, { hint: 'GET /api/v1/openapi.json lists what there is' }),
    )
  }
  reply.header('allow', 'GET, HEAD')
  return sendError(reply, new CodedError('HTTP_METHOD', `${request.method} is not served at ${path}`, { hint: 'use GET or HEAD' }))
}
