import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Collector } from '../collector/index.ts'
import { recordsSource } from '../config/drivers.ts'
import type { Frame, QueryOptions } from '../search/index.ts'
import { createSearch } from '../search/index.ts'
import { startServer } from './server.ts'

interface Answer {
  status: number
  body: string
}

function get(address: string, path: string, host?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${address}${path}`, host === undefined ? {} : { headers: { host } }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts).toString() }))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}

async function running(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-api-'))
  const store = { type: 'segments', options: { path: join(dir, 'store') } }
  const collector = await Collector.start({
    listeners: [{ type: 'tcp', at: '127.0.0.1:0' }],
    store,
    limits: { message: 1 << 20, memory: 64 << 20 },
    version: 'test',
  })
  const search = createSearch({ source: recordsSource(store.type, store.options)!, workers: 1, spillDir: join(dir, 'spill') })
  const work = { begun: 0, ended: 0, stopped: false }
  // the real search, watched: what a client that has gone cannot see
  const watched = {
    close: () => search.close(),
    query: (text: string, options?: QueryOptions) => watch(search.query(text, options), options?.signal, work),
  }
  const server = await startServer({ collector, search: watched, host: '127.0.0.1', port: 0, names: ['logs.example'] })
  t.after(async () => {
    await server.close()
    await search.close()
    await collector.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  return { address: server.address, work, port: Number(collector.addresses[0]!.address.split(':').at(-1)) }
}

async function* watch(
  frames: AsyncIterable<Frame>,
  signal: AbortSignal | undefined,
  work: { begun: number; ended: number; stopped: boolean },
) {
  work.begun++
  try {
    yield* frames
  } finally {
    work.ended++
    work.stopped = signal?.aborted === true
  }
}

async function send(port: number, text: string): Promise<void> {
  const socket = createConnection(port, '127.0.0.1')
  await new Promise<void>((resolve) => socket.end(text, resolve))
}

async function stored(address: string, count: number): Promise<Record<string, unknown>> {
  for (let i = 0; i < 400; i++) {
    const status = JSON.parse((await get(address, '/api/v1/status')).body) as Record<string, unknown>
    if (status.stored === count && status.held === 0) return status
    await sleep(25)
  }
  assert.fail('not stored in time')
}

async function query(address: string, parameters: Record<string, string>): Promise<Frame[]> {
  const { status, body } = await get(address, `/api/v1/query?${new URLSearchParams(parameters)}`)
  assert.equal(status, 200, body)
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Frame)
}

const rowsOf = (frames: readonly Frame[]) => frames.flatMap((frame) => (frame.type === 'rows' ? [...frame.rows] : []))

test('what a sender sends is counted and found', { timeout: 60_000 }, async (t) => {
  const { address, port } = await running(t)
  await send(port, '<13>Oct 11 22:14:15 web app[1]: first apple\n<13>Oct 11 22:14:16 web app[1]: second pear "\x01\n')
  const status = await stored(address, 2)
  assert.deepEqual([status.received, status.duplicate, status.refused, status.balanced], [2, 0, 0, true])
  const { sources } = JSON.parse((await get(address, '/api/v1/sources')).body) as { sources: Record<string, unknown>[] }
  assert.deepEqual(
    sources.filter((one) => one.received !== 0).map((one) => [one.stored, one.check]),
    [[2, 0]],
  )

  const found = await query(address, { q: 'apple' })
  const rows = rowsOf(found)
  assert.deepEqual(
    rows.map((row) => [row.type, row.host, row._msg]),
    [['record', 'web', 'first apple']],
  )
  const end = found.at(-1)!
  assert.ok(end.type === 'end' && end.complete && !end.stopped)
  assert.equal(end.records, 1)

  await send(port, '<13>Oct 11 22:14:17 web app[1]: third apple\n')
  await stored(address, 3)
  assert.equal(rowsOf(await query(address, { q: 'apple' })).length, 2)
  assert.deepEqual(rowsOf(await query(address, { q: 'apple | stats count() n' })), [{ type: 'row', n: '2' }])
  assert.equal(rowsOf(await query(address, { q: '*', limit: '1', order: 'newest' }))[0]?._msg, 'third apple')

  assert.equal(rowsOf(await query(address, { q: 'apple', tz: 'Europe/Berlin' })).length, 2)

  const { body } = await get(address, '/metrics')
  assert.match(body, /^pullbox_records\{state="stored"\} 3$/m)
  assert.match(body, /^pullbox_listener_received_total\{listener="tcp [^"]+"\} 3$/m)
  for (const line of body.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"\})? [\d.e+]+)$/)
})

test('health, readiness and what is refused', { timeout: 60_000 }, async (t) => {
  const { address } = await running(t)
  assert.deepEqual(await get(address, '/health'), { status: 200, body: '{"status":"ok"}' })
  assert.deepEqual(await get(address, '/ready'), { status: 200, body: '{"ready":true,"reasons":[]}' })
  assert.equal((await get(address, '/health', 'LOGS.example:8514')).status, 200)
  const refused = async (path: string, host?: string) => {
    const { status, body } = await get(address, path, host)
    return [status, (JSON.parse(body) as { error: { code: string } }).error.code]
  }
  assert.deepEqual(await refused('/health', 'evil.example'), [403, 'HTTP_HOST'])
  assert.deepEqual(await refused('/nothing'), [404, 'HTTP_NOT_FOUND'])
  assert.deepEqual(await refused('/api/v1/query?q=%28'), [400, 'QUERY_SYNTAX'])
  assert.deepEqual(await refused('/api/v1/query?limit=-1'), [400, 'HTTP_PARAMETER'])
  assert.deepEqual(await refused('/api/v1/query?since=nonsense'), [400, 'CLI_TIME'])
  assert.deepEqual(await refused('/%ff'), [400, 'HTTP_REQUEST'])
})

test('a client that goes away ends its query', { timeout: 60_000 }, async (t) => {
  const { address, port, work } = await running(t)
  const line = `<13>Oct 11 22:14:15 web app[1]: ${'much '.repeat(400)}\n`
  await send(port, line.repeat(10_000))
  await stored(address, 10_000)
  // never read: the answer is larger than what sockets hold, so the query waits for the client
  const client = createConnection(Number(address.split(':')[1]), '127.0.0.1')
  client.pause()
  client.write(`GET /api/v1/query?q=* HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  while (work.begun === 0) await sleep(10)
  await sleep(200)
  assert.equal(work.ended, 0)
  client.destroy()
  while (work.ended === 0) await sleep(10)
  assert.ok(work.stopped)
})
