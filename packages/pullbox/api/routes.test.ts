import assert from 'node:assert/strict'
import { createConnection } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { z } from 'zod'

import type { Frame } from '../search/index.ts'
import { parseMetrics } from './testing/prometheus.ts'
import { ask, askJson, sendTcp, sendUdp, startWorld, stored, TailClient } from './testing/world.ts'
import type { World } from './testing/world.ts'
import type { ExplainView, SourcesView, StatusView } from './views.ts'

type Json = Record<string, unknown>
interface Operation {
  parameters: { name: string; in: string; required: boolean }[]
  responses: Record<string, { content: Record<string, { schema: Json }> }>
}
interface OpenApi {
  openapi: string
  paths: Record<string, Record<'get' | 'head', Operation>>
  components: { schemas: { Error: Json } }
}

let world: World

before(async () => {
  world = await startWorld({ names: ['logs.example'], mostQueries: 1, sources: [{ match: '127.0.0.0/8', silence: 300_000 }] })
  await sendTcp(world.tcp, '<13>Oct 11 22:14:15 web app[1]: first apple\n<13>Oct 11 22:14:16 web app[1]: second pear\n')
  await sendUdp(world.udp, '<11>1 2026-11-24T10:00:00Z edge sshd 77 ID1 [a@1 b="c"] third apple')
  await stored(world.address, 3)
})
after(() => world.close())

const frames = (body: string) =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Frame)

async function query(parameters: Record<string, string>): Promise<Frame[]> {
  const { status, body } = await ask(world.address, `/api/v1/query?${new URLSearchParams(parameters)}`)
  assert.equal(status, 200, body)
  return frames(body)
}

const rowsOf = (all: readonly Frame[]) => all.flatMap((frame) => (frame.type === 'rows' ? [...frame.rows] : []))

async function error(path: string, more: Parameters<typeof ask>[2] = {}): Promise<[number, string]> {
  const { status, body } = await ask(world.address, path, more)
  return [status, (JSON.parse(body) as { error: { code: string } }).error.code]
}

test('what senders sent is found, in the order and the part that was asked for', { timeout: 60_000 }, async () => {
  const found = await query({ q: '"first"' })
  assert.deepEqual(
    rowsOf(found).map((row) => [row.type, row.host, row._msg]),
    [['record', 'web', 'first apple']],
  )
  const end = found.at(-1)!
  assert.ok(end.type === 'end' && end.complete && !end.stopped && end.reasons.length === 0)
  assert.equal(end.records, 1)
  assert.deepEqual(rowsOf(await query({ q: 'apple | stats count() n' })), [{ type: 'row', n: '2' }])
  assert.deepEqual(rowsOf(await query({ q: '* | stats by (host) count() n | sort by (host)' })), [
    { type: 'row', host: 'edge', n: '1' },
    { type: 'row', host: 'web', n: '2' },
  ])
  assert.equal(rowsOf(await query({ q: '*', limit: '1', order: 'newest' }))[0]?._msg, 'third apple')
  assert.equal(rowsOf(await query({ q: 'apple', tz: 'Europe/Berlin' })).length, 2)
  assert.equal(rowsOf(await query({ q: '', since: '2026-11-24T10:00:00Z', until: '2026-11-24T10:00:00.000001Z' })).length, 1)
})

test('what is asked wrongly is refused with a code', { timeout: 60_000 }, async () => {
  assert.deepEqual(await error('/nothing'), [404, 'HTTP_NOT_FOUND'])
  assert.deepEqual(await error('/api/v1/query?q=%28'), [400, 'QUERY_SYNTAX'])
  assert.deepEqual(await error('/api/v1/query?limit=-1'), [400, 'HTTP_PARAMETER'])
  assert.deepEqual(await error('/api/v1/query?since=nonsense'), [400, 'CLI_TIME'])
  assert.deepEqual(await error('/api/v1/query?tz=Nowhere'), [400, 'CLI_TIME_ZONE'])
  assert.deepEqual(await error('/api/v1/status?x=1'), [400, 'HTTP_PARAMETER'])
  assert.deepEqual(await error('/%ff'), [400, 'HTTP_REQUEST'])
  const { body } = await ask(world.address, '/api/v1/query?colour=red')
  const told = (JSON.parse(body) as { error: { at: string; hint: string } }).error
  assert.deepEqual([told.at, told.hint], ['colour', 'parameters: q, since, until, limit, order, tz'])
})

