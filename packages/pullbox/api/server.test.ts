import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
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
import { sendTcp, stored } from './testing/world.ts'

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
  const server = await startServer({ collector, search: watched, host: '127.0.0.1', port: 0 })
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

test('a client that goes away ends its query', { timeout: 60_000 }, async (t) => {
  const { address, port, work } = await running(t)
  const line = `<13>Oct 11 22:14:15 web app[1]: ${'much '.repeat(400)}\n`
  await sendTcp(port, line.repeat(10_000))
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
