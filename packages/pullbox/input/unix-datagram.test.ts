import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import { FLAG } from '@pullbox/log/wire'

import { startListener } from './listener.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { DatagramSocket } from './socket/datagram-socket.ts'
import { loadLibc } from './socket/libc.ts'
import { Collector, MESSAGE, testRing } from './testing/collect.ts'
import { random, runSeed } from './testing/random.ts'

const seed = runSeed()
console.log(`unix datagram seed ${seed}`)

async function start(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<{ listener: Listener; collector: Collector }> {
  const folder = mkdtempSync(join(tmpdir(), 'pullbox-'))
  const ring = options.ring ?? testRing()
  const limits = { message: MESSAGE, memory: 64 << 20 }
  const listener = await startListener({ type: 'unix-datagram', path: join(folder, 'log'), ring, limits, ...options })
  t.after(async () => {
    await listener.stop(500)
    rmSync(folder, { recursive: true })
  })
  return { listener, collector: new Collector(ring) }
}

/** Sends messages from a thread of its own, as a blocking sender does: it waits while the queue is full. */
async function send(path: string, messages: Uint8Array[]): Promise<void> {
  const worker = new Worker(new URL('./testing/unix-sender.ts', import.meta.url), { workerData: { path, messages } })
  const [code] = (await once(worker, 'exit')) as [number]
  assert.equal(code, 0)
}

test('unix-datagram: bytes in = bytes out, with NUL, empty and long datagrams; the sender waits for a full ring', async (t) => {
  const { listener, collector } = await start(t, { ring: testRing({ slots: 2, records: 64 }) })
  const next = random(seed)
  const messages: Uint8Array[] = []
  for (let i = 0; i < 1000; i++) {
    const bytes = Buffer.alloc(i % 100 === 0 ? 0 : Math.floor(next() * (next() < 0.05 ? 100_000 : 400)))
    for (let at = 0; at < bytes.length; at++) bytes[at] = next() * 256
    messages.push(bytes)
  }
  const work = send(listener.address, messages)
  while (listener.counters().ringFull === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await collector.during(work)
  await collector.until(messages.length)
  assert.deepEqual(
    collector.records.map((record) => record.bytes.toString('hex')),
    messages.map((bytes) => Buffer.from(bytes).toString('hex')),
  )
  const key = `unix:${listener.address}`
  assert.ok(collector.records.every((record) => record.source === key))
  assert.equal(listener.counters().received, 1000)
  await collector.during(listener.stop())
  assert.equal(collector.records.length, 1000)
  assert.equal(existsSync(listener.address), false)
})

test('unix-datagram: a datagram longer than limits.message is truncated with its true length', async (t) => {
  const { listener, collector } = await start(t, { limits: { message: 5000, memory: 1 << 20 } })
  await send(listener.address, [Buffer.alloc(5000, 'a'), Buffer.alloc(5001, 'b'), Buffer.alloc(150_000, 'c'), Buffer.from('d')])
  await collector.until(4)
  assert.deepEqual(
    collector.records.map(({ bytes, total, flags }) => [bytes.length, total, (flags & FLAG.truncated) !== 0]),
    [
      [5000, 5000, false],
      [5000, 5001, true],
      [5000, 150_000, true],
      [1, 1, false],
    ],
  )
})

test('unix-datagram: permissions, a path in use, a stale file, an abstract name, no native calls', async (t) => {
  const { listener, collector } = await start(t, { mode: 0o600 })
  assert.equal(statSync(listener.address).mode & 0o777, 0o600)
  const options = { type: 'unix-datagram', ring: testRing(), limits: { message: MESSAGE, memory: 1 << 20 } } as const
  await assert.rejects(startListener({ ...options, path: listener.address }), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'INPUT_PATH_IN_USE')
    assert.match(error.message, new RegExp(`pid ${process.pid}`))
    return true
  })
  await assert.rejects(startListener({ ...options, path: listener.address, native: false }), { code: 'INPUT_NEEDS_NATIVE' })
  await assert.rejects(startListener({ ...options, path: '/nowhere/at/all' }), { code: 'INPUT_BAD_ADDRESS' })
  await assert.rejects(startListener({ ...options, path: '' }), { code: 'INPUT_BAD_ADDRESS' })
  await send(listener.address, [Buffer.from('still here')])
  await collector.until(1)
  const path = listener.address
  await listener.stop()
  const libc = loadLibc()
  assert.ok(libc)
  libc.close(DatagramSocket.unix(libc, path, 0o600, 4096).fd)
  assert.ok(existsSync(path))
  const second = await startListener({ ...options, path })
  await second.stop()
  const abstract = await start(t, { path: `@pullbox-dgram-${process.pid}` })
  await send(abstract.listener.address, [Buffer.from('abstract')])
  await abstract.collector.until(1)
  assert.equal(abstract.collector.records[0].source, `unix:@pullbox-dgram-${process.pid}`)
})

test('unix-datagram: logger(1) is heard', async (t) => {
  const { listener, collector } = await start(t)
  await once(spawn('logger', ['-u', listener.address, '--socket-errors=on', '-t', 'pb-test', 'through the socket']), 'exit')
  await collector.until(1)
  assert.match(collector.records[0].bytes.toString(), /^<13>.* pb-test: through the socket$/)
})

test('no right to listen: a folder that may not be written to, a low port', async () => {
  // Root may do everything; nobody may not.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const tell = async (type: string, at: string) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./testing/start-and-tell.ts', import.meta.url)), type, at], user)
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(child, 'close')
    return said.trim()
  }
  assert.equal(await tell('unix-datagram', '/pullbox-test-socket'), 'INPUT_NO_RIGHTS')
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  // Some containers let everybody use every port.
  assert.equal(await tell('udp', '127.0.0.1:3'), first > 3 ? 'INPUT_NO_RIGHTS' : 'listening')
})
