import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Checkpoint, RecordsStore } from './contract.ts'
import { SampleBlocks } from './sample.ts'
import { ALL, all, EVER, plain, query, raw, text } from './suite-look.ts'

export { SampleBlocks, type SampleRecord } from './sample.ts'

/** What the suite needs of a driver. */
export interface SuiteDriver {
  readonly name: string
  /** Opens an empty store of its own, which the suite closes. */
  open(options: SuiteOpen): Promise<RecordsStore>
  /**
   * Opens again what `open` made last, after it was closed; left out by a driver whose records end with it. `open` and `reopen` may
   * be given a callback for checkpoints, as the driver's own options have it.
   */
  reopen?(options: SuiteOpen): Promise<RecordsStore>
  /** Makes the next appends fail for want of room until the function given back is called; left out when that can't be arranged. */
  fill?(store: RecordsStore): () => void
}

export interface SuiteOpen {
  /** The suite wants several segments out of little data: about this many bytes in each. */
  readonly segmentBytes: number
  readonly checkpoint?: () => Checkpoint | null
}

const SMALL: SuiteOpen = { segmentBytes: 16 << 10 }

/** Registers the tests that every driver of records must pass. */
export function testRecordsStore(driver: SuiteDriver): void {
  const one = (what: string, body: (store: RecordsStore, blocks: SampleBlocks) => Promise<void>, options = SMALL) => {
    test(`${driver.name}: ${what}`, async () => {
      const store = await driver.open(options)
      try {
        await body(store, new SampleBlocks())
      } finally {
        await store.close()
      }
    })
  }
  writing(one)
  reading(one)
  living(one, driver)
  if (driver.reopen !== undefined) lasting(driver, driver.reopen)
}

type One = (what: string, body: (store: RecordsStore, blocks: SampleBlocks) => Promise<void>, options?: SuiteOpen) => void

const texts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ bytes: `record ${from + i}`, time: 1000 + from + i }))

function writing(one: One): void {
  one('numbers records from 1 without gaps, in the order of the calls', async (store, blocks) => {
    const sizes = [3, 1, 7, 2, 5]
    let from = 1
    const calls = sizes.map((n) => {
      const block = blocks.block(texts(from, from + n))
      from += n
      return store.append([block])
    })
    let next = 1
    for (const [i, done] of (await Promise.all(calls)).entries()) {
      assert.equal(done.firstSeq, next)
      assert.equal(done.lastSeq, next + sizes[i] - 1)
      assert.ok(done.bytes > 0 && done.syncedAt > 0)
      next = done.lastSeq + 1
    }
    assert.deepEqual(
      [...all(store)],
      Array.from({ length: next - 1 }, (_, i) => [i + 1, `record ${i + 1}`]),
    )
  })

  one('shows what it promised at once, to every reader', async (store, blocks) => {
    for (let i = 1; i < 20; i++) {
      const { lastSeq } = await store.append([blocks.block(texts(i, i + 1))])
      assert.equal(lastSeq, i)
      assert.equal(text(store, i), `record ${i}`)
      assert.equal(store.stats().lastSeq, i)
      assert.equal(store.after(i - 1, 10).next, i)
      assert.equal((await query(store)).length, i)
    }
  })

  one('keeps bytes exactly: NUL, line ends, bytes that are not UTF-8, no bytes, all bytes', async (store, blocks) => {
    const odd = [
      Buffer.from([0]),
      Buffer.from('\r\n\0'),
      Buffer.from([0xff, 0xfe, 0xc3]),
      Buffer.alloc(0),
      Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      Buffer.from('\x89PBX\r\n\x1a\n', 'latin1'),
    ]
    await store.append([blocks.block(odd.map((bytes, i) => ({ bytes, time: i })))])
    odd.forEach((bytes, i) => assert.deepEqual(raw(store, i + 1), bytes))
  })

  one('takes an append of many blocks as one, and blocks of no records as nothing', async (store, blocks) => {
    const empty = blocks.block([])
    const nothing = await store.append([])
    assert.deepEqual([nothing.firstSeq, nothing.lastSeq, nothing.bytes], [1, 0, 0])
    const none = await store.append([empty, blocks.block([])])
    assert.deepEqual([none.firstSeq, none.lastSeq], [1, 0])
    const many = await store.append([blocks.block(texts(1, 3)), blocks.block([]), blocks.block(texts(3, 10))])
    assert.deepEqual([many.firstSeq, many.lastSeq], [1, 9])
    assert.equal(store.stats().records, 9)
    assert.equal(all(store).size, 9)
  })

  one('takes records of a megabyte and blocks larger than a segment', async (store) => {
    const large = new SampleBlocks({ records: 64, arenaBytes: 4 << 20 })
    const bytes = Buffer.alloc(1 << 20, 'large ')
    await store.append([
      large.block([
        { bytes, time: 1 },
        { bytes: 'small', time: 2 },
        { bytes, time: 3 },
      ]),
    ])
    await store.append([large.block(texts(4, 6))])
    assert.deepEqual(raw(store, 3), bytes)
    assert.equal(text(store, 4), 'record 4')
  })

  one('takes many appends at a time, in the order of the calls', async (store, blocks) => {
    const calls: Promise<unknown>[] = []
    for (let i = 1; i <= 500; i++) calls.push(store.append([blocks.block(texts(i, i + 1))]))
    await Promise.all(calls)
    assert.deepEqual(
      [...all(store).values()],
      Array.from({ length: 500 }, (_, i) => `record ${i + 1}`),
    )
  })

  one('refuses what is no whole block of records, and goes on', async (store, blocks) => {
    const block = blocks.block(texts(1, 3))
    const flipped = new Uint8Array(block)
    flipped[50] ^= 1
    for (const bad of [new Uint8Array(0), new Uint8Array(200), block.subarray(0, -1), Buffer.concat([block, Buffer.of(0)]), flipped]) {
      await assert.rejects(store.append([blocks.block(texts(7, 8)), bad]), { code: 'STORE_BAD_BLOCK' })
    }
    const { firstSeq } = await store.append([block])
    assert.equal(firstSeq, 1)
    assert.equal(store.stats().records, 2)
  })
}

