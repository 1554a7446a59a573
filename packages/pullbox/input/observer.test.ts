import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'

import { RingConsumer } from './ring.ts'
import { startListener } from './listener.ts'
import { Collector, MESSAGE, testRing } from './testing/collect.ts'

const base = { type: 'udp', address: '127.0.0.1:0', limits: { message: MESSAGE, memory: 64 << 20 }, warm: false } as const

async function sendAll(port: number, texts: string[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const text of texts) await new Promise<void>((resolve) => socket.send(text, port, '127.0.0.1', () => resolve()))
  socket.close()
}

const portOf = (address: string) => Number(/\d+$/.exec(address)?.[0])

test('an observer sees the numbers of messages, and its gap records stand before them, counted for pullbox', async (t) => {
  const ring = testRing({ records: 16 })
  const listener = await startListener({
    ...base,
    ring,
    observer: { module: new URL('./testing/observer.ts', import.meta.url).href, options: { text: 'gap:' } },
  })
  t.after(() => listener.stop())
  const collector = new Collector(ring)
  const texts = Array.from(
    { length: 40 },
    (_, i) => `<13>1 2026-11-24T10:00:00Z sw1 app - - ${i % 2 === 0 ? `[meta sequenceId="${100 + i}"]` : '-'} m${i}`,
  )
  await sendAll(portOf(listener.address), texts)
  await collector.until(61)
  const got = collector.records.map((record) => `${record.source}: ${record.bytes.toString()}`)
  const expected = texts.flatMap((text, i) => [
    ...(i % 2 === 0 ? [`pullbox: gap: 127.0.0.1 number ${100 + i} before m${i}`] : []),
    `127.0.0.1: ${text}`,
  ])
  assert.deepEqual(got, [...expected, 'pullbox: settled'], 'what is due is written also while nothing comes')
  assert.equal(listener.counters().received, 40)
  assert.equal(listener.sources.received(1), 21)
  assert.equal(listener.sources.received(2), 40)
  assert.equal(listener.observed(), undefined)
  await listener.stop()
  assert.deepEqual(listener.observed(), [{ text: 'gap:' }])
})

test('an observer that cannot be loaded keeps the listener from starting', async () => {
  const observer = { module: new URL('./testing/nothing.ts', import.meta.url).href }
  await assert.rejects(startListener({ ...base, ring: testRing(), observer }), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
})

test('the zone of a source comes from the longest matching rule; a bad rule is refused', async (t) => {
  const ring = testRing()
  const options = { ...base, ring }
  const sources = [
    { match: '127.0.0.0/8', zone: '+05:00' },
    { match: '127.0.0.1', zone: '+02:00' },
    { match: '::/0', zone: '+09:00' },
  ]
  const listener = await startListener({ ...options, sources })
  t.after(() => listener.stop())
  await sendAll(portOf(listener.address), ['<13>Nov 24 12:00:00 host app: x'])
  const taken = new RingConsumer(ring).take(5000)
  assert.ok(taken)
  assert.equal(new Date(taken.batch.time[0] / 1000).toISOString().slice(5), '11-24T10:00:00.000Z')
  await assert.rejects(startListener({ ...options, ring: testRing(), sources: [{ match: '10.0.0.1/8', zone: 'UTC' }] }), {
    code: 'IP_HOST_BITS',
  })
})

test('received >= stored at all times: whoever has a batch sees a count that includes it', async (t) => {
  const ring = testRing({ records: 32 })
  const listener = await startListener({ ...base, ring })
  t.after(() => listener.stop())
  const work = sendAll(
    portOf(listener.address),
    Array.from({ length: 2000 }, (_, i) => `<13>n: ${i}`),
  )
  const consumer = new RingConsumer(ring)
  let stored = 0
  while (stored < 2000) {
    const taken = consumer.tryTake()
    if (taken === null) {
      await new Promise((resolve) => setImmediate(resolve))
      continue
    }
    stored += taken.batch.count
    assert.ok(listener.sources.received(2) >= stored)
    assert.ok(listener.counters().received >= stored)
    consumer.release(taken.slot)
  }
  await work
  assert.equal(listener.sources.received(2), 2000)
})
