import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { nodeDisk, openSegments, SegmentsReader, type Disk, type DiskFile } from '@pullbox/store/records'

import { SampleBlocks } from '../sample.ts'

const root = mkdtempSync(join(tmpdir(), 'pullbox-catalogue-'))
after(() => rmSync(root, { recursive: true, force: true }))
let stores = 0
const blocks = new SampleBlocks()

/** A store of several closed segments and one that is not. */
async function filled(): Promise<string> {
  const path = join(root, String(++stores))
  const store = await openSegments({ path, segmentBytes: 16 << 10 })
  for (let i = 1; i <= 60; i++) await store.append([blocks.block([{ bytes: `record ${i}`.padEnd(900), time: i }])])
  await store.close()
  return path
}

const filesOf = (path: string, suffix: string): string[] =>
  readdirSync(join(path, 'segments'))
    .filter((name) => name.endsWith(suffix))
    .sort()

/** The disk of this machine, counting the bytes read from segments. */
function countingDisk(): { disk: Disk; bytes: () => number } {
  let bytes = 0
  const open = (path: string, mode: 'read' | 'write' | 'create'): DiskFile => {
    const file = nodeDisk.open(path, mode)
    if (!path.endsWith('.pbs')) return file
    return {
      read: (into, at) => {
        const got = file.read(into, at)
        bytes += got
        return got
      },
      write: (pieces, at) => file.write(pieces, at),
      datasync: () => file.datasync(),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      close: () => file.close(),
    }
  }
  return { disk: { ...nodeDisk, open }, bytes: () => bytes }
}

/** What a reader tells, without what depends on the moment; and the bytes that it read of segments to know it. */
function look(path: string, catalogues: boolean): { told: unknown; bytes: number } {
  const { disk, bytes } = countingDisk()
  const reader = new SegmentsReader({ path, catalogues, disk })
  const { freeBytes: _free, ...stats } = reader.stats()
  const told = {
    stats,
    damages: reader.damages(),
    blocks: reader.catalogues.map((c) =>
      Array.from({ length: c.blocks }, (_, i) => [
        c.offset[i],
        c.length[i],
        c.count[i],
        c.bits[i],
        c.minTime[i],
        c.maxTime[i],
        c.firstSeq(i),
      ]),
    ),
  }
  void reader.close()
  return { told, bytes: bytes() }
}

test('a closed segment is known by its catalogue, and tells the same', async () => {
  const path = await filled()
  const segments = filesOf(path, '.pbs')
  assert.deepEqual(
    filesOf(path, '.pbc').map((name) => name.slice(0, 16)),
    segments.slice(0, -1).map((name) => name.slice(0, 16)),
  )
  const [walked, filed] = [look(path, false), look(path, true)]
  assert.deepEqual(filed.told, walked.told)
  assert.ok(filed.bytes < walked.bytes / 2, `${filed.bytes} of ${walked.bytes} bytes`)
  assert.equal((walked.told as { stats: { records: number } }).stats.records, 60)
})

test('a catalogue that is damaged, cut short, of another segment or missing is never trusted, and made again', async () => {
  const path = await filled()
  const truth = look(path, false)
  const [name, other] = filesOf(path, '.pbc')
  const file = join(path, 'segments', name)
  const good = readFileSync(file)
  const bad: (() => void)[] = [
    () => rmSync(file),
    () => writeFileSync(file, ''),
    () => copyFileSync(join(path, 'segments', other), file),
    ...Array.from({ length: good.length }, (_, at) => () => {
      const bytes = Buffer.from(good)
      bytes[at] ^= 1 << (at % 8)
      writeFileSync(file, bytes)
    }),
    ...[1, 95, 96, good.length - 1].map((size) => () => truncateSync(file, size)),
    () => writeFileSync(file, Buffer.concat([good, Buffer.of(0)])),
  ]
  for (const [i, damage] of bad.entries()) {
    writeFileSync(file, good)
    damage()
    assert.deepEqual(look(path, true).told, truth.told, `damage ${i}`)
    if (i % 40 !== 0 && i < bad.length - 5) continue
    await (await openSegments({ path })).close()
    assert.ok(readFileSync(file).equals(good), `damage ${i} is mended`)
  }
})

test('a catalogue of a segment that has changed since is passed over', async () => {
  const path = await filled()
  const [first] = filesOf(path, '.pbs')
  const segment = join(path, 'segments', first)
  const good = readFileSync(segment)
  const changes: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.subarray(0, bytes.length - 1),
    (bytes) => bytes.subarray(0, 2000),
    (bytes) => Buffer.concat([bytes, Buffer.alloc(7)]),
    (bytes) => ((bytes[24] ^= 1), bytes),
    (bytes) => ((bytes[bytes.length - 1] ^= 1), bytes),
    (bytes) => ((bytes[60] ^= 1), bytes),
  ]
  for (const [i, change] of changes.entries()) {
    writeFileSync(segment, change(Buffer.from(good)))
    assert.deepEqual(look(path, true).told, look(path, false).told, `change ${i}`)
  }
})

test('a segment with damage gets no catalogue; retention takes catalogues along, and opening those without a segment', async () => {
  const path = await filled()
  const [first, second] = filesOf(path, '.pbs')
  const file = join(path, 'segments', first)
  const bytes = readFileSync(file)
  bytes[bytes.indexOf('\x89PBX', 'latin1') + 20] ^= 1
  writeFileSync(file, bytes)
  const catalogue = join(path, 'segments', `${first.slice(0, -4)}.pbc`)
  rmSync(catalogue)
  const store = await openSegments({ path })
  assert.equal(store.damages().length, 1)
  assert.ok(!existsSync(catalogue))
  const { segments } = await store.retain({ now: 0, bytes: store.stats().bytes - bytes.length - 100 })
  assert.deepEqual(segments, [first, second])
  assert.ok(!existsSync(join(path, 'segments', `${second.slice(0, -4)}.pbc`)))
  await store.close()
  for (const name of ['0000000000000001.pbc', '0000000000000001.pbc.new']) writeFileSync(join(path, 'segments', name), 'x')
  await (await openSegments({ path })).close()
  assert.deepEqual(
    filesOf(path, '.pbc').map((name) => name.slice(0, 16)),
    filesOf(path, '.pbs')
      .slice(0, -1)
      .map((name) => name.slice(0, 16)),
  )
  assert.deepEqual(filesOf(path, '.new'), [])
})
