import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AccountLine } from '@pullbox/log/ledger'
import { emptyAccount } from '@pullbox/log/ledger'

import { Collector } from './collector.ts'
import { checkLedger, checkLedgerHere, compare } from './ledger-check.ts'

const CHILD = join(import.meta.dirname, 'testing', 'durable.ts')

/** The collectors of a store, stopped before it is removed. */
const running = new Map<string, Collector[]>()

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-recount-'))
  const path = join(dir, 'store')
  t.after(async () => {
    for (const collector of running.get(path) ?? []) await collector.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  return path
}

/** A collector whose segments are so small that each block has one of its own. */
async function start(path: string, retention: { bytes?: number } = {}): Promise<Collector> {
  const collector = await Collector.start({
    listeners: [
      { type: 'tcp', at: '127.0.0.1:0' },
      { type: 'unix-stream', at: `${path}.sock` },
    ],
    store: { type: 'segments', options: { path, segment_bytes: 4096 } },
    retention,
    limits: { message: 1 << 20, memory: 64 << 20 },
    version: 'test',
    blockWorkers: 1,
  })
  running.set(path, [...(running.get(path) ?? []), collector])
  return collector
}

async function send(to: number | string, lines: number): Promise<void> {
  const socket = typeof to === 'number' ? createConnection(to, '127.0.0.1') : createConnection(to)
  const text = Array.from(
    { length: lines },
    (_, i) => `<13>Oct 11 22:14:15 h app: message ${i} ${randomBytes(i % 200).toString('hex')}\n`,
  ).join('')
  await new Promise<void>((resolve) => socket.end(text, resolve))
}

async function stored(collector: Collector, count: number): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const { totals } = await collector.status()
    if (totals.stored >= count && totals.held === 0) return
    await sleep(10)
  }
  assert.fail('not stored in time')
}

/** Sends so many batches over both listeners, each into segments of its own; all are stored when it resolves. */
async function load(collector: Collector, path: string, batches: number): Promise<void> {
  const port = Number(collector.addresses[0].address.split(':').at(-1))
  const before = (await collector.status()).totals.stored
  for (let i = 1; i <= batches; i++) {
    await send(port, 60)
    await send(`${path}.sock`, 40)
    await stored(collector, before + 100 * i)
  }
}

async function live(collector: Collector, path: string, since?: number) {
  const { lines, stats } = await collector.status()
  return checkLedgerHere({ path, account: { lines, through: stats.lastSeq }, ...(since === undefined ? {} : { since }) })
}

const segments = (path: string) =>
  readdirSync(join(path, 'segments'))
    .filter((name) => name.endsWith('.pbs'))
    .toSorted()
    .map((name) => join(path, 'segments', name))

const row = (view: Awaited<ReturnType<typeof checkLedger>>, source: string) => {
  const { account, counted, gone, unreadable, difference } = view.sources.find((s) => s.source === source)!
  return { account, counted, gone, unreadable, difference }
}

test(
  'balanced while a collector runs and after it has stopped; since an hour counts what came after it',
  { timeout: 60_000 },
  async (t) => {
    const path = folder(t)
    const collector = await start(path)

    await load(collector, path, 2)
    const first = await live(collector, path)
    assert.equal(first.balanced, true)
    assert.equal(first.records, 200)
    assert.deepEqual(row(first, '127.0.0.1'), { account: 120, counted: 120, gone: 0, unreadable: 0, difference: 0 })
    const [local] = first.sources.filter((s) => s.source.startsWith('unix:'))
    assert.deepEqual([local.account, local.counted, local.received, local.held, local.check], [80, 80, 80, 0, 0])
    await collector.stop()

    const between = Date.now() * 1000
    const again = await start(path)

    await load(again, path, 1)
    const late = await live(again, path, between)
    assert.equal(late.balanced, true)
    assert.ok(late.since !== null && late.since <= between)
    assert.deepEqual(row(late, '127.0.0.1'), { account: 60, counted: 60, gone: 0, unreadable: 0, difference: 0 })
    assert.ok(late.blocks < first.blocks + 10 && late.records === 100)
    await again.stop()
    const offline = await checkLedger({ path })
    assert.equal(offline.balanced, true)
    assert.deepEqual(row(offline, '127.0.0.1'), { account: 180, counted: 180, gone: 0, unreadable: 0, difference: 0 })
  },
)

