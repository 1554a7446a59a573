import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BATCH_BYTES } from '@pullbox/log/record'
import { FLAG } from '@pullbox/log/wire'

import { SharedCounters } from './counters.ts'
import { BATCH_MS, Intake } from './intake.ts'
import type { IntakeParts } from './intake.ts'
import { createRing, RingProducer } from './ring.ts'
import { SourceTable } from './source-table.ts'
import { StopFlag } from './stop-flag.ts'
import { Collector, MESSAGE } from './testing/collect.ts'
import { SourceZones } from './zones.ts'

interface Bench {
  intake: Intake
  collector: Collector
  clock: { now: number }
  put: (text: string | Uint8Array, source?: string, flags?: number) => boolean
}

function bench(parts: Partial<IntakeParts> = {}, records = 1000, slots = 3): Bench {
  const shared = createRing({ slots, records, arenaBytes: BATCH_BYTES + MESSAGE + (64 << 10) })
  const clock = { now: 1000 }
  const intake = new Intake({
    ring: new RingProducer(shared),
    table: SourceTable.create(),
    counters: new SharedCounters(),
    stop: new StopFlag(),
    zones: new SourceZones(),
    clock: { steady: () => clock.now, micros: () => clock.now * 1000 },
    message: MESSAGE,
    ...parts,
  })
  const put = (text: string | Uint8Array, source = '10.0.0.1', flags = 0) => {
    const bytes = Buffer.from(text)
    return intake.append(bytes, 0, bytes.length, intake.source(Buffer.from(source), source), clock.now * 1000, flags, bytes.length)
  }
  return { intake, clock, put, collector: new Collector(shared) }
}

test('a batch goes on when its time has come, counted from its first record, and not before', () => {
  const { intake, clock, put, collector } = bench()
  assert.equal(intake.dueIn(), Number.POSITIVE_INFINITY)
  put('one')
  clock.now += BATCH_MS - 1
  put('two')
  assert.equal(intake.dueIn(), 1)
  intake.tick()
  collector.drain()
  assert.equal(collector.records.length, 0)
  clock.now += 1
  intake.tick()
  collector.drain()
  assert.deepEqual(
    collector.records.map((record) => record.bytes.toString()),
    ['one', 'two'],
  )
  assert.equal(intake.dueIn(), Number.POSITIVE_INFINITY)
})

test('a batch goes on when its bytes or its records are full, and holds a message of any allowed length', () => {
  const { put, collector, intake } = bench()
  const long = Buffer.alloc(MESSAGE, 'x')
  for (let i = 0; i < 10; i++) {
    put(long)
    collector.drain()
  }
  // Four make a batch of 1 MiB.
  assert.equal(collector.records.length, 8)
  intake.flush()
  collector.drain()
  assert.ok(collector.records.every((record) => record.bytes.equals(long)))
  const few = bench({}, 16)
  for (let i = 0; i < 100; i++) {
    few.put(`${i}`)
    few.collector.drain()
  }
  few.intake.flush()
  few.collector.drain()
  assert.deepEqual(
    few.collector.records.map((record) => Number(record.bytes)),
    Array.from({ length: 100 }, (_, i) => i),
  )
})

test('many sources with long keys: the batch is handed on before its names run out, and each record keeps its source', () => {
  const { put, collector, intake } = bench({}, 5000)
  const key = (i: number) => `${i}-`.padEnd(255, 'k')
  for (let i = 0; i < 3000; i++) {
    put(`${i}`, key(i))
    collector.drain()
  }
  intake.flush()
  collector.drain()
  assert.ok(collector.batches >= 3)
  collector.records.forEach((record, i) => assert.equal(record.source, key(i)))
  assert.equal(collector.records.length, 3000)
})

test('a ring that stays full: the message is given up when the time to stop has run out, and counted; what is in batches is not', () => {
  const stop = new StopFlag()
  const { intake, put, clock, collector } = bench({ stop }, 8, 1)
  const n = 4
  for (let i = 0; i < n; i++) put(`${i}`)
  intake.flush()
  stop.request(50)
  intake.stop.left(clock.now)
  clock.now += 51
  assert.equal(put('too late'), false)
  assert.equal(intake.counters.read().abandoned, 1)
  assert.equal(intake.counters.read().ringFull, 1)
  collector.drain()
  assert.equal(collector.records.length, n)
  assert.equal(intake.counters.read().received, n)
})

test('flags of framing are kept and counted', () => {
  const { intake, put, collector } = bench()
  put('<13>a: b', undefined, FLAG.octetCounted | FLAG.frameDamaged)
  put('<13>a: b', undefined, FLAG.truncated)
  intake.flush()
  collector.drain()
  const mask = FLAG.octetCounted | FLAG.frameDamaged | FLAG.truncated
  assert.deepEqual(
    collector.records.map((record) => record.flags & mask),
    [FLAG.octetCounted | FLAG.frameDamaged, FLAG.truncated],
  )
  const { framesDamaged, truncated } = intake.counters.read()
  assert.deepEqual({ framesDamaged, truncated }, { framesDamaged: 1, truncated: 1 })
})