function reading(one: One): void {
  one('takes any time at any time, and gives each in its range (P17)', async (store, blocks) => {
    const times = [5000, 10, 9e15, -5, 300, 4999, 5001, 0.5, 300]
    for (const time of times) await store.append([blocks.block([{ bytes: `t${time}`, time }])])
    await store.append([blocks.block(times.map((time) => ({ bytes: `again ${time}`, time })))])
    const inRange = (since: number, until: number) => times.filter((t) => t >= since && t < until).length * 2
    for (const [since, until] of [
      [0, 1],
      [300, 301],
      [5000, 5001],
      [-10, 0],
      [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
      [301, 4999],
      [9e15, 9.1e15],
    ]) {
      assert.equal((await query(store, since, until)).length, inRange(since, until), `${since}..${until}`)
    }
    assert.deepEqual([store.stats().minTime, store.stats().maxTime], [-5, 9e15])
  })

  one('follows a cursor with no gap and no repeat, from any number', async (store, blocks) => {
    for (let i = 0; i < 30; i++) await store.append([blocks.block(texts(i * 3 + 1, i * 3 + 4))])
    for (let from = 0; from <= 90; from += 7) {
      const seen: number[] = []
      for (let cursor = from; ;) {
        const part = store.after(cursor, 5)
        for (const b of part.blocks) for (let i = b.from; i < b.to; i++) seen.push(b.header.firstSeq + i)
        assert.deepEqual(part.unreadable, [])
        if (part.next === cursor) break
        assert.ok(part.next > cursor)
        cursor = part.next
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 90 - from }, (_, i) => from + i + 1),
      )
    }
    assert.equal(store.after(90, 10).next, 90)
    assert.equal(store.after(1000, 10).next, 1000)
  })

  one('gives one record by its number, and null for what is not there', async (store, blocks) => {
    await store.append([blocks.block(texts(1, 6)), blocks.block(texts(6, 9))])
    for (let i = 1; i < 9; i++) assert.equal(text(store, i), `record ${i}`)
    for (const no of [0, -1, 9, 1.5, Number.NaN, 2 ** 60]) assert.equal(store.get(no), null, String(no))
  })

  one('gives fields, ids, and counts of values from the blocks', async (store, blocks) => {
    await store.append([
      blocks.block([
        { bytes: 'sw1 up', host: 'sw1', time: 1, priority: 11, source: 'a' },
        { bytes: 'sw2 up', host: 'sw2', time: 2, source: 'b' },
        { bytes: 'sw1 down', host: 'sw1', time: 3, source: 'a' },
      ]),
    ])
    const source = store.source()
    const plan = await source.plan(EVER, ALL)
    assert.equal(plan.blocks.length, 1)
    assert.equal(plan.blocks[0].count, 3)
    const rows = await source.read(plan.blocks[0], { fields: new Set(['host', 'severity']), requirements: { always: true } })
    assert.ok(!('unreadable' in rows))
    assert.deepEqual(
      [0, 1, 2].map((i) => [rows.id(i), rows.time[i], rows.column('host')?.text(i)]),
      [
        ['1', 1, 'sw1'],
        ['2', 2, 'sw2'],
        ['3', 3, 'sw1'],
      ],
    )
    const counts = await source.valueCounts?.(plan.blocks[0], 'host')
    if (counts !== undefined && counts !== null) {
      const found = Object.fromEntries(counts.values.map((v, i) => [v, counts.counts[i]]).filter(([, n]) => n !== 0))
      assert.deepEqual(found, { sw1: 2, sw2: 1 })
    }
  })
}

