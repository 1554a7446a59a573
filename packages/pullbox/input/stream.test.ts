import assert from 'node:assert/strict'
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { FLAG } from '@pullbox/log/wire'

import { AF, loadLibc, SOCK } from './socket/libc.ts'
import { encodeUnix } from './socket/sockaddr.ts'
import type { CounterName } from './counters.ts'
import { startListener } from './listener.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { Collector, MESSAGE, testRing } from './testing/collect.ts'
import type { Collected } from './testing/collect.ts'
import { random, runSeed } from './testing/random.ts'

const seed = runSeed()
console.log(`stream seed ${seed}`)
const PROVE = process.env.PULLBOX_PROVE === '1'

interface Running {
  listener: Listener
  collector: Collector
  /** A new connection, open. */
  dial: () => Promise<Socket>
}

type Kind = 'tcp' | 'unix-stream'

async function start(t: TestContext, type: Kind, options: Partial<ListenerOptions> = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'pullbox-'))
  const ring = options.ring ?? testRing()
  const listener = await startListener({
    type,
    address: '127.0.0.1:0',
    path: join(folder, 'log'),
    ring,
    limits: { message: MESSAGE, memory: 64 << 20 },
    ...options,
  })
  t.after(async () => {
    await listener.stop(500)
    rmSync(folder, { recursive: true })
  })
  const port = Number(/\d+$/.exec(listener.address)?.[0])
  const dial = async () => {
    const socket = type === 'tcp' ? connect(port, '127.0.0.1') : connect(listener.address)
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    socket.on('error', () => {})
    return socket
  }
  return { listener, collector: new Collector(ring), dial }
}

function write(socket: Socket, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}

async function finish(socket: Socket): Promise<void> {
  socket.end()
  socket.resume()
  if (!socket.closed) await once(socket, 'close')
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(what(), what.toString())
}

const texts = (records: Collected[]) => records.map((record) => record.bytes.toString('latin1'))

/** Random messages in both framings, and the stream that carries them. */
function randomStream(next: () => number, count: number, name: string): { messages: Buffer[]; stream: Buffer } {
  const messages: Buffer[] = []
  const parts: Buffer[] = []
  for (let i = 0; i < count; i++) {
    const counted = next() < 0.5
    const body = Buffer.alloc(Math.floor(next() * (next() < 0.05 ? 30_000 : 400)))
    for (let at = 0; at < body.length; at++) {
      body[at] = next() * 256
      // Only a counted frame may hold a line feed; a trailer belongs to how the frame is read, not to this test.
      if (!counted && body[at] === 10) body[at] = 0
    }
    const message = Buffer.concat([Buffer.from(`<13>${name}/${i}: `), body, Buffer.from('.')])
    messages.push(message)
    parts.push(counted ? Buffer.concat([Buffer.from(`${message.length} `), message]) : Buffer.concat([message, Buffer.from('\n')]))
  }
  return { messages, stream: Buffer.concat(parts) }
}

