import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { recordsReader, recordsSource } from '../config/drivers.ts'
import type { Frame } from '../search/index.ts'
import { createSearch } from '../search/index.ts'
import { createTail } from '../tail/index.ts'
import { startServer } from './server.ts'
import { ask, askJson, sendTcp, sendUdp, startWorld, stored, TailClient } from './testing/world.ts'
import type { World } from './testing/world.ts'
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

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

test('a damaged block costs itself, and every answer says so', { timeout: 120_000 }, async () => {
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
  const memory = await startWorld({}, { type: 'memory', options: {} })
  t.after(() => memory.close())
  await sendUdp(memory.udp, '<13>Oct 11 22:14:15 web app[1]: hello')
  const status = (await stored(memory.address, 1)) as unknown as StatusView
  assert.deepEqual([status.store.type, status.store.path, status.store.records], ['memory', null, 1])
  for (const path of ['/api/v1/query', '/api/v1/tail', '/api/v1/records/1']) {
    const { status: code, body } = await ask(memory.address, path)
    assert.equal(code, 501, path)
    const { error } = JSON.parse(body) as { error: { code: string; message: string } }
    assert.equal(error.code, 'HTTP_NOT_READABLE')
    assert.match(error.message, /type memory/)
  }
})

/** Passes on what the real thing gives, and counts: what a client that does not read, or has gone, cannot see. */
async function* watch<T>(items: AsyncIterable<T>, work: { given: number; ended: number }): AsyncGenerator<T> {
  try {
    for await (const item of items) {
      work.given++
      yield item
    }
  } finally {
    work.ended++
  }
}

test('a slow client holds its query and its tail, and one that leaves ends them', { timeout: 120_000 }, async (t) => {
  const count = 6000
  const { stored: before } = await askJson<StatusView>(world.address, '/api/v1/status')
  // more than the kernel may keep for a connection (net.ipv4.tcp_rmem, 32 MiB here)
  await sendTcp(world.tcp, `<13>Oct 11 22:14:15 web app[1]: ${'much '.repeat(2000)}\n`.repeat(count))
  await stored(world.address, before + count)
  const options = { path: join(world.dir, 'store') }
  const reader = recordsReader('segments', options)!
  const follows = createTail({ reader, pollMs: 10 })
  const searches = createSearch({ source: recordsSource('segments', options)!, workers: 1, spillDir: join(world.dir, 'spill') })
  const tailed = { given: 0, ended: 0 }
  const searched = { given: 0, ended: 0 }
  const server = await startServer({
    collector: world.collector,
    search: { close: () => searches.close(), query: (...args) => watch(searches.query(...args), searched) },
    tail: { close: () => follows.close(), follow: (...args) => watch(follows.follow(...args), tailed) },
    host: '127.0.0.1',
    port: 0,
    heartbeatMs: 5,
  })
  t.after(async () => {
    await server.close()
    follows.close()
    await searches.close()
    await reader.close()
  })
  for (const [path, work, all] of [
    ['/api/v1/tail?cursor=0', tailed, count],
    ['/api/v1/query?q=*', searched, (count * 10_000) / 2 ** 20],
  ] as const) {
    const client = deaf(server.address, path)
    while (work.given === 0) await sleep(10)
    for (let last = -1; work.given !== last; await sleep(200)) last = work.given
    assert.ok(work.given < all, `${path}: all of it was taken, though nobody read`)
    assert.equal(work.ended, 0)
    client.destroy()
    while (work.ended === 0) await sleep(5)
  }
})

test('closing ends what runs in order, and cuts off whoever does not read', { timeout: 120_000 }, async () => {
  const reads = new TailClient(world.address, {})
  await reads.until(() => reads.events.length > 0)
  const clients = [deaf(world.address, '/api/v1/query?q=*'), deaf(world.address, '/api/v1/tail?cursor=0')]
  await sleep(300)
  const gone = clients.map((client) => new Promise((resolve) => client.once('close', resolve)))
  await world.close()
  for (const client of clients) client.resume()
  await Promise.all(gone)
  while (!reads.ended) await sleep(5)
  assert.ok(reads.clean)
})