test('balanced after kill -9, before and after the restart', { timeout: 60_000 }, async (t) => {
  const path = folder(t)
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (data: Buffer) => (text += data.toString()))
  const said = async (pattern: RegExp) => {
    for (let i = 0; i < 400 && !pattern.test(text); i++) await sleep(25)
    return pattern.exec(text)
  }
  const port = Number((await said(/listening \d+ (\d+)\n/))?.[1])
  await send(port, 500)
  assert.ok(await said(/stored 500\n/))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const offline = await checkLedger({ path })
  assert.equal(offline.balanced, true)
  assert.deepEqual(row(offline, '127.0.0.1'), { account: 500, counted: 500, gone: 0, unreadable: 0, difference: 0 })
  const again = await start(path)
  // The gap records of the two listeners, from the source of our own.
  await stored(again, 502)
  const view = await live(again, path)
  assert.equal(view.balanced, true)
  assert.equal(row(view, 'pullbox').counted, 2)
})

test('what retention took is known by the account, what somebody else took is missed', { timeout: 60_000 }, async (t) => {
  const path = folder(t)
  const first = await start(path)
  await load(first, path, 6)
  await first.stop()
  const all = segments(path).length
  const second = await start(path, { bytes: 12_000 })
  const left = segments(path).length
  assert.ok(left < all, `${left} of ${all} segments are left`)
  const view = await live(second, path)
  assert.equal(view.balanced, true)
  const tcp = row(view, '127.0.0.1')
  assert.equal(tcp.account, 360)
  assert.ok(tcp.gone > 0 && tcp.counted === 360 - tcp.gone, JSON.stringify(tcp))
  await second.stop()
  assert.equal((await checkLedger({ path })).balanced, true)

  const oldest = segments(path)[0]
  const bytes = readFileSync(oldest)
  rmSync(oldest)
  const missing = await checkLedger({ path })
  assert.equal(missing.balanced, false)
  assert.ok(row(missing, '').unreadable > 0)
  writeFileSync(oldest, bytes)
  assert.equal((await checkLedger({ path })).balanced, true)
})

test('not balanced when a bit is flipped, a segment in the middle or the last one removed', { timeout: 60_000 }, async (t) => {
  const path = folder(t)
  const collector = await start(path)
  await load(collector, path, 3)
  await collector.stop()
  const files = segments(path)
  const whole = await checkLedger({ path })
  assert.equal(whole.balanced, true)
  assert.ok(files.length > 2)
  const middle = files[1]
  const bytes = readFileSync(middle)
  // In the last section of the last block, in the header of a block, and nothing of the file at all.
  for (const at of [bytes.length - 1, 64 + 200, -1]) {
    const changed = Buffer.from(bytes)
    if (at < 0) rmSync(middle)
    else {
      changed[at] ^= 1
      writeFileSync(middle, changed)
    }
    const view = await checkLedger({ path })
    assert.equal(view.damages > 0, true, `byte ${at}`)
    if (view.sources.some((s) => s.unreadable > 0)) assert.equal(view.balanced, false, `byte ${at}`)
    const sum = (pick: (s: (typeof view.sources)[number]) => number) => view.sources.reduce((n, s) => n + pick(s), 0)
    assert.equal(
      sum((s) => s.difference),
      0,
      `what is missing is unreadable, byte ${at}`,
    )
    assert.equal(
      sum((s) => s.account),
      300,
    )
  }
  writeFileSync(middle, bytes)
  rmSync(files.at(-1)!)
  const cut = await checkLedger({ path })
  assert.equal(cut.balanced, false)
  assert.ok(row(cut, '').unreadable > 0)
})