test('every route is described, and real answers are as described', { timeout: 120_000 }, async () => {
  const document = await askJson<OpenApi>(world.address, '/api/v1/openapi.json')
  assert.equal(document.openapi, '3.1.0')
  const described = Object.keys(document.paths)
  for (const path of [
    '/health',
    '/ready',
    '/metrics',
    '/api/v1/status',
    '/api/v1/sources',
    '/api/v1/query',
    '/api/v1/tail',
    '/api/v1/records/{id}',
    '/api/v1/openapi.json',
  ]) {
    assert.ok(described.includes(path), `${path} is not described`)
  }
  const schema = (path: string, status: string, type: string) => {
    const own = document.paths[path]!.get.responses[status]!.content[type]!.schema
    const whole = own.$ref === '#/components/schemas/Error' ? document.components.schemas.Error : own
    return z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0])
  }
  const json = 'application/json'
  for (const path of ['/health', '/ready', '/api/v1/status', '/api/v1/sources']) {
    const answer = await ask(world.address, path)
    assert.match(answer.headers['content-type']!, /^application\/json/)
    schema(path, '200', json).parse(JSON.parse(answer.body))
  }
  schema('/api/v1/records/{id}', '200', json).parse(await askJson(world.address, '/api/v1/records/3'))
  schema('/api/v1/records/{id}', '404', json).parse(await askJson(world.address, '/api/v1/records/99', 404))
  schema('/api/v1/query', '400', json).parse(await askJson(world.address, '/api/v1/query?q=(', 400))
  const frame = schema('/api/v1/query', '200', 'application/x-ndjson')
  for (const one of [...(await query({ q: '*' })), ...(await query({ q: '* | stats by (host) count() n' }))]) frame.parse(one)
  const event = schema('/api/v1/tail', '200', 'text/event-stream')
  const tail = new TailClient(world.address, { last: '3' })
  await tail.until(() => tail.records.length === 3)
  tail.leave()
  for (const one of tail.events) event.parse(one)
  assert.throws(() => event.parse({ event: 'record', id: '1' }), 'the description refuses what is not an event')
  // parameters are described by the schema that checks them
  const names = document.paths['/api/v1/query']!.get.parameters.map(({ name }) => name)
  assert.deepEqual(names, ['q', 'since', 'until', 'limit', 'order', 'tz'])
  for (const name of names) assert.deepEqual(await error(`/api/v1/query?${name}=1&${name}=2`), [400, 'HTTP_PARAMETER'], name)
  assert.deepEqual(
    document.paths['/api/v1/records/{id}']!.get.parameters.map(({ name, in: place, required }) => [name, place, required]),
    [['id', 'path', true]],
  )
})

test('HEAD gives the headers of every GET; other methods are refused with Allow', { timeout: 60_000 }, async () => {
  for (const path of [
    '/health',
    '/ready',
    '/metrics',
    '/api/v1/status',
    '/api/v1/sources',
    '/api/v1/query?q=apple',
    '/api/v1/tail',
    '/api/v1/records/1',
    '/api/v1/openapi.json',
  ]) {
    const head = await ask(world.address, path, { method: 'HEAD' })
    assert.deepEqual([head.status, head.body], [200, ''], path)
    assert.ok(head.headers['content-type'], path)
    assert.deepEqual([head.headers['x-content-type-options'], head.headers['cache-control']], ['nosniff', 'no-store'], path)
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await ask(world.address, path, { method })
      assert.equal(answer.status, 405, `${method} ${path}`)
      assert.equal(answer.headers.allow, 'GET, HEAD')
      assert.equal((JSON.parse(answer.body) as { error: { code: string } }).error.code, 'HTTP_METHOD')
    }
  }
  assert.equal((await ask(world.address, '/api/v1/query?q=(', { method: 'HEAD' })).status, 400)
  assert.deepEqual(await error('/nothing', { method: 'POST' }), [404, 'HTTP_NOT_FOUND'])
})

test('status and sources tell what is there, and which source is silent', { timeout: 60_000 }, async () => {
  const status = await askJson<StatusView>(world.address, '/api/v1/status')
  assert.equal(status.pid, process.pid)
  assert.deepEqual([status.store.type, status.store.records], ['segments', status.stored])
  assert.ok(status.store.path?.startsWith(world.dir))
  assert.ok(status.store.free_bytes! > 0 && status.memory_bytes > 1e6)
  assert.ok(status.store.last_sync! > status.started && status.store.last_sync! <= status.now)
  assert.equal(status.listeners.length, 2)
  await sleep(350)
  const { sources } = await askJson<SourcesView>(world.address, '/api/v1/sources')
  const own = sources.filter(({ source }) => source.startsWith('127.0.0.1'))
  assert.deepEqual(
    own.map(({ check, silent }) => [check, silent]),
    own.map(() => [0, true]),
  )
  assert.ok(own.length > 0)
  for (const one of sources) if (!own.includes(one)) assert.equal(one.silent, false)
})

