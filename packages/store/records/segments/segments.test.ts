import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import type { Need } from '../../query/engine/source.ts'
import type { Need as Requirement } from '../../query/filter/requirements.ts'
import { exportRecords } from '../export.ts'
import type { SampleRecord } from '../sample.ts'
import { SampleBlocks } from '../sample.ts'
import { describeSource, fsck, openSegments, openSource, SegmentsReader, SegmentsStore } from './index.ts'

const root = mkdtempSync(join(tmpdir(), 'pullbox-segments-'))
after(() => rmSync(root, { recursive: true, force: true }))
let stores = 0
const newPath = () => join(root, String(++stores))
const blocks = new SampleBlocks({ filtered: true })
const EVER = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }
const ALL: Need = { fields: null, requirements: { always: true } }
const segmentFiles = (path: string) => readdirSync(join(path, 'segments')).sort()

async function filled(path: string, appends: readonly (readonly SampleRecord[])[], segmentBytes = 1 << 20): Promise<SegmentsStore> {
  const store = await openSegments({ path, segmentBytes })
  for (const records of appends) await store.append([blocks.block(records)])
  return store
}

const some = (from: number, to: number): SampleRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({ bytes: `record ${from + i}`, time: from + i }))

test('refuses what is no store, and what a newer program wrote', async () => {
  const other = newPath()
  mkdirSync(other)
  writeFileSync(join(other, 'letter.txt'), 'not yours')
  await assert.rejects(openSegments({ path: other }), { code: 'STORE_BAD_PATH' })
  assert.deepEqual(
    readdirSync(other).filter((name) => name !== 'lock'),
    ['letter.txt'],
  )
  await assert.rejects(openSegments({ path: join(other, 'letter.txt', 'store') }), { code: 'STORE_BAD_PATH' })
  assert.throws(() => new SegmentsReader({ path: join(root, 'nowhere') }), { code: 'STORE_BAD_PATH' })
  const path = newPath()
  await (await filled(path, [some(1, 3)])).close()
  writeFileSync(join(path, 'format'), 'pullbox segments 9\n')
  await assert.rejects(openSegments({ path }), { code: 'STORE_NEWER_VERSION' })
  assert.throws(() => new SegmentsReader({ path }), { code: 'STORE_NEWER_VERSION' })
})

test('a damaged format file is put aside and made again', async () => {
  const path = newPath()
  await (await filled(path, [some(1, 3)])).close()
  writeFileSync(join(path, 'format'), 'pull\0ox')
  const store = await openSegments({ path })
  assert.equal(store.stats().records, 2)
  await store.close()
  assert.equal(readFileSync(join(path, 'format'), 'latin1'), 'pullbox segments 1\n')
  assert.deepEqual(readdirSync(join(path, 'damaged')), ['format.bin'])
})

test('a reader beside the writer sees what is whole, up to its bound, also over new segments and retention', async () => {
  const path = newPath()
  const store = await openSegments({ path, segmentBytes: 64 << 10 })
  const reader = new SegmentsReader({ path })
  assert.equal(reader.stats().records, 0)
  for (let i = 1; i <= 40; i++) {
    await store.append([blocks.block([{ bytes: `record ${i}`.padEnd(3000), time: i }])])
    reader.refresh()
    assert.equal(reader.stats().lastSeq, i)
  }
  assert.ok(segmentFiles(path).length > 3)
  const bounded = new SegmentsReader({ path, bound: 17 })
  assert.equal(bounded.after(0, 100).next, 17)
  bounded.refresh(31)
  assert.equal(bounded.after(0, 100).next, 31)
  assert.equal((await store.retain({ now: 0, bytes: 100_000 })).records > 0, true)
  reader.refresh()
  assert.deepEqual(reader.stats(), { ...store.stats(), freeBytes: reader.stats().freeBytes })
  await Promise.all([reader.close(), bounded.close(), store.close()])
})