function living(one: One, driver: SuiteDriver): void {
  one('lets old records go by age and by size, oldest first, and keeps the numbers', async (store, blocks) => {
    const day = 86_400_000_000
    for (let i = 1; i <= 60; i++) await store.append([blocks.block([{ bytes: Buffer.alloc(2000, `${i} `), time: 1, received: i * day }])])
    const before = store.stats()
    assert.deepEqual(await store.retain({ now: 60 * day }), { segments: [], records: 0, bytes: 0 })
    assert.deepEqual(await store.retain({ now: 60 * day, days: 100, bytes: before.bytes }), { segments: [], records: 0, bytes: 0 })
    const byAge = await store.retain({ now: 60 * day, days: 30 })
    assert.ok(byAge.records > 10 && byAge.records <= 30, `${byAge.records} records went`)
    check(byAge.records)
    const bySize = await store.retain({ now: 60 * day, bytes: store.stats().bytes / 2 })
    assert.ok(bySize.records > 0)
    check(byAge.records + bySize.records)
    const since = async (t: number) => (await store.source().plan({ since: t, until: Infinity }, ALL)).reasons?.length ?? 0
    const oldest = (byAge.records + bySize.records + 1) * day
    assert.deepEqual([await since(-Infinity), await since(oldest), await since(oldest - 1)], [0, 0, 1])
    await store.retain({ now: 1e6 * day, days: 0, bytes: 0 })
    assert.ok(store.stats().records > 0, 'what is being written stays')
    assert.equal((await store.append([blocks.block(texts(1, 2))])).firstSeq, 61)

    function check(gone: number): void {
      const stats = store.stats()
      assert.deepEqual([stats.firstSeq, stats.lastSeq, stats.records], [gone + 1, 60, 60 - gone])
      assert.equal(store.get(gone), null)
      assert.ok(store.get(gone + 1) !== null)
      assert.equal(all(store).size, 60 - gone)
      assert.deepEqual(store.after(0, 1000).unreadable, [])
    }
  })

  one('answers a plan that retention overtook without failing', async (store, blocks) => {
    for (let i = 1; i <= 40; i++) await store.append([blocks.block([{ bytes: Buffer.alloc(2000, 'x'), time: i, received: i }])])
    const source = store.source()
    const plan = await source.plan(EVER, ALL)
    const gone = await store.retain({ now: 1, bytes: 10_000 })
    assert.ok(gone.records > 0)
    let lost = 0
    let kept = 0
    for (const ref of plan.blocks) {
      const rows = await source.read(ref, ALL)
      if ('unreadable' in rows) lost += rows.count
      else kept += rows.count
    }
    assert.equal(lost + kept, 40)
    assert.ok(kept >= 40 - gone.records)
  })

  one('tells the account: the last one given, and the counts since', async (store, blocks) => {
    assert.deepEqual(plain(store), { base: null, through: 0, since: {}, unreadable: 0 })
    await store.append([
      blocks.block([
        { bytes: '1', time: 1, source: 'a' },
        { bytes: '2', time: 1, source: 'b' },
        { bytes: '3', time: 1, source: 'a' },
      ]),
    ])
    assert.deepEqual(plain(store), { base: null, through: 0, since: { a: 2, b: 1 }, unreadable: 0 })
    await store.append([blocks.block([{ bytes: '4', time: 1, source: 'c' }])], { ledger: Buffer.from('first') })
    assert.deepEqual(plain(store), { base: 'first', through: 4, since: {}, unreadable: 0 })
    await store.append([blocks.block([{ bytes: '5', time: 1, source: 'c' }])])
    await store.append([], { ledger: Buffer.from('second') })
    await store.append([blocks.block([{ bytes: '6', time: 1, source: 'd' }])])
    assert.deepEqual(plain(store), { base: 'second', through: 5, since: { d: 1 }, unreadable: 0 })
  })

  one('closes after what was appended, and is closed then', async (store, blocks) => {
    const last = store.append([blocks.block(texts(1, 3))])
    const closed = store.close()
    assert.equal((await last).lastSeq, 2)
    await Promise.all([closed, store.close()])
    await assert.rejects(store.append([blocks.block(texts(1, 2))]), { code: 'STORE_CLOSED' })
    assert.throws(() => store.get(1), { code: 'STORE_CLOSED' })
  })

  const { fill } = driver
  if (fill === undefined) return
  one('says that the disk is full, stays readable, and works again when there is room', async (store, blocks) => {
    await store.append([blocks.block(texts(1, 6))])
    const free = fill(store)
    const failed = await Promise.allSettled(
      [1, 2, 3].map(() => store.append([blocks.block([{ bytes: Buffer.alloc(8000, 'x'), time: 1 }])])),
    )
    for (const f of failed) assert.equal(f.status === 'rejected' && (f.reason as { code: string }).code, 'STORE_DISK_FULL')
    assert.equal(all(store).size, 5)
    free()
    assert.equal((await store.append([blocks.block(texts(6, 7))])).firstSeq, 6)
    assert.deepEqual(
      [...all(store).values()],
      [1, 2, 3, 4, 5, 6].map((i) => `record ${i}`),
    )
  })
}