test('metrics read by a strict reader, with the same counts as the status', { timeout: 60_000 }, async () => {
  const { body, headers } = await ask(world.address, '/metrics')
  assert.match(headers['content-type']!, /^text\/plain; version=0.0.4/)
  const samples = parseMetrics(body)
  const status = await askJson<StatusView>(world.address, '/api/v1/status')
  for (const state of ['received', 'stored', 'duplicate', 'refused', 'held', 'missing'] as const) {
    assert.equal(samples.find((one) => one.name === 'pullbox_records' && one.labels.state === state)?.value, status[state])
  }
  const sum = samples.filter(({ name }) => name === 'pullbox_source_stored_total').reduce((n, { value }) => n + value, 0)
  assert.equal(sum, status.stored)
})

test('a record is shown with its bytes; what is not there is said so', { timeout: 60_000 }, async () => {
  const [row] = rowsOf(await query({ q: 'third' })) as { id: string }[]
  const record = await askJson<ExplainView>(world.address, `/api/v1/records/${row!.id}`)
  assert.match(Buffer.from(record.bytes_base64, 'base64').toString(), /^<11>1 2026-11-24T10:00:00Z edge sshd 77/)
  const host = record.fields.find(({ name }) => name === 'host')!
  const bytes = Buffer.from(record.bytes_base64, 'base64')
  assert.equal(bytes.subarray(...host.bytes!).toString(), 'edge')
  assert.match(record.store.segment!, /./)
  assert.deepEqual(await error('/api/v1/records/999999'), [404, 'HTTP_NO_RECORD'])
  assert.deepEqual(await error('/api/v1/records/what'), [404, 'HTTP_NO_RECORD'])
  assert.deepEqual(await error('/api/v1/records/1?x=1'), [400, 'HTTP_PARAMETER'])
})

test('functions of stats may stand without the word stats', { timeout: 60_000 }, async () => {
  assert.deepEqual(rowsOf(await query({ q: 'apple | count()' })), [{ type: 'row', 'count(*)': '2' }])
  assert.deepEqual(rowsOf(await query({ q: 'apple | count() n' })), [{ type: 'row', n: '2' }])
})

test('a Host that is not ours is refused on every route', { timeout: 60_000 }, async () => {
  for (const path of ['/health', '/metrics', '/api/v1/query', '/api/v1/tail', '/api/v1/openapi.json', '/nothing']) {
    assert.deepEqual(await error(path, { headers: { host: 'evil.example' } }), [403, 'HTTP_HOST'], path)
  }
  assert.equal((await ask(world.address, '/health', { headers: { host: 'logs.example' } })).status, 200)
})

test('hostile bytes come through as JSON', { timeout: 60_000 }, async () => {
  const hostile = Buffer.concat([
    Buffer.from('<13>Oct 11 22:14:17 web app[1]: hostile '),
    Buffer.from([0x00, 0x1b, 0x5d, 0x35, 0x32, 0x3b, 0x07, 0x80, 0x9b, 0xff, 0xc0, 0xed, 0xa0, 0x80]),
    Buffer.from('\u202e\u2028"\\</script>'),
  ])
  const tail = new TailClient(world.address, { q: 'hostile' })
  await tail.until(() => tail.events.length > 0)
  const { stored: before } = await askJson<StatusView>(world.address, '/api/v1/status')
  await sendUdp(world.udp, hostile)
  await stored(world.address, before + 1)
  const [row] = rowsOf(await query({ q: 'hostile' })) as { id: string; bytes_base64: string }[]
  assert.deepEqual(Buffer.from(row!.bytes_base64, 'base64'), hostile)
  await tail.until(() => tail.records.length === 1)
  assert.equal(tail.records[0]!.bytes_base64, hostile.toString('base64'))
  tail.leave()
})

test('more queries than allowed are refused, until one ends', { timeout: 120_000 }, async () => {
  const line = `<13>Oct 11 22:14:15 web app[1]: ${'much '.repeat(400)}\n`
  const { stored: before } = await askJson<StatusView>(world.address, '/api/v1/status')
  await sendTcp(world.tcp, line.repeat(8000))
  await stored(world.address, before + 8000)
  // never read: the answer is larger than what sockets hold, so the query waits for its client
  const client = createConnection(Number(world.address.split(':')[1]), '127.0.0.1')
  client.pause()
  client.write('GET /api/v1/query?q=* HTTP/1.1\r\nHost: localhost\r\n\r\n')
  for (;;) {
    const { status, body } = await ask(world.address, '/api/v1/query?q=nothingofthis')
    if (status === 503) {
      assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'HTTP_BUSY')
      break
    }
    await sleep(10)
  }
  client.destroy()
  while ((await ask(world.address, '/api/v1/query?q=nothingofthis')).status === 503) await sleep(10)
})
