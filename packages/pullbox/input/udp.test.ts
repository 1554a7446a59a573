import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { FLAG } from '@pullbox/log/wire'

import { startListener } from './listener.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { Collector, MESSAGE, testRing } from './testing/collect.ts'
import { random, runSeed } from './testing/random.ts'

const seed = runSeed()
const FRAMING = FLAG.truncated | FLAG.frameDamaged | FLAG.octetCounted
console.log(`udp seed ${seed}`)

interface Running {
  listener: Listener
  collector: Collector
  port: number
}

async function start(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<Running> {
  const ring = options.ring ?? testRing()
  const listener = await startListener({
    type: 'udp',
    address: '127.0.0.1:0',
    ring,
    limits: { message: MESSAGE, memory: 64 << 20 },
    warm: false,
    ...options,
  })
  t.after(() => listener.stop(500))
  return { listener, collector: new Collector(ring), port: Number(/\d+$/.exec(listener.address)?.[0]) }
}

function sender(t: TestContext, type: 'udp4' | 'udp6' = 'udp4'): Socket {
  const socket = createSocket(type)
  t.after(() => socket.close())
  return socket
}

function send(socket: Socket, bytes: Uint8Array, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error))))
}

for (const native of [true, false]) {
  const way = native ? 'native' : 'node:dgram'

  test(`udp (${way}): bytes in = bytes out, with NUL, empty and long datagrams; the balance holds`, async (t) => {
    const { listener, collector, port } = await start(t, { native, warm: true })
    assert.equal(listener.native, native)
    const next = random(seed)
    const socket = sender(t)
    const sent: Buffer[] = []
    for (let i = 0; i < 600; i++) {
      const long = next() < 0.1
      const bytes = Buffer.alloc(Math.floor(next() * (long ? 60_000 : 700)))
      for (let at = 0; at < bytes.length; at++) bytes[at] = next() * 256
      if (i % 50 === 0) sent.push(Buffer.alloc(0))
      if (i % 50 === 0) await send(socket, Buffer.alloc(0), port, '127.0.0.1')
      sent.push(bytes)
      await send(socket, bytes, port, '127.0.0.1')
    }
    await collector.until(sent.length)
    assert.equal(collector.records.length, sent.length)
    sent.forEach((bytes, i) => assert.deepEqual(collector.records[i].bytes, bytes, `record ${i}`))
    assert.ok(collector.records.every((record) => record.source === '127.0.0.1' && (record.flags & FRAMING) === 0))
    const counters = listener.counters()
    assert.equal(counters.received, sent.length)
    assert.equal(
      counters.bytes,
      sent.reduce((sum, bytes) => sum + bytes.length, 0),
    )
    assert.equal(listener.sources.received(listener.sources.size - 1), sent.length)
    assert.ok(collector.records.every((record) => Math.abs(record.received / 1000 - Date.now()) < 60_000))
  })

  test(`udp (${way}): [::] takes v4 and v6, and names v4 peers as v4`, async (t) => {
    const { listener, collector, port } = await start(t, { native, address: '[::]:0' })
    await send(sender(t), Buffer.from('four'), port, '127.0.0.1')
    await collector.until(1)
    await send(sender(t, 'udp6'), Buffer.from('six'), port, '::1')
    await collector.until(2)
    assert.deepEqual(
      collector.records.map((record) => [record.bytes.toString(), record.source]),
      [
        ['four', '127.0.0.1'],
        ['six', '::1'],
      ],
    )
    const table = listener.sources
    const keys = Array.from({ length: table.size }, (_, id) => [Buffer.from(table.key(id)).toString(), table.received(id)])
    assert.deepEqual(keys, [
      ['other', 0],
      ['pullbox', 0],
      ['127.0.0.1', 1],
      ['::1', 1],
    ])
  })

  test(`udp (${way}): a datagram longer than limits.message is kept as far as that and says its true length`, async (t) => {
    const { listener, collector, port } = await start(t, { native, limits: { message: 3000, memory: 64 << 20 } })
    const bytes = Buffer.alloc(9000, 'x')
    for (const length of [2048, 2049, 3000, 3001, 9000]) await send(sender(t), bytes.subarray(0, length), port, '127.0.0.1')
    await collector.until(5)
    assert.deepEqual(
      collector.records.map(({ bytes: kept, total, flags }) => [kept.length, total, (flags & FLAG.truncated) !== 0]),
      [
        [2048, 2048, false],
        [2049, 2049, false],
        [3000, 3000, false],
        [3000, 3001, true],
        [3000, 9000, true],
      ],
    )
    assert.equal(listener.counters().truncated, 2)
  })

  test(`udp (${way}): while the ring is full nothing is read; what the kernel drops is counted: sent = received + dropped`, async (t) => {
    const ring = testRing({ slots: 2, records: 64 })
    const { listener, collector, port } = await start(t, { native, ring, receiveBuffer: 32 << 10 })
    const socket = sender(t)
    const sent = 2000
    for (let i = 0; i < sent; i++) await send(socket, Buffer.from(`message ${i} ${'.'.repeat(200)}`), port, '127.0.0.1')
    assert.ok(listener.counters().ringFull > 0)
    await collector.during(listener.stop())
    const counters = listener.counters()
    assert.ok(counters.kernelDrops > 0)
    assert.equal(counters.abandoned, 0)
    assert.equal(collector.records.length, counters.received)
    assert.equal(counters.received + counters.kernelDrops, sent)
  })

  test(`udp (${way}): stop hands over what is queued; with a ring that stays full it ends in its bound and counts the rest`, async (t) => {
    const ring = testRing({ slots: 2, records: 64 })
    const { listener, collector, port } = await start(t, { native, ring })
    const socket = sender(t)
    for (let i = 0; i < 500; i++) await send(socket, Buffer.from(`${i}`), port, '127.0.0.1')
    await listener.stop(200)
    collector.drain()
    const counters = listener.counters()
    assert.ok(counters.received < 500)
    assert.equal(collector.records.length, counters.received)
    assert.ok(counters.abandoned > 0)
    assert.equal(counters.received + counters.abandoned + counters.kernelDrops, 500)
  })

  test(`udp (${way}): a port in use names its holder, bad addresses are refused`, async (t) => {
    const { port } = await start(t, { native })
    const ring = testRing()
    const options = { type: 'udp', ring, native, limits: { message: MESSAGE, memory: 64 << 20 } } as const
    await assert.rejects(startListener({ ...options, address: `127.0.0.1:${port}` }), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'INPUT_PORT_IN_USE')
      assert.match(error.message, new RegExp(`this process, pid ${process.pid}`))
      return true
    })
    for (const address of ['127.0.0.1', 'localhost:1', '[::1:5', '127.0.0.1:70000', '192.0.2.77:0', '[::1]'])
      await assert.rejects(startListener({ ...options, address }), { code: 'INPUT_BAD_ADDRESS' }, address)
    await assert.rejects(
      startListener({
        ...options,
        address: '127.0.0.1:0',
        ring: testRing({ arenaBytes: 64 << 10 }),
        limits: { message: 2 << 20, memory: 1 },
      }),
      {
        code: 'INPUT_RING_TOO_SMALL',
      },
    )
  })
}