test('a reader passes over a write under way, and takes it in when it is whole', async () => {
  const path = newPath()
  await (await filled(path, [some(1, 4)])).close()
  const [name] = segmentFiles(path)
  const file = join(path, 'segments', name)
  const before = readFileSync(file)
  const store = await openSegments({ path })
  await store.append([blocks.block(some(4, 9))])
  await store.close()
  const whole = readFileSync(file)
  for (const cut of [before.length + 1, before.length + 40, whole.length - 1]) {
    truncateSync(file, before.length)
    const reader = new SegmentsReader({ path })
    appendFileSync(file, whole.subarray(before.length, cut))
    reader.refresh()
    assert.equal(reader.stats().records, 3)
    assert.deepEqual(reader.damages(), [])
    appendFileSync(file, whole.subarray(cut))
    reader.refresh()
    assert.equal(reader.stats().records, 8)
    await reader.close()
  }
})

test('rows are read late, after more files were opened than are kept open', async () => {
  const path = newPath()
  const store = await filled(
    path,
    Array.from({ length: 100 }, (_, i) => [{ bytes: `record ${i}`.padEnd(3000), time: i }]),
    4096,
  )
  assert.ok(segmentFiles(path).length > 90)
  const source = store.source()
  const { blocks: refs } = await source.plan(EVER, ALL)
  const all = await Promise.all(refs.map((ref) => source.read(ref, ALL)))
  all.forEach((rows, i) => assert.ok(!('unreadable' in rows) && rows.column('_msg')?.text(0).startsWith(`record ${i} `)))
  await store.close()
})

test('workers read the blocks of a plan that another source made', async () => {
  const path = newPath()
  const store = await filled(path, [some(1, 4), some(4, 9)])
  const { module, options } = describeSource({ path })
  const { openSource: open } = (await import(module)) as { openSource: typeof openSource }
  const source = await open(options)
  const plan = structuredClone(await store.source().plan(EVER, ALL))
  const ids: string[] = []
  for (const ref of plan.blocks) {
    const rows = await source.read(ref, ALL)
    assert.ok(!('unreadable' in rows))
    for (let i = 0; i < rows.count; i++) ids.push(`${rows.id(i)} ${rows.column('_msg')?.text(i)}`)
  }
  assert.deepEqual(
    ids,
    some(1, 9).map((r) => `${r.time} ${r.bytes}`),
  )
  assert.deepEqual(await source.plan(EVER, ALL), plan)
  await source.close?.()
  await store.close()
})

test('a plan leaves out blocks by their filters and lists, and never one that matches', async () => {
  const path = newPath()
  const store = await filled(path, [
    [{ bytes: 'sw1 link DOWN', host: 'sw1', time: 1, priority: 11, source: 'a' }],
    [{ bytes: 'sw2 link up from 10.0.0.7', host: 'sw2', time: 2, priority: 14, source: 'b' }],
    [{ bytes: 'sw3 nothing', host: 'sw3', time: 3, source: 'b' }],
  ])
  const literal = (text: string, field = '_msg'): Requirement => ({ literal: Buffer.from(text), field })
  const address = (text: string, field = '_msg'): Requirement => ({ address: Buffer.from(text), field })
  const severity = (min: number, max: number): Requirement => ({ severity: { field: 'severity', min, max } })
  const equals = (field: string, value: string): Requirement => ({ equals: { field, value } })
  const cases: [Requirement, number[]][] = [
    [literal('link'), [1, 2]],
    [literal('down'), [1]],
    [literal('absent needle'), []],
    [address('10.0.0.9'), []],
    [address('10.0.0.7'), [2]],
    [address('10.0.0.9', 'data.peer'), []],
    [address('10.0.0.9', 'tag'), [1, 2, 3]],
    [literal('10.0.0.7', 'data.peer'), [2]],
    [literal('absent "needle]', 'data.peer'), []],
    [literal('in"k]', 'data.peer'), [1, 2, 3]],
    [severity(0, 3), [1]],
    [severity(4, 7), [2]],
    [severity(0, 2), []],
    [literal('inf', 'severity'), [2]],
    [literal('gap', 'type'), []],
    [literal('sw', 'host'), [1, 2, 3]],
    [literal('sw3', 'host'), [3]],
    [equals('host', 'sw2'), [2]],
    [equals('source', 'b'), [2, 3]],
    [equals('severity', 'err'), [1]],
    [equals('severity', 'nonsense'), []],
    [equals('type', 'gap'), []],
    [equals('type', 'record'), [1, 2, 3]],
    [equals('some.field', 'x'), [1, 2, 3]],
    [{ all: [literal('link'), equals('source', 'b')] }, [2]],
    [{ any: [literal('down'), equals('host', 'sw3')] }, [1, 3]],
    [{ any: [literal('down'), { always: true }] }, [1, 2, 3]],
  ]
  for (const [requirements, seqs] of cases) {
    const plan = await store.source().plan(EVER, { fields: null, requirements })
    assert.deepEqual(
      plan.blocks.map((b) => b.minTime),
      seqs,
      JSON.stringify(requirements),
    )
  }
  await store.close()
})

