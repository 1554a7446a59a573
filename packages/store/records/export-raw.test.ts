import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CodedError } from '@pullbox/log/errors'

import { exportRecords } from './export.ts'
import type { Framing } from './export-raw.ts'
import { rawFrames, rawTotals } from './export-raw.ts'
import { MemoryStore } from './memory.ts'
import { SampleBlocks } from './sample.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`raw frames: SEED=${seed}`)

/** The frames of a list of records as a few lines would write them. */
function plainly(records: readonly Buffer[], framing: Framing): Buffer {
  if (framing === 'octet') return Buffer.concat(records.flatMap((r) => [Buffer.from(`${r.length} `), r]))
  return Buffer.concat(records.flatMap((r) => (framing === 'none' ? [r] : [r, Buffer.of(framing === 'lf' ? 10 : 0)])))
}

test('frames are those of a plain writing, in both orders and with any bytes; what can be misread is counted and named', async () => {
  let state = seed % 2147483647 || 1
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below
  const blocks = new SampleBlocks({ arenaBytes: 8 << 20 })
  const store = new MemoryStore()
  const all: { id: string; time: number; bytes: Buffer }[] = []
  for (let b = 0; b < 12; b++) {
    const records = Array.from({ length: 1 + random(200) }, () => {
      // Around the size of a piece too, so that pieces end before, within and behind such a record.
      const length = random(150) === 0 ? (1 << 20) - 40 + random(80) : random(60)
      const bytes = Buffer.from(Array.from({ length: Math.min(length, 200) }, () => random(16)))
      return { time: random(5000), bytes: Buffer.concat([bytes, Buffer.alloc(length - bytes.length, 65)]) }
    }).filter((_, i, list) => list.slice(0, i + 1).reduce((n, one) => n + one.bytes.length, 0) < 6 << 20)
    await store.append([blocks.block(records)])
    for (const r of records) all.push({ ...r, id: String(all.length + 1) })
  }
  for (const order of ['write', 'time'] as const) {
    const wanted = order === 'write' ? all : all.toSorted((a, b) => a.time - b.time || Number(a.id) - Number(b.id))
    for (const framing of ['octet', 'lf', 'nul', 'none'] as const) {
      const totals = rawTotals()
      const pieces: Uint8Array[] = []
      for await (const piece of rawFrames(exportRecords(store.source(), { order }), { framing }, totals)) {
        assert.ok(!('unreadable' in piece) && piece.length > 0)
        pieces.push(piece)
      }
      const records = wanted.map((r) => r.bytes)
      assert.ok(Buffer.concat(pieces).equals(plainly(records, framing)), `${order} ${framing}`)
      assert.ok(pieces.every((piece) => piece.length <= (1 << 20) + 60))
      const holds = framing === 'lf' ? 10 : framing === 'nul' ? 0 : null
      const ambiguous = wanted.filter((r) => holds !== null && r.bytes.includes(holds)).map((r) => r.id)
      assert.deepEqual(
        [totals.records, totals.bytes, totals.ambiguous, totals.ambiguousIds],
        [all.length, records.reduce((n, r) => n + r.length, 0), ambiguous.length, ambiguous.slice(0, 10)],
      )
    }
  }
})

test('a filter picks in both orders, and its own error is thrown while damage is not', async () => {
  const blocks = new SampleBlocks()
  const store = new MemoryStore()
  await store.append([blocks.block([3, 1, 2].map((time) => ({ time, bytes: `r${time}` })))])
  const pick = (_rows: unknown, among: Uint32Array) => among.filter((i) => i !== 1)
  for (const [order, text] of [
    ['write', 'r3r2'],
    ['time', 'r2r3'],
  ] as const) {
    let out = ''
    const runs = exportRecords(store.source(), { order, filter: { requirements: { always: true }, pick } })
    for await (const piece of rawFrames(runs, { framing: 'none' }, rawTotals())) {
      assert.ok(!('unreadable' in piece))
      out += Buffer.from(piece).toString()
    }
    assert.equal(out, text)
  }
  const failing = (code: string) =>
    exportRecords(store.source(), {
      filter: {
        requirements: { always: true },
        pick: () => {
          throw new CodedError(code, 'too much')
        },
      },
    })
  await assert.rejects(failing('QUERY_REGEXP_COSTLY').next(), { code: 'QUERY_REGEXP_COSTLY' })
  const { value } = await failing('BLOCK_SECTION_DAMAGED').next()
  assert.ok(value !== undefined && 'unreadable' in value && value.count === 3)
})