test('udp (native): the kernel stamps each message on demand', async (t) => {
  const { collector, port } = await start(t, { stamps: 'message' })
  const socket = sender(t)
  const before = Date.now() * 1000 - 1000
  for (let i = 0; i < 20; i++) await send(socket, Buffer.from(`${i}`), port, '127.0.0.1')
  await collector.until(20)
  const after = Date.now() * 1000 + 1000
  const times = collector.records.map((record) => record.received)
  assert.ok(
    times.every((time, i) => time > before && time < after && (i === 0 || time >= times[i - 1])),
    String(times),
  )
})

test('udp: logger(1) is heard', async (t) => {
  const { collector, port } = await start(t)
  const { spawn } = await import('node:child_process')
  const child = spawn('logger', ['-n', '127.0.0.1', '-P', String(port), '-d', '--rfc3164', '-t', 'pb-test', 'hello there'])
  await once(child, 'exit')
  await collector.until(1)
  assert.match(collector.records[0].bytes.toString(), /^<13>.*pb-test: hello there$/)
})

test('udp (native): the receive thread goes before others where the system allows it, and says so', async (t) => {
  const listener = await startListener({
    type: 'udp',
    address: '127.0.0.1:0',
    ring: testRing(),
    limits: { message: 1000, memory: 1 << 20 },
    warm: false,
  })
  t.after(() => listener.stop())
  // Field 19 of /proc/PID/task/TID/stat: the nice value.
  const values = readdirSync('/proc/self/task').map((id) =>
    Number(readFileSync(`/proc/self/task/${id}/stat`, 'latin1').split(') ')[1].split(' ')[16]),
  )
  const raised = values.filter((value) => value === -15).length
  assert.deepEqual([listener.nice, raised], process.getuid?.() === 0 ? [-15, 1] : [0, 0])
})