test('fsck names damage; repair moves it aside and keeps all the rest', async () => {
  const path = newPath()
  await (
    await filled(
      path,
      Array.from({ length: 6 }, (_, i) => some(i * 3 + 1, i * 3 + 4)),
    )
  ).close()
  assert.deepEqual((await fsck({ path })).damages, [])
  const file = join(path, 'segments', segmentFiles(path)[0])
  const bytes = readFileSync(file)
  // The header of the third block.
  let at = -1
  for (let i = 0; i < 3; i++) at = bytes.indexOf('\x89PBX', at + 1, 'latin1')
  bytes[at + 20] ^= 1
  writeFileSync(file, bytes)
  const report = await fsck({ path })
  assert.equal(report.damages.length, 1)
  assert.deepEqual(
    { ...report.damages[0], to: 0, reason: '' },
    { segment: segmentFiles(path)[0], from: at, to: 0, records: 3, firstSeq: 7, lastSeq: 9, minTime: 6, maxTime: 10, reason: '' },
  )
  assert.deepEqual([report.records, report.unreadable, report.running], [15, 3, false])
  assert.deepEqual(readFileSync(file), bytes, 'looking changes nothing')
  const repaired = await fsck({ path, repair: true })
  assert.ok(repaired.movedAside > 0)
  assert.equal(readdirSync(join(path, 'damaged')).length, 1)
  const store = await openSegments({ path })
  assert.deepEqual(
    store.damages().map((d) => [d.from === d.to, d.firstSeq, d.lastSeq]),
    [[true, 7, 9]],
  )
  assert.equal(store.stats().records, 15)
  assert.equal((await store.append([blocks.block(some(1, 2))])).firstSeq, 19)
  await assert.rejects(fsck({ path, repair: true }), { code: 'STORE_LOCKED' })
  assert.equal((await fsck({ path })).running, true)
  await store.close()
})

test('what an orderly stop had synced at the end is not a torn write: it stays named after a repair, and its numbers are not given again', async () => {
  const path = newPath()
  await (await filled(path, [some(1, 4), some(4, 6), some(6, 9)])).close()
  const file = join(path, 'segments', segmentFiles(path)[0])
  const whole = readFileSync(file)
  const at = whole.lastIndexOf('\x89PBX', whole.length, 'latin1')
  const seqs = async (repair: boolean) => (await fsck({ path, repair })).damages.map((d) => [d.firstSeq, d.lastSeq, d.to > d.from])
  writeFileSync(file, whole.subarray(0, at))
  assert.deepEqual(await seqs(false), [[6, 8, false]])
  whole[at + 20] ^= 1
  writeFileSync(file, whole)
  assert.deepEqual(await seqs(false), [[6, 8, true]])
  assert.deepEqual(await seqs(true), [
    [6, 8, true],
    [6, 8, false],
  ])
  assert.deepEqual(await seqs(false), [[6, 8, false]])
  const store = await openSegments({ path })
  assert.equal((await store.append([blocks.block(some(1, 2))])).firstSeq, 9)
  await store.close()
  assert.deepEqual(await seqs(false), [[6, 8, false]])
})

