import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { statusOf } from './errors.ts'
import type { AnswerSpec, KnownRoute, RouteSpec } from './routes.ts'
import { errorView } from './views.ts'

type Json = { [name: string]: unknown }

/** Codes that any route may answer with. */
const ALWAYS = ['HTTP_HOST', 'HTTP_METHOD', 'HTTP_PARAMETER', 'HTTP_REQUEST', 'HTTP_FAILED']
const REFERENCE = { $ref: '#/components/schemas/Error' }

/** GET /api/v1/openapi.json: the description of all routes that are known when it is asked for first. */
export function addOpenApi(app: FastifyInstance, known: readonly KnownRoute[], version: () => Promise<string>): void {
  let made: Json | null = null
  const spec = { summary: 'This description', answers: { 200: { description: 'OpenAPI 3.1.', type: 'application/json' } } } as const
  app.get('/api/v1/openapi.json', { config: { spec } }, async () => (made ??= describeApi(known, await version())))
}

/** The OpenAPI 3.1 document of the routes, from the schemas by which they read requests. */
export function describeApi(known: readonly KnownRoute[], version: string): Json {
  const paths: Json = {}
  for (const { path, spec } of known.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const described = operation(path, spec ?? { summary: path, answers: { 200: { description: 'Success.', type: 'application/json' } } })
    paths[path] = {
      get: described,
      head: { ...described, operationId: `${String(described.operationId)}Head`, summary: `${String(described.summary)}: headers only` },
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pullbox',
      version,
      description:
        'Search, follow and account for what the network says. Times in answers are microseconds since 1970 where they are numbers.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas: { Error: schemaOf(errorView, 'output') } },
  }
}

function operation(path: string, spec: RouteSpec): Json {
  const responses: Json = {}
  for (const [status, answer] of Object.entries(spec.answers))
    responses[status] = { description: answer.description, content: contentOf(answer) }
  for (const [status, codes] of errorsOf(spec)) {
    responses[status] ??= { description: `Error: ${codes.join(', ')}.`, content: { 'application/json': { schema: REFERENCE } } }
  }
  return {
    operationId: path.replaceAll(/[^a-z0-9]+(\w?)/gi, (_, next: string) => next.toUpperCase()),
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    parameters: [
      ...parametersOf(spec.params, 'path'),
      ...parametersOf(spec.query, 'query'),
      ...Object.entries(spec.headers ?? {}).map(([name, description]) => ({
        name,
        in: 'header',
        required: false,
        description,
        schema: { type: 'string' },
      })),
    ],
    responses,
  }
}

function contentOf({ type, schema }: AnswerSpec): Json {
  const body = schema === undefined ? (type === 'application/json' ? { type: 'object' } : { type: 'string' }) : schemaOf(schema, 'output')
  return { [type]: { schema: body } }
}

/** Codes by status, in the order of the status. */
function errorsOf({ errors = [] }: RouteSpec): [string, string[]][] {
  const byStatus = new Map<string, string[]>()
  for (const code of [...ALWAYS, ...errors].toSorted()) {
    const status = String(code === 'HTTP_REQUEST' ? 400 : statusOf(code))
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return [...byStatus].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(properties).map(([name, { description, ...own }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: own,
  }))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...own } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as Json
  return own
}
