import assert from 'node:assert/strict'
import { test } from 'node:test'

import { COUNTERS } from '../input/counters.ts'
import type { Counters } from '../input/index.ts'
import type { CollectorStatus } from '../collector/index.ts'
import { metricsText, MOST_SOURCES } from './metrics.ts'
import { parseMetrics } from './testing/prometheus.ts'

function statusOf(sources: number): CollectorStatus {
  const lines = Array.from({ length: sources }, (_, i) => ({
    source: i === 0 ? 'unix:/run/"a\\b"\nc' : `10.0.${i >> 8}.${i & 255}`,
    host: '',
    received: i + 3,
    stored: i,
    duplicate: 1,
    refused: { disk_full: 1, 'lab "rule"': 1 },
    held: 0,
    check: 0,
    missing: 2,
    firstSeen: 1e15,
    lastSeen: 1.7e15,
  }))
  const counters = Object.fromEntries(COUNTERS.map((name) => [name, 7])) as Counters
  const listener = {
    name: 'udp [::1]:514',
    type: 'udp' as const,
    address: '[::1]:514',
    receiveBuffer: 1,
    native: true,
    counters,
    kernelDrops: 9,
  }
  return {
    totals: { received: 10, stored: 4, duplicate: 1, refused: 2, held: 3, missing: 5 },
    lines,
    listeners: {},
    stats: {
      records: 4,
      blocks: 2,
      bytes: 1000,
      segments: 1,
      firstSeq: 1,
      lastSeq: 4,
      minTime: Number.NaN,
      maxTime: Number.NaN,
      damages: 1,
      freeBytes: Number.POSITIVE_INFINITY,
    },
    rawBlocks: 2,
    waitingBytes: 12,
    trouble: null,
    version: 'x',
    started: 1.6e15,
    now: 1.7e15,
    listenersNow: [listener],
    balanced: true,
  }
}

test('every family has help and type, every sample reads back, and hostile names are escaped', () => {
  const samples = parseMetrics(metricsText(statusOf(3), { rss: 4096, lastSync: null }))
  const value = (name: string, labels: Record<string, string> = {}) =>
    samples.find((one) => one.name === name && JSON.stringify(one.labels) === JSON.stringify(labels))?.value
  const states = ['received', 'stored', 'duplicate', 'refused', 'held', 'missing']
  assert.deepEqual(
    states.map((state) => value('pullbox_records', { state })),
    [10, 4, 1, 2, 3, 5],
  )
  assert.equal(value('pullbox_refused_total', { reason: 'lab "rule"' }), 3)
  assert.equal(value('pullbox_source_received_total', { source: 'unix:/run/"a\\b"\nc' }), 3)
  assert.equal(value('pullbox_listener_kernel_drops_total', { listener: 'udp [::1]:514' }), 9)
  assert.equal(value('pullbox_store_free_bytes'), Number.POSITIVE_INFINITY)
  assert.equal(value('pullbox_store_damages'), 1)
  assert.equal(value('pullbox_store_last_sync_seconds'), undefined)
  assert.equal(value('pullbox_sources_unlisted'), 0)
  assert.equal(value('process_resident_memory_bytes'), 4096)
  const synced = parseMetrics(metricsText(statusOf(1), { rss: 1, lastSync: 1.7e15 }))
  assert.equal(synced.find(({ name }) => name === 'pullbox_store_last_sync_seconds')?.value, 1.7e9)
})

test('sources beyond the limit have no series and are counted; those that send most are kept', () => {
  const samples = parseMetrics(metricsText(statusOf(MOST_SOURCES + 25), { rss: 1, lastSync: null }))
  const received = samples.filter(({ name }) => name === 'pullbox_source_received_total')
  assert.equal(received.length, MOST_SOURCES)
  assert.equal(Math.min(...received.map(({ value }) => value)), 25 + 3)
  assert.equal(samples.find(({ name }) => name === 'pullbox_sources')?.value, MOST_SOURCES + 25)
  assert.equal(samples.find(({ name }) => name === 'pullbox_sources_unlisted')?.value, 25)
})

test('the strict reader refuses what is not the format', () => {
  const head = '# HELP a x\n# TYPE a counter\n'
  assert.equal(parseMetrics(`${head}a 1\n`).length, 1)
  for (const bad of [
    'a 1\n',
    `${head}b 1\n`,
    `${head}a -1\n`,
    `${head}a{x="1"y="2"} 1\n`,
    `${head}a{x="\\q"} 1\n`,
    `${head}a 1\na 2\n`,
    `${head}a one\n`,
    `${head}a 1`,
  ]) {
    assert.throws(() => parseMetrics(bad), Error, bad)
  }
})
