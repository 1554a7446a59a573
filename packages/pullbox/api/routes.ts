import { CodedError } from '@pullbox/log/errors'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

/** One form of answer. `schema` is of the whole body; of one line or event where the body is a stream of them. */
export interface AnswerSpec {
  readonly description: string
  readonly type: 'application/json' | 'application/x-ndjson' | 'text/event-stream' | 'text/plain; version=0.0.4; charset=utf-8'
  readonly schema?: z.ZodType
}

/** What a route takes and gives. The same schemas check requests and make the OpenAPI description. */
export interface RouteSpec {
  readonly summary: string
  readonly description?: string
  /** A strict object: unknown parameters are refused. None are taken when absent. */
  readonly query?: z.ZodObject
  readonly params?: z.ZodObject
  /** Names of headers that the route reads, with what they do. */
  readonly headers?: Readonly<Record<string, string>>
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerSpec>>
  /** Codes of errors beside those that every route may give. */
  readonly errors?: readonly string[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly spec?: RouteSpec
  }
}

/** A GET route as it is described. */
export interface KnownRoute {
  /** In OpenAPI's form: `/api/v1/records/{id}`. */
  readonly path: string
  readonly spec: RouteSpec | null
}

const NONE = z.strictObject({})

/**
 * Watches the routes that are added from here on: their parameters are checked by their own `config.spec` and arrive parsed (defaults
 * and numbers set), and the returned list describes them.
 */
export function watchRoutes(app: FastifyInstance): readonly KnownRoute[] {
  const known: KnownRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    if (method !== 'GET') return
    known.push({ path: url.replaceAll(/:(\w+)/g, '{$1}'), spec: (config as { spec?: RouteSpec } | undefined)?.spec ?? null })
  })
  app.addHook('preValidation', async (request) => {
    const { spec } = request.routeOptions.config
    if (spec === undefined) return
    request.query = read(spec.query ?? NONE, request.query)
    if (spec.params !== undefined) request.params = read(spec.params, request.params)
  })
  return known
}

function read(schema: z.ZodObject, given: unknown): unknown {
  const answer = schema.safeParse(given)
  if (answer.success) return answer.data
  const [issue] = answer.error.issues
  const at = issue!.path.join('.') || ('keys' in issue! ? (issue.keys as string[]).join(', ') : '')
  const names = Object.keys(schema.shape)
  throw new CodedError('HTTP_PARAMETER', issue!.message, {
    at,
    hint: names.length === 0 ? 'this address takes no parameters' : `parameters: ${names.join(', ')}`,
  })
}

/** The known route that an address without its query belongs to. */
export function routeAt(known: readonly KnownRoute[], path: string): KnownRoute | undefined {
  const parts = path.split('/')
  return known.find((route) => {
    const own = route.path.split('/')
    return own.length === parts.length && own.every((part, i) => part === parts[i] || (part.startsWith('{') && parts[i] !== ''))
  })
}
