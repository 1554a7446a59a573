// One end of a ring in a thread of its own, for ring.test.ts.
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'

import { BatchWriter } from '@pullbox/log/record'
import { Header } from '@pullbox/log/wire'

import { RingConsumer, RingProducer, takeAny } from '../ring.ts'
import type { RingShared } from '../ring.ts'
import { random } from './random.ts'

interface Task {
  role: 'produce' | 'consume'
  rings: RingShared[]
  seed: number
  batches: number
}

const task = workerData as Task
const pause = new Int32Array(new SharedArrayBuffer(4))
const nap = (ms: number) => Atomics.wait(pause, 0, 0, ms)

function produce(shared: RingShared): void {
  const next = random(task.seed)
  const ring = new RingProducer(shared)
  const header = new Header()
  let writer: BatchWriter | undefined
  for (let n = 0; n < task.batches; n++) {
    while (!ring.waitFree(5));
    const batch = ring.claim()
    if (batch === null) throw new Error('no slot after waitFree')
    if (writer === undefined) writer = new BatchWriter(batch)
    else writer.use(batch)
    const source = writer.source(new TextEncoder().encode(`batch ${task.seed}/${n}`))
    const records = 1 + Math.floor(next() * 20)
    const hash = createHash('sha1')
    for (let i = 0; i < records; i++) {
      const bytes = new Uint8Array(Math.floor(next() * 300)).fill(Math.floor(next() * 256))
      hash.update(bytes)
      writer.append(bytes, 0, bytes.length, header, source, n, bytes.length)
      if (next() < 0.02) nap(next() * 0.5)
    }
    const digest = hash.digest()
    writer.append(digest, 0, digest.length, header, source, n, digest.length)
    ring.commit()
    if (next() < 0.05) nap(next())
  }
  ring.close()
  parentPort?.postMessage({ produced: task.batches })
}

function consume(): void {
  const next = random(task.seed)
  const rings = task.rings.map((shared) => new RingConsumer(shared))
  const seen: { name: string; intact: boolean }[] = []
  for (;;) {
    const taken = takeAny(rings, task.rings[0].doorbell, 50)
    if (taken === null) {
      if (rings.every((ring) => ring.finished())) break
      continue
    }
    const { batch } = taken
    if (next() < 0.1) nap(next())
    const hash = createHash('sha1')
    const last = batch.count - 1
    for (let i = 0; i < last; i++) hash.update(batch.bytes(i))
    const name = Buffer.from(batch.sources.entry(batch.source[0])).toString()
    seen.push({ name, intact: Buffer.from(batch.bytes(last)).equals(hash.digest()) })
    taken.ring.release(taken.slot)
  }
  parentPort?.postMessage({ seen })
}

if (task.role === 'produce') produce(task.rings[0])
else consume()