async function writeInPieces(socket: Socket, stream: Buffer, next: () => number): Promise<void> {
  for (let at = 0; at < stream.length;) {
    const length = next() < 0.3 ? 1 + Math.floor(next() * 3) : 1 + Math.floor(next() * 5000)
    await write(socket, stream.subarray(at, at + length))
    at += length
    if (next() < 0.2) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Forgets what was collected; gives how much a counter has grown since. */
function afresh({ listener, collector }: Running): (name: CounterName) => number {
  collector.records.length = 0
  const before = listener.counters()
  return (name) => listener.counters()[name] - before[name]
}

async function bytesInBytesOut(running: Running, type: Kind): Promise<void> {
  const { listener, collector, dial } = running
  const grown = afresh(running)
  const streams = [1, 2, 3].map((n) => randomStream(random(seed + n), 200, `c${n}`))
  const work = Promise.all(
    streams.map(async ({ stream }, n) => {
      const socket = await dial()
      await writeInPieces(socket, stream, random(seed + 100 + n))
      await finish(socket)
    }),
  )
  await collector.during(work)
  await collector.until(600)
  for (const [n, { messages }] of streams.entries()) {
    const got = collector.records.filter((record) => record.bytes.toString('latin1', 4, 7) === `c${n + 1}/`)
    assert.deepEqual(
      got.map((record) => record.bytes.toString('hex')),
      messages.map((message) => message.toString('hex')),
    )
  }
  const source = type === 'tcp' ? '127.0.0.1' : `unix:${listener.address}`
  assert.ok(collector.records.every((record) => record.source === source))
  assert.equal(grown('received'), 600)
  assert.equal(listener.sources.received(2), 600)
  assert.equal(grown('framesDamaged'), 0)
}

async function cutOff(running: Running, type: Kind): Promise<void> {
  const { listener, collector, dial } = running
  const grown = afresh(running)
  const steady = await dial()
  await write(steady, '<13>steady: one\n<13>stea')
  const counted = await dial()
  await write(counted, '100 <13>half')
  await finish(counted)
  await collector.until(2)
  const half = collector.records.find((record) => record.bytes.includes('half'))
  assert.equal(half?.bytes.toString(), '<13>half')
  assert.ok(((half?.flags ?? 0) & FLAG.frameDamaged) !== 0)
  const reset = await dial()
  await write(reset, '<13>whole: x\n<13>broken: y')
  await collector.until(3)
  if (type === 'tcp') reset.resetAndDestroy()
  else reset.destroy()
  await collector.until(4)
  await write(steady, 'dy: two\n')
  await collector.until(5)
  assert.deepEqual(texts(collector.records).toSorted(), ['<13>broken: y', '<13>half', '<13>steady: one', '<13>steady: two', '<13>whole: x'])
  await until(() => listener.counters().connectionsOpen === 1)
  assert.equal(grown('connectionsTotal'), 3)
  if (type === 'tcp') assert.equal(grown('connectionsFailed'), 1)
  await finish(steady)
}

async function fullRing(running: Running): Promise<void> {
  const { listener, collector, dial } = running
  const grown = afresh(running)
  const socket = await dial()
  const total = PROVE ? 400_000 : 10_000
  const lines = Array.from({ length: total }, (_, i) => `<13>n: ${i} ${'.'.repeat(200)}`)
  const work = write(socket, `${lines.join('\n')}\n`)
  await until(() => grown('ringFull') > 0)
  assert.ok(grown('received') <= 128, 'two batches of 64')
  await collector.during(work)
  await collector.until(total)
  assert.deepEqual(texts(collector.records), lines)
  assert.equal(listener.counters().abandoned, 0)
  await finish(socket)
}

async function randomBytes(running: Running): Promise<void> {
  const { listener, collector, dial } = running
  const grown = afresh(running)
  const next = random(seed + 7)
  for (let n = 0; n < (PROVE ? 500 : 20); n++) {
    const socket = await dial()
    const bytes = Buffer.alloc(Math.floor(next() * 20_000))
    // Mostly digits, spaces, line feeds and brackets: what framing looks at.
    for (let at = 0; at < bytes.length; at++) bytes[at] = next() < 0.7 ? '0123456789 \n<>\0\r'.charCodeAt(next() * 16) : next() * 256
    await collector.during(writeInPieces(socket, bytes, next).then(() => finish(socket)))
  }
  await collector.during(until(() => listener.counters().connectionsOpen === 0))
  const socket = await dial()
  await write(socket, '<13>still: here\n')
  await collector.during(listener.stop())
  assert.equal(texts(collector.records).at(-1), '<13>still: here')
  assert.equal(collector.records.length, grown('received'))
  assert.equal(
    collector.records.reduce((sum, record) => sum + record.bytes.length, 0),
    grown('bytes'),
  )
  const table = listener.sources
  const received = Array.from({ length: table.size }, (_, id) => table.received(id))
  assert.equal(
    received.reduce((sum, n) => sum + n, 0),
    listener.counters().received,
  )
  assert.equal(listener.counters().abandoned, 0)
}

for (const type of ['tcp', 'unix-stream'] as const) {
  for (const native of [true, false]) {
    const many = PROVE ? 10_000 : type === 'tcp' && native ? 2000 : 200
    // The default run tries the rarer cases on one way to read each.
    const rare = PROVE || native === (type === 'tcp')
    const way = `${type}, ${native ? 'one buffer' : "'data' events"}`

    test(`${way}: with a ring of two small batches`, async (t) => {
      const running = await start(t, type, { native, ring: testRing({ slots: 2, records: 64 }) })
      await t.test('bytes in = bytes out in pieces of any size, both framings mixed, several connections', () =>
        bytesInBytesOut(running, type),
      )
      await t.test('an end or a reset in mid frame gives what came, and no other connection notices', () => cutOff(running, type))
      await t.test('a full ring stops the senders and loses nothing', () => fullRing(running))
      await t.test('random bytes: every record is counted, nothing hangs, the next connection is served', () => randomBytes(running))
    })

    if (!rare) continue

    test(`${way}: ${many} connections at once, slow ones among them; more than the limit are refused and counted`, async (t) => {
      const { listener, collector, dial } = await start(t, type, { native, connections: many })
      const where = type === 'tcp' ? [/\d+$/.exec(listener.address)?.[0] ?? ''] : ['0', listener.address]
      const clients = fork(new URL('./testing/many-connections.ts', import.meta.url), [String(many), ...where])
      t.after(() => clients.kill())
      const ask = async (command: string) => {
        clients.send(command)
        await once(clients, 'message')
      }
      await ask('open')
      await until(() => listener.counters().connectionsOpen === many)
      const extra = await Promise.all([dial(), dial()])
      await Promise.all(extra.map(async (socket) => socket.closed || (await once(socket.resume(), 'close'))))
      assert.equal(listener.counters().connectionsRefused, 2)
      await collector.during(ask('begin'))
      await collector.during(ask('endEven'))
      await collector.until(many / 2)
      assert.equal(listener.counters().received, many / 2)
      await collector.during(listener.stop())
      assert.equal(collector.records.length, many, 'the unfinished ones come with the stop')
      const whole = new Set(texts(collector.records))
      for (let i = 0; i < many; i++) assert.ok(whole.has(`<13>n: ${i} be${i % 2 === 0 ? 'gin' : ''}`))
      assert.equal(listener.counters().connectionsOpen, 0)
    })

    test(`${way}: a frame longer than limits.message is one record, truncated; the rest is not read as a header`, async (t) => {
      const { listener, collector, dial } = await start(t, type, { native, limits: { message: 1000, memory: 1 << 20 } })
      const socket = await dial()
      await write(socket, `<13>a: ${'x'.repeat(2000)}<14>fake: y\n<13>b: whole\n`)
      await collector.until(2)
      const [long, next] = collector.records
      assert.equal(long.bytes.length, 1000)
      assert.equal(long.total, 7 + 2000 + 11)
      assert.ok((long.flags & FLAG.truncated) !== 0)
      assert.equal(next.bytes.toString(), '<13>b: whole')
      assert.equal(listener.counters().truncated, 1)
    })

    test(`${way}: what is held of unfinished frames is bounded in all: the one that holds most is closed`, async (t) => {
      // Room for two frames of 150 to 200 KB, not for three.
      const { listener, collector, dial } = await start(t, type, { native, limits: { message: 200_000, memory: 4 * 420_000 } })
      const modest = await dial()
      await write(modest, '<13>modest: be')
      const body = 'x'.repeat(150_000)
      const idle = await Promise.all([dial(), dial(), dial(), dial(), dial(), dial()])
      const frame = (i: number) => `<13>idle${i}: ${body}`
      await Promise.all(idle.map((socket, i) => write(socket, i % 2 === 0 ? `${frame(i)}\n` : `${frame(i).length} ${frame(i)}`)))
      await collector.until(6)
      assert.deepEqual(
        texts(collector.records).toSorted(),
        idle.map((_, i) => frame(i)),
      )
      const greedy = [await dial(), await dial()]
      await Promise.all(greedy.map((socket, i) => write(socket, `<13>greedy${i}: ${body}`)))
      await write(idle[1], '12 <13>i: whole')
      await collector.until(7)
      assert.equal(listener.counters().connectionsOverMemory, 0, 'frames that are over hold nothing')
      await write(await dial(), `<13>greedy2: ${body}`)
      await until(() => listener.counters().connectionsOverMemory === 1)
      await write(modest, 'gin\n')
      await collector.until(9)
      await until(() => listener.counters().connectionsOpen === 9)
      assert.equal(listener.counters().connectionsOverMemory, 1)
      const [whole] = collector.records.slice(7).filter((record) => record.bytes.length < 100)
      const [cut] = collector.records.slice(7).filter((record) => record.bytes.length > 100)
      assert.match(cut.bytes.toString(), /^<13>greedy\d: x+$/)
      assert.ok((cut.flags & FLAG.frameDamaged) !== 0)
      assert.equal(whole.bytes.toString(), '<13>modest: begin')
    })
  }
}

test('tcp: a port in use names its holder; a low port without rights says so', async (t) => {
  const { listener } = await start(t, 'tcp')
  const options = { type: 'tcp', ring: testRing(), limits: { message: MESSAGE, memory: 64 << 20 } } as const
  await assert.rejects(startListener({ ...options, address: listener.address }), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'INPUT_PORT_IN_USE')
    assert.match(error.message, new RegExp(`pid ${process.pid}`))
    return true
  })
  await assert.rejects(startListener({ ...options, address: '192.0.2.77:0' }), { code: 'INPUT_BAD_ADDRESS' })
  await assert.rejects(startListener({ ...options, address: undefined }), { code: 'INPUT_BAD_ADDRESS' })
})

