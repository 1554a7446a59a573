import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { BatchWriter } from '@pullbox/log/record'
import { Header } from '@pullbox/log/wire'

import { createDoorbell, createRing, RingConsumer, RingProducer, takeAny } from './ring.ts'
import type { RingShared } from './ring.ts'
import { runSeed } from './testing/random.ts'

const small = { slots: 3, records: 64, arenaBytes: 16 << 10 }

function fill(ring: RingProducer, text: string): void {
  const batch = ring.claim()
  assert.ok(batch)
  const bytes = Buffer.from(text)
  const writer = new BatchWriter(batch)
  writer.append(bytes, 0, bytes.length, new Header(), 0, 1, bytes.length)
  ring.commit()
}

function text(taken: { batch: { bytes(i: number): Uint8Array } } | null): string {
  assert.ok(taken)
  return Buffer.from(taken.batch.bytes(0)).toString()
}

test('a ring gives batches in the order of commits and is full when every slot is busy', () => {
  const shared = createRing(small)
  const producer = new RingProducer(shared)
  const consumer = new RingConsumer(shared)
  assert.equal(consumer.take(0), null)
  for (const name of ['a', 'b', 'c']) fill(producer, name)
  assert.equal(producer.claim(), null)
  assert.equal(producer.waitFree(1), false)
  assert.equal(consumer.waiting(), 3)
  const first = consumer.take(0)
  const second = consumer.take(0)
  assert.equal(text(first), 'a')
  assert.equal(text(second), 'b')
  assert.equal(producer.claim(), null, 'taken is not free')
  assert.equal(producer.busy(), 3)
  consumer.release(second?.slot ?? -1)
  fill(producer, 'd')
  assert.equal(text(first), 'a', 'a taken batch stays as it is while another slot is used again')
  assert.equal(text(consumer.take(0)), 'c')
  assert.equal(text(consumer.take(0)), 'd')
})

test('claim without commit gives the same batch again; cancel gives the slot back; close ends the waiting', () => {
  const shared = createRing(small)
  const producer = new RingProducer(shared)
  const consumer = new RingConsumer(shared)
  assert.equal(producer.claim(), producer.claim())
  assert.equal(producer.busy(), 1)
  producer.cancel()
  assert.equal(producer.busy(), 0)
  assert.throws(() => producer.commit(), /commit without claim/)
  fill(producer, 'last')
  producer.close()
  assert.equal(consumer.finished(), false)
  assert.equal(text(consumer.take(0)), 'last')
  assert.equal(consumer.finished(), true)
  assert.equal(consumer.take(60_000), null, 'returns at once')
})

test('takeAny serves several rings by turns over one doorbell', () => {
  const doorbell = createDoorbell()
  const shared = [createRing(small, doorbell), createRing(small, doorbell)]
  const producers = shared.map((ring) => new RingProducer(ring))
  const consumers = shared.map((ring) => new RingConsumer(ring))
  for (let i = 0; i < 3; i++) producers.forEach((producer, at) => fill(producer, `${at}${i}`))
  const seen: string[] = []
  for (let taken = takeAny(consumers, doorbell, 0); taken !== null; taken = takeAny(consumers, doorbell, 0)) {
    seen.push(text(taken))
    taken.ring.release(taken.slot)
  }
  assert.deepEqual(seen.toSorted(), ['00', '01', '02', '10', '11', '12'])
  for (const at of ['0', '1'])
    assert.deepEqual(
      seen.filter((s) => s[0] === at),
      [`${at}0`, `${at}1`, `${at}2`],
    )
})

test('no batch is lost, doubled or torn between threads under random timing', async () => {
  const seed = runSeed()
  console.log(`ring seed ${seed}`)
  const batches = process.env.PULLBOX_PROVE === '1' ? 20_000 : 1_500
  const doorbell = createDoorbell()
  const rings = [createRing(small, doorbell), createRing({ ...small, slots: 4 }, doorbell)]
  const start = (role: string, at: RingShared[], n: number) =>
    new Worker(new URL('./testing/ring-worker.ts', import.meta.url), { workerData: { role, rings: at, seed: seed + n, batches } })
  const consumers = [1, 2, 3].map((n) => start('consume', rings, 100 + n))
  const results = consumers.map((worker) => once(worker, 'message'))
  rings.map((ring, n) => start('produce', [ring], n))
  const seen = (await Promise.all(results)).flatMap(([message]) => message.seen as { name: string; intact: boolean }[])
  assert.equal(seen.filter((batch) => !batch.intact).length, 0, 'torn')
  const expected = rings.flatMap((_, n) => Array.from({ length: batches }, (_, i) => `batch ${seed + n}/${i}`))
  assert.deepEqual(seen.map((batch) => batch.name).toSorted(), expected.toSorted())
})

test('a long message gets a batch of its own kind, and a ring of short ones keeps its others', () => {
  const producer = new RingProducer(createRing({ ...small, longSlots: 1, longBytes: 64 << 10 }))
  const usual = producer.claim()
  assert.equal(usual?.arena.length, small.arenaBytes)
  const long = producer.claim(40_000)
  assert.equal(long?.arena.length, 64 << 10)
  assert.equal(producer.busy(), 1, 'the one claimed before was given back')
  assert.equal(producer.claim(), long, 'a claimed batch is given again where it is large enough')
  producer.commit()
  assert.equal(producer.claim(40_000), null)
  assert.equal(producer.waitFree(1, 40_000), false)
  assert.equal(producer.claim(70_000), null, 'no batch is that large')
  for (const name of ['a', 'b', 'c']) fill(producer, name)
  assert.equal(producer.claim(), null)
  assert.equal(producer.busy(), 4)
  const consumer = new RingConsumer(producer.shared)
  const first = consumer.take(0)
  assert.equal(first?.batch.arena.length, 64 << 10)
  consumer.release(first?.slot ?? -1)
  assert.equal(text(consumer.take(0)), 'a')
  assert.ok(producer.waitFree(1, 40_000))
})

test('counts of commits may pass 2^32', () => {
  const shared = createRing({ ...small, slots: 3 })
  const producer = new RingProducer(shared)
  const consumer = new RingConsumer(shared)
  // HEAD and TAIL, shortly before they wrap.
  new Int32Array(shared.buffer, 0, 2).fill(-5)
  for (let round = 0; round < 8; round++) {
    for (const name of ['a', 'b', 'c']) fill(producer, `${name}${round}`)
    for (const name of ['a', 'b', 'c']) {
      const taken = consumer.take(0)
      assert.equal(text(taken), `${name}${round}`)
      consumer.release(taken?.slot ?? -1)
    }
  }
})
