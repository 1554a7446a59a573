import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { recordsReader } from '../config/drivers.ts'
import type { Frame } from '../search/index.ts'
import type { TailEvent } from '../tail/index.ts'
import { createTail } from '../tail/index.ts'
import { startServer } from './server.ts'
import { ask, askJson, sendTcp, sendUdp, startWorld, stored, TailClient } from './testing/world.ts'
import type { ExplainView, StatusView } from './views.ts'

const framesOf = async (address: string, q: string): Promise<Frame[]> => {
  const { status, body } = await ask(address, `/api/v1/query?q=${encodeURIComponent(q)}`)
  assert.equal(status, 200, body)
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Frame)
}

/** A client that asks and reads nothing. */
function deaf(address: string, path: string): Socket {
  const client = createConnection(Number(address.split(':').at(-1)), '127.0.0.1')
  client.pause()
  client.on('error', () => {})
  client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  return client
}

test('a damaged block costs itself, and every answer says so', { timeout: 120_000 }, async (t) => {
  const world = await startWorld()
  t.after(() => world.close())
  for (const [i, word] of ['first', 'second', 'third'].entries()) {
    await sendTcp(world.tcp, `<13>Oct 11 22:14:15 web app[1]: ${word}\n`)
    await stored(world.address, i + 1)
  }
  const { store } = await askJson<ExplainView>(world.address, '/api/v1/records/2')
  const { from, to } = store.block!
  assert.deepEqual([store.block!.first_seq, store.block!.last_seq], [2, 2])
  const fd = openSync(join(world.dir, 'store', 'segments', store.segment!), 'r+')
  // all behind the header and its table of sections
  writeSync(fd, Buffer.alloc(to - from - 400, 0xaa), 0, undefined, from + 400)
  closeSync(fd)

  const frames = await framesOf(world.address, '*')
  assert.deepEqual(
    frames.flatMap((frame) => (frame.type === 'rows' ? frame.rows.map((row) => row._msg) : [])),
    ['first', 'third'],
  )
  const end = frames.at(-1)!
  assert.ok(end.type === 'end' && !end.complete && !end.stopped)
  assert.deepEqual(
    end.reasons.map(({ kind, count }) => [kind, count]),
    [['unreadable', 1]],
  )
  assert.match(end.reasons[0]!.text, /section|checksum|damaged/)
  const tail = new TailClient(world.address, { cursor: '0' })
  await tail.until(() => tail.records.length === 2)
  tail.leave()
  const told = tail.events
    .filter(({ event }) => event !== 'progress')
    .map(({ event, id, data }) => [event, id, data._msg ?? [data.from, data.to]])
  assert.deepEqual(told, [
    ['record', '1', 'first'],
    ['gap', '2', ['2', '2']],
    ['record', '3', 'third'],
  ])
  const shown = await ask(world.address, '/api/v1/records/2')
  assert.equal(shown.status, 500)
  assert.equal((JSON.parse(shown.body) as { error: { code: string } }).error.code, 'STORE_BLOCK_DAMAGED')
})

test('a store that only its thread can read is counted, and says what it cannot do', { timeout: 120_000 }, async (t) => {
  const world = await startWorld({}, { type: 'memory', options: {} })
  t.after(() => world.close())
  await sendUdp(world.udp, '<13>Oct 11 22:14:15 web app[1]: hello')
  const status = (await stored(world.address, 1)) as unknown as StatusView
  assert.deepEqual([status.store.type, status.store.path, status.store.records], ['memory', null, 1])
  for (const path of ['/api/v1/query', '/api/v1/tail', '/api/v1/records/1']) {
    const { status: code, body } = await ask(world.address, path)
    assert.equal(code, 501, path)
    const { error } = JSON.parse(body) as { error: { code: string; message: string } }
    assert.equal(error.code, 'HTTP_NOT_READABLE')
    assert.match(error.message, /type memory/)
  }
})

test('a slow client holds its tail, and closing ends what is held at once', { timeout: 120_000 }, async (t) => {
  const world = await startWorld()
  const reader = recordsReader('segments', { path: join(world.dir, 'store') })!
  t.after(() => reader.close().then(() => world.close()))
  const count = 6000
  await sendTcp(world.tcp, `<13>Oct 11 22:14:15 web app[1]: ${'much '.repeat(400)}\n`.repeat(count))
  await stored(world.address, count)
  const real = createTail({ reader, pollMs: 10 })
  let given = 0
  let ended = 0
  // the real tail, watched: what a client that does not read cannot see
  async function* watch(events: AsyncIterable<TailEvent>): AsyncGenerator<TailEvent> {
    try {
      for await (const event of events) {
        given++
        yield event
      }
    } finally {
      ended++
    }
  }
  const tail = { close: () => real.close(), follow: (...args: Parameters<typeof real.follow>) => watch(real.follow(...args)) }
  const server = await startServer({ collector: world.collector, search: null, tail, host: '127.0.0.1', port: 0, heartbeatMs: 5 })
  deaf(server.address, '/api/v1/tail?cursor=0')
  while (given === 0) await sleep(10)
  for (let before = -1; given !== before; await sleep(200)) before = given
  assert.ok(given < count, 'all of it was taken, though nobody read')
  await server.close()
  while (ended === 0) await sleep(5)
  real.close()

  // a query and a tail that nobody reads, on the server as it is used
  const clients = [deaf(world.address, '/api/v1/query?q=*'), deaf(world.address, '/api/v1/tail?cursor=0')]
  await sleep(300)
  const gone = clients.map((client) => new Promise((resolve) => client.once('close', resolve)))
  await world.close()
  for (const client of clients) client.resume()
  await Promise.all(gone)
})