test('tcp: [::] takes v4 and v6', async (t) => {
  const { listener, collector } = await start(t, 'tcp', { address: '[::]:0' })
  const port = Number(/\d+$/.exec(listener.address)?.[0])
  for (const host of ['127.0.0.1', '::1']) {
    const socket = connect(port, host)
    await once(socket, 'connect')
    await write(socket, '<13>x: y\n')
    await finish(socket)
    await collector.until(host === '::1' ? 2 : 1)
  }
  assert.deepEqual(
    collector.records.map((record) => record.source),
    ['127.0.0.1', '::1'],
  )
})

test('unix-stream: permissions, a path in use, a stale file, a file that is no socket, abstract names', async (t) => {
  const { listener } = await start(t, 'unix-stream', { mode: 0o620 })
  assert.equal(statSync(listener.address).mode & 0o777, 0o620)
  const options = { type: 'unix-stream', ring: testRing(), limits: { message: MESSAGE, memory: 64 << 20 } } as const
  await assert.rejects(startListener({ ...options, path: listener.address }), { code: 'INPUT_PATH_IN_USE' })
  const path = listener.address
  await listener.stop()
  assert.equal(existsSync(path), false, 'our own file is removed')
  const libc = loadLibc()
  assert.ok(libc)
  const fd = libc.socket(AF.unix, SOCK.stream | SOCK.cloexec, 0)
  assert.equal(libc.bind(fd, encodeUnix(path)), 0)
  libc.close(fd)
  assert.ok(existsSync(path), 'a stale socket file')
  const second = await startListener({ ...options, path })
  await second.stop()
  writeFileSync(path, 'precious')
  await assert.rejects(startListener({ ...options, path }), { code: 'INPUT_PATH_IN_USE' })
  await assert.rejects(startListener({ ...options, path: join(path, 'x') }), { code: 'INPUT_BAD_ADDRESS' })
  await assert.rejects(startListener({ ...options, path: `/${'x'.repeat(120)}` }), { code: 'INPUT_BAD_ADDRESS' })
  const abstract = await start(t, 'unix-stream', { path: `@pullbox-test-${process.pid}` })
  const socket = connect(`\0pullbox-test-${process.pid}`)
  await once(socket, 'connect')
  await write(socket, '<13>a: b\n')
  await abstract.collector.until(1)
  assert.equal(abstract.collector.records[0].source, `unix:@pullbox-test-${process.pid}`)
  socket.destroy()
})

test('tcp: logger(1) is heard in both framings', async (t) => {
  const { listener, collector } = await start(t, 'tcp')
  const port = /\d+$/.exec(listener.address)?.[0] ?? ''
  await once(spawn('logger', ['-n', '127.0.0.1', '-P', port, '-T', '-t', 'pb-test', 'one']), 'exit')
  await once(spawn('logger', ['-n', '127.0.0.1', '-P', port, '-T', '--octet-count', '-t', 'pb-test', 'two']), 'exit')
  await collector.until(2)
  const [one, two] = collector.records
  assert.match(one.bytes.toString(), /^<13>1 .* pb-test - - .* one$/)
  assert.match(two.bytes.toString(), /^<13>1 .* pb-test - - .* two$/)
  assert.ok((two.flags & FLAG.octetCounted) !== 0)
})
