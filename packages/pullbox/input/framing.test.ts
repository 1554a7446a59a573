import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { startListener } from './listener.ts'
import type { ListenerFraming } from './task.ts'
import { Collector, MESSAGE, testRing } from './testing/collect.ts'

/** What a stream listener that was told this framing makes of the bytes. */
async function records(type: 'tcp' | 'unix-stream', framing: ListenerFraming | undefined, bytes: string, count: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pullbox-framing-'))
  const ring = testRing()
  const listener = await startListener({
    type,
    address: '127.0.0.1:0',
    path: join(folder, 'log'),
    ring,
    limits: { message: MESSAGE, memory: 64 << 20 },
    ...(framing === undefined ? {} : { framing }),
  })
  try {
    const port = Number(/\d+$/.exec(listener.address)?.[0])
    const socket = type === 'tcp' ? connect(port, '127.0.0.1') : connect(listener.address)
    await once(socket, 'connect')
    socket.end(bytes)
    const collector = new Collector(ring)
    await collector.until(count)
    return collector.records.map((r) => r.bytes.toString('latin1'))
  } finally {
    await listener.stop(500)
    rmSync(folder, { recursive: true })
  }
}

test('framing as configured: what looks like a count is one, or is a part of the line', { timeout: 60_000 }, async () => {
  const stream = '8 <13>a: b10 <13>c: d\ne'
  for (const type of ['tcp', 'unix-stream'] as const) {
    assert.deepEqual(await records(type, undefined, stream, 2), ['<13>a: b', '<13>c: d\ne'])
    assert.deepEqual(await records(type, 'octet', stream, 2), ['<13>a: b', '<13>c: d\ne'])
    assert.deepEqual(await records(type, 'lf', stream, 2), ['8 <13>a: b10 <13>c: d', 'e'])
  }
  // Where only counts are taken, a line is damage, and a record all the same.
  assert.deepEqual(await records('tcp', 'octet', 'no count\n8 <13>a: b', 2), ['no count', '<13>a: b'])
})