function lasting(driver: SuiteDriver, reopen: NonNullable<SuiteDriver['reopen']>): void {
  test(`${driver.name}: has everything again after closing, and goes on with the next number`, async () => {
    const blocks = new SampleBlocks()
    let store = await driver.open(SMALL)
    for (let i = 1; i <= 100; i++) await store.append([blocks.block([{ bytes: `record ${i}`.padEnd(500), time: 1000 + i }])])
    for (let round = 0; round < 3; round++) {
      const before = { all: all(store), account: plain(store) }
      const { freeBytes: _free, ...stats } = store.stats()
      await store.close()
      store = await reopen.call(driver, SMALL)
      const { freeBytes: _room, ...again } = store.stats()
      assert.deepEqual(again, stats)
      assert.deepEqual({ all: all(store), account: plain(store) }, before)
      const { firstSeq } = await store.append([blocks.block(texts(1, 2))])
      assert.equal(firstSeq, 101 + round)
    }
    await store.close()
  })

  test(`${driver.name}: lets one writer in at a time`, async () => {
    const store = await driver.open(SMALL)
    await assert.rejects(reopen.call(driver, SMALL), { code: 'STORE_LOCKED' })
    await store.close()
    const next = await reopen.call(driver, SMALL)
    await next.close()
  })

  test(`${driver.name}: keeps the totals of sources whose records went`, async () => {
    const blocks = new SampleBlocks()
    let count = 0
    let through = 0
    const options = { ...SMALL, checkpoint: () => ({ payload: Buffer.from(String(count)), through }) }
    const store = await driver.open(options)
    for (let i = 0; i < 60; i++) {
      const { lastSeq } = await store.append([blocks.block([{ bytes: Buffer.alloc(1000, 'x'), time: 1 }])])
      count++
      through = lastSeq
    }
    const { records } = await store.retain({ now: 1, bytes: 1 })
    assert.ok(records > 20)
    await store.close()
    const again = await reopen.call(driver, options)
    const { base, since } = plain(again)
    assert.equal(Number(base) + (since.sample ?? 0), 60)
    await again.close()
  })
}
