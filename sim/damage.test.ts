import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SegmentsStore } from '@pullbox/store/records'
import { openSegments } from '@pullbox/store/records'
import { SampleBlocks } from '@pullbox/store/records/suite'

import { SimDisk } from './disk.ts'
import { Random } from './random.ts'

const PATH = '/store'
const seed = Number(process.env.PULLBOX_SEED ?? Date.now() & 0xffff)
/** Every byte, or in the short run one in four. */
const STEP = process.env.PULLBOX_PROVE === '1' ? 1 : 4
/** Four appends of 3, 1, 2 and 2 records; each is a group of its own, with a mark before it. */
const APPENDS = [['a0', 'a1', 'a2'], ['b0'], ['c0', 'c1'], ['d0', 'd1']]
const TEXTS = APPENDS.flat()
const open = (disk: SimDisk) => openSegments({ path: PATH, disk, now: () => 1e6, randomEpoch: () => 77, segmentBytes: 1 << 20 })

interface Made {
  readonly disk: SimDisk
  readonly file: string
  readonly bytes: Uint8Array
  /** Bytes [from, to) of each append's block. */
  readonly spans: readonly (readonly [number, number])[]
}

/** A store with one segment that was left `how`. */
async function make(how: 'closed' | 'followed' | 'killed'): Promise<Made> {
  const disk = new SimDisk(new Random(seed))
  const blocks = new SampleBlocks({ records: 8, arenaBytes: 4096 })
  const store = await open(disk)
  const spans: [number, number][] = []
  for (const [i, texts] of APPENDS.entries()) {
    const { bytes } = await store.append([blocks.block(texts.map((text) => ({ bytes: text, time: 100 + i })))])
    const end = store.stats().bytes
    spans.push([end - bytes, end])
  }
  const file = `${PATH}/segments/0000000000000001.pbs`
  if (how === 'killed') {
    disk.cut()
    disk.reboot()
  } else await store.close()
  if (how === 'followed') await follow(disk, blocks)
  return { disk, file, bytes: disk.contents(file), spans }
}

/** Begins a second segment. */
async function follow(disk: SimDisk, blocks: SampleBlocks): Promise<void> {
  const store = await openSegments({ path: PATH, disk, now: () => 1e6, randomEpoch: () => 99, segmentBytes: 4096 })
  await store.append([blocks.block([{ bytes: 'x'.repeat(3000), time: 500 }])])
  await store.close()
}

interface Seen {
  readonly texts: Set<string>
  /** Records that queries said they could not read. */
  readonly unreadable: number
}

async function readAll(store: SegmentsStore): Promise<Seen> {
  const source = store.source()
  const need = { fields: null, requirements: { always: true } } as const
  const plan = await source.plan({ since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }, need)
  let unreadable = (plan.unreadable ?? []).reduce((n, u) => n + u.count, 0)
  const texts = new Set<string>()
  for (const ref of plan.blocks) {
    try {
      const rows = await source.read(ref, need)
      if ('unreadable' in rows) unreadable += rows.count
      else for (let i = 0; i < rows.count; i++) texts.add(rows.column('_msg')?.text(i) ?? '')
    } catch {
      unreadable += ref.count
    }
  }
  texts.delete('x'.repeat(3000))
  return { texts, unreadable }
}

const restored = (made: Made, bytes: Uint8Array) => {
  made.disk.place(made.file, bytes)
}

/** Opening may change files: each damage is done to the same bytes again. */
async function eachDamage(
  made: Made,
  damaged: (at: number) => Uint8Array,
  check: (at: number, store: SegmentsStore, seen: Seen) => void,
): Promise<void> {
  const names = made.disk.list(PATH).filter((n) => n === 'good')
  const good = names.length > 0 ? made.disk.contents(`${PATH}/good`) : null
  for (let at = seed % STEP; at < made.bytes.length; at += STEP) {
    restored(made, damaged(at))
    if (good !== null) made.disk.place(`${PATH}/good`, good)
    const store = await open(made.disk)
    const seen = await readAll(store)
    check(at, store, seen)
    for (const name of made.disk.list(`${PATH}/damaged`)) made.disk.erase(`${PATH}/damaged/${name}`)
    // Nothing more is written: the next damage finds the disk as it was left.
    made.disk.cut()
    made.disk.reboot()
  }
}

const hit = (made: Made, at: number) => made.spans.findIndex(([from, to]) => at >= from && at < to)

for (const how of ['closed', 'followed', 'killed'] as const) {
  test(`a flipped byte costs the block that it hit, named (segment ${how})`, async (t) => {
    const made = await make(how)
    let lostAny = 0
    const flip = new Random(seed)
    const damaged = (at: number) => {
      const bytes = made.bytes.slice()
      bytes[at] ^= 1 + flip.below(255)
      return bytes
    }
    await eachDamage(made, damaged, (at, store, seen) => {
      const where = `byte ${at}, seed ${seed}`
      const mine = APPENDS[hit(made, at)] ?? []
      const lost = TEXTS.filter((text) => !seen.texts.has(text))
      assert.ok(
        lost.every((text) => mine.includes(text)),
        `${where}: lost ${lost}`,
      )
      for (const text of seen.texts) assert.ok(TEXTS.includes(text), `${where}: ${text} is no record`)
      if (lost.length === 0) return
      lostAny++
      const named = seen.unreadable + store.torn.reduce((n, d) => n + (d.records ?? Number.NaN), 0)
      // Of a header that was torn off the end, nobody can tell how many records it had.
      assert.ok(named === lost.length || (how === 'killed' && Number.isNaN(named)), `${where}: ${lost.length} lost, ${named} named`)
    })
    t.diagnostic(`${made.bytes.length} bytes, one in ${STEP} flipped, ${lostAny} cost records`)
    assert.ok(lostAny > made.bytes.length / STEP / 2)
  })
}

for (const how of ['closed', 'followed'] as const) {
  test(`a cut costs what was cut off, named (segment ${how})`, async () => {
    const made = await make(how)
    await eachDamage(
      made,
      (at) => made.bytes.slice(0, at),
      (at, store, seen) => {
        const whole = APPENDS.filter((_, i) => made.spans[i][1] <= at).flat()
        assert.deepEqual([...seen.texts], whole, `cut at ${at}`)
        assert.equal(seen.unreadable, TEXTS.length - whole.length, `cut at ${at}`)
        assert.ok(store.damages().length > 0)
        assert.equal(store.stats().lastSeq >= TEXTS.length, true, 'numbers that were promised are not given again')
      },
    )
  })
}

test('a cut after a kill costs what was cut off', async () => {
  const made = await make('killed')
  await eachDamage(
    made,
    (at) => made.bytes.slice(0, at),
    (at, _store, seen) => {
      assert.deepEqual([...seen.texts], APPENDS.filter((_, i) => made.spans[i][1] <= at).flat(), `cut at ${at}`)
    },
  )
})