test('fsck names records of a first segment that somebody deleted', async () => {
  const path = newPath()
  const store = await openSegments({ path, segmentBytes: 4096 })
  for (let i = 0; i < 40; i++) await store.append([blocks.block(some(i * 4 + 1, i * 4 + 5))])
  await store.close()
  const files = segmentFiles(path).filter((name) => name.endsWith('.pbs'))
  const second = files.find((name) => Number(name.slice(0, 16)) > 1) as string
  for (const name of files) if (name < second) rmSync(join(path, 'segments', name))
  const { damages } = await fsck({ path })
  assert.deepEqual(
    damages.map((d) => [d.segment, d.firstSeq, d.lastSeq]),
    [[second, 1, Number(second.slice(0, 16)) - 1]],
  )
})

test('fsck finds a damaged section, and repair leaves what can still be read', async () => {
  const path = newPath()
  await (await filled(path, [some(1, 4), some(4, 6)])).close()
  const file = join(path, 'segments', segmentFiles(path)[0])
  const bytes = readFileSync(file)
  bytes[bytes.indexOf('record 2')] ^= 1
  writeFileSync(file, bytes)
  for (const repair of [false, true]) {
    const { damages, records } = await fsck({ path, repair })
    assert.deepEqual(
      damages.map((d) => [d.firstSeq, d.lastSeq, d.records]),
      [[1, 3, 3]],
    )
    assert.equal(records, 5)
  }
})

test('exports in write order and in order of time, every byte, damage in its place', async () => {
  const path = newPath()
  let seed = 7
  const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below
  const given: { time: number; bytes: string; seq: number }[] = []
  const appends = Array.from({ length: 80 }, (_, a) =>
    Array.from({ length: 1 + random(30) }, () => {
      const r = { time: a % 9 === 0 ? random(5000) : a * 10 + random(200), bytes: `${given.length}\0\n`, seq: given.length + 1 }
      given.push(r)
      return r
    }),
  )
  const store = await filled(path, appends, 16 << 10)
  const range = { since: 100, until: 900 }
  for (const [order, wanted] of [
    ['write', given],
    ['time', given.toSorted((a, b) => a.time - b.time || a.seq - b.seq)],
  ] as const) {
    for (const r of [undefined, range]) {
      const got: string[] = []
      for await (const run of exportRecords(store.source(), { order, ...(r === undefined ? {} : { range: r }) })) {
        assert.ok(!('unreadable' in run))
        for (const i of run.picked) got.push(`${run.rows.id(i)} ${Buffer.from(run.rows.bytes(i))}`)
      }
      const expected = wanted.filter((g) => r === undefined || (g.time >= r.since && g.time < r.until))
      assert.deepEqual(
        got,
        expected.map((g) => `${g.seq} ${g.bytes}`),
      )
    }
  }
  await store.close()
})

test('a failed directory is an error with a code, and the lock is free again', async () => {
  const path = newPath()
  await (await filled(path, [some(1, 2)])).close()
  rmSync(join(path, 'segments'), { recursive: true })
  writeFileSync(join(path, 'segments'), '')
  await assert.rejects(openSegments({ path }), { code: 'STORE_BAD_PATH' })
  rmSync(join(path, 'segments'))
  const store = await openSegments({ path })
  assert.ok(store instanceof SegmentsStore && existsSync(join(path, 'segments')))
  await store.close()
})