test('duplicates and refusals are part of the account, and more than was read is not balanced', () => {
  const line: AccountLine = {
    ...emptyAccount(),
    source: 'a',
    stored: 5,
    duplicate: 2,
    refused: { disk_full: 3 },
    received: 11,
    held: 1,
    check: 0,
  }
  const tally = (n: number) => new Map([['a', n]])
  const none = new Map<string, number>()
  const found = {
    base: null,
    before: none,
    counted: tally(5),
    unreadable: none,
    unreadableBefore: none,
    removed: 0,
    firstSeq: 1,
    lastSeq: 5,
    blocks: 1,
    records: 5,
    bytes: 1,
    damages: [],
  }
  const view = compare({ lines: [line], through: 5 }, found, false, 0)
  assert.equal(view.balanced, true)
  const [{ received, duplicate, refused, held, check, difference }] = view.sources
  assert.deepEqual([received, duplicate, refused, held, check, difference], [11, 2, 3, 1, 0, 0])
  const more = compare({ lines: [{ ...line, received: 9, held: -1 }], through: 5 }, found, false, 0)
  assert.deepEqual([more.balanced, more.sources[0].check], [false, -1])
  const fewer = compare({ lines: [line], through: 5 }, { ...found, counted: tally(4) }, false, 0)
  assert.deepEqual([fewer.balanced, fewer.sources[0].difference], [false, 1])
})

test('a count that is not wanted any more ends, and a store that is none is named', { timeout: 20_000 }, async (t) => {
  const path = folder(t)
  const collector = await start(path)
  await load(collector, path, 1)
  await collector.stop()
  await assert.rejects(checkLedger({ path, signal: AbortSignal.abort(new Error('enough')) }), /enough/)
  const stop = new AbortController()
  const counting = checkLedger({ path, signal: stop.signal })
  stop.abort(new Error('enough'))
  await assert.rejects(counting, /enough/)
  await assert.rejects(checkLedger({ path: join(path, 'none') }), { code: 'STORE_BAD_PATH' })
})

test('limits of retention can be set while a collector runs', { timeout: 60_000 }, async (t) => {
  const path = folder(t)
  const collector = await start(path)
  await load(collector, path, 3)
  const before = (await collector.status()).stats
  await collector.setRetention({ bytes: 6000 })
  const { stats } = await collector.status()
  assert.ok(stats.bytes < before.bytes && stats.firstSeq > 1)
  assert.equal((await live(collector, path)).balanced, true)
})

test('accounts that were added to the one of `other` are found there; a loss among them is still one', () => {
  const line = (source: string, stored: number): AccountLine => ({ ...emptyAccount(), source, stored, received: stored, held: 0, check: 0 })
  const counted = new Map([
    ['a', 7],
    ['b', 4],
    ['other', 1],
  ])
  const none = new Map<string, number>()
  const sums = { base: null, before: none, unreadable: none, unreadableBefore: none, removed: 0 }
  const found = { ...sums, counted, firstSeq: 1, lastSeq: 12, blocks: 1, records: 12, bytes: 1, damages: [] }
  // Of a 5 records were folded, of b all.
  const good = compare({ lines: [line('a', 2), line('other', 10)], through: 12 }, found, false, 0)
  assert.equal(good.balanced, true)
  assert.deepEqual(
    good.sources.map((s) => [s.source, s.account, s.received, s.difference]),
    [
      ['a', 7, 7, 0],
      ['b', 4, 4, 0],
      ['other', 1, 1, 0],
    ],
  )
  const lost = compare({ lines: [line('a', 2), line('other', 11)], through: 12 }, found, false, 0)
  assert.deepEqual([lost.balanced, lost.sources[2].difference], [false, 1])
  const more = compare({ lines: [line('a', 3), line('other', 8)], through: 12 }, found, false, 0)
  assert.equal(more.balanced, false)
})
