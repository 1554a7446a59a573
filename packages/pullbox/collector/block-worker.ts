import { isMainThread, workerData } from 'node:worker_threads'

import type { Batch } from '@pullbox/log/record'
import { createFilterBuilder, encodeBlock, KIND } from '@pullbox/log/record'

import { Garbage } from '../input/garbage.ts'
import { RingConsumer, takeAny } from '../input/ring.ts'
import { Gate } from './gate.ts'
import { missingIn } from './missing.ts'
import type { BlockMessage, BlockWorkerData, EmptyMessage, SourceShare } from './protocol.ts'

/** Arena bytes from which the filters are built: below, reading the block is as quick as reading the filter. */
const FILTER_FROM = 128 << 10
const WAIT_MS = 100
/** About what the columns of a record take while a block is made. */
const COLUMN_BYTES = 64

/** What each source has in the batch. */
function shares(batch: Batch): SourceShare[] {
  const sources = batch.sources.count
  const counts = new Uint32Array(sources)
  const last = new Uint32Array(sources)
  const seen = new Float64Array(sources)
  for (let i = 0, n = batch.count; i < n; i++) {
    const s = batch.source[i]
    counts[s]++
    if (batch.received[i] >= seen[s]) seen[s] = batch.received[i]
    if (batch.host[i] !== 0) last[s] = i + 1
  }
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
  const out: SourceShare[] = []
  for (let s = 0; s < sources; s++) {
    if (counts[s] === 0) continue
    const host = last[s] === 0 ? '' : text(batch.hosts.entry(batch.host[last[s] - 1]))
    out.push({ source: text(batch.sources.entry(s)), count: counts[s], lastSeen: seen[s], host })
  }
  return out
}

/** Takes batches, makes blocks of them and hands these to the store, until the rings are closed and empty. */
function main(data: BlockWorkerData): void {
  const gate = new Gate(data.gate)
  const rings = data.rings.map((input) => new RingConsumer(input.ring))
  const input = new Map(rings.map((ring, i) => [ring, data.rings[i]]))
  const filters = createFilterBuilder()
  const garbage = new Garbage(data.garbage)
  const cannotWait = rings.filter((ring) => !input.get(ring)!.canWait)
  for (;;) {
    const full = gate.full
    if (!full && !gate.waitRoom(WAIT_MS)) continue
    const taken = takeAny(full ? cannotWait : rings, data.doorbell, WAIT_MS)
    if (taken === null) {
      if (rings.every((ring) => ring.finished())) break
      // With no ring to look at, takeAny does not wait.
      if (full && cannotWait.length === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS)
      continue
    }
    const { batch, ring, slot, turn } = taken
    const { listener, canWait } = input.get(ring)!
    if (batch.count === 0) data.store.postMessage({ type: 'empty', listener, turn } satisfies EmptyMessage)
    else {
      // Compressing costs three times what reading costs: when half of the ring waits, the block goes raw, so that nothing is lost.
      const raw = ring.waiting() * 2 > ring.shared.slots
      const block = encodeBlock(batch, {
        level: raw ? 'raw' : data.level,
        filter: !raw && batch.arenaUsed >= FILTER_FROM && batch.arenaUsed <= data.filterMost ? filters : null,
        listener,
      })
      const message: BlockMessage = { type: 'block', block, listener, turn, canWait, raw, shares: shares(batch), missing: gaps(batch) }
      gate.enter(block.length)
      data.store.postMessage(message, [block.buffer as ArrayBuffer])
      garbage.add(COLUMN_BYTES * batch.count)
    }
    ring.release(slot)
  }
  data.store.postMessage({ type: 'end' })
  data.store.close()
}

function gaps(batch: Batch): BlockMessage['missing'] {
  const out: { source: string; count: number }[] = []
  for (let i = 0, n = batch.count; i < n; i++) {
    if (batch.kind[i] !== KIND.gap) continue
    const gap = missingIn(Buffer.from(batch.bytes(i)))
    if (gap !== null) out.push(gap)
  }
  return out
}

if (!isMainThread) main(workerData as BlockWorkerData)
