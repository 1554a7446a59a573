import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { SegmentsReader } from '@pullbox/store/records'

import { sendTcp, startWorld, stored } from '../../api/testing/world.ts'
import type { World as Served } from '../../api/testing/world.ts'
import { announce } from '../../collector/index.ts'
import { runCommandLine } from '../shell.ts'
import { HOSTILE_SEQUENCES } from '../testing/hostile-sequences.ts'
import { memoryWorld } from '../testing/memory-world.ts'
import { sampleFolder, sampleStore } from '../testing/store-fixture.ts'

let served: Served
let config: string
before(async () => {
  served = await startWorld()
  config = join(served.dir, 'pullbox.yaml')
  writeFileSync(config, `store: {options: {path: store}}\nhttp: {address: "127.0.0.1:0"}\n`)
  announce(join(served.dir, 'store'), { pid: process.pid, http: `http://${served.address}`, started: 1, version: 'test' })
  await sendTcp(served.tcp, '<13>Oct 11 22:14:15 sw1 app: hello\n'.repeat(50))
  await stored(served.address, 50)
})
after(() => served.close())

async function run(words: readonly string[], tty = false) {
  const world = memoryWorld({ tty, cwd: served.dir, now: () => Date.now() * 1000 })
  const exit = await runCommandLine([...words, '-c', config], world)
  return { exit, out: world.stdout.text, err: world.stderr.text, objects: () => objects(world.stdout.text) }
}

const objects = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

// Control characters but line feeds and our own renditions; C1 as code points; bidirectional controls and line separators.
const ESCAPE = '\\u001b'
const OURS = new RegExp(`${ESCAPE}\\[(?:[0-9;]*m|H|K|J)`, 'g')
const RANGES = '\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069'
const HOSTILE = new RegExp(`[${RANGES}]`)

test('status, sources and top of a running collector', { timeout: 60_000 }, async () => {
  const status = await run(['status'])
  assert.equal(status.exit, 0, status.err)
  assert.match(status.out, /^pullbox 0\.0\.0-test {3}pid \d+ {3}up \d+ s /)
  assert.match(status.out, /RECEIVED.*\n50 {2}50 {2}0 {2}0 {2}0 {2}0 {2}balanced\n/)
  assert.match(status.out, /\ntcp {2}127\.0\.0\.1:\d+ {2}50 {2}/)
  const [object] = (await run(['status', '--json'])).objects()
  assert.deepEqual([object.type, object.via, object.received, object.balanced], ['status', 'collector', 50, true])

  const sources = await run(['sources'])
  assert.match(sources.out, /^SOURCE {2}HOST.*\n127\.0\.0\.1 {2}sw1 {2}\S+Z {2}50 {2}50 {2}0 {2}0 {2}0 {2}0 {2}= 0\n/)
  assert.match(sources.err, /^\d sources?, 0 silent, 0 with loss, balanced\n$/)
  const [source] = (await run(['sources', '--json', '--sort', 'received'])).objects()
  assert.deepEqual([source.type, source.source, source.host, source.received], ['source', '127.0.0.1', 'sw1', 50])
  assert.equal((await run(['sources', '--sort', 'colour'])).exit, 2)

  const top = await run(['top', '--json'])
  assert.equal(top.exit, 0, top.err)
  assert.equal(top.objects()[0].rate, 0)
  const live = await run(['top', '-n', '1'], true)
  assert.ok(live.out.startsWith('\u001b[H') && live.out.endsWith('\u001b[J'), JSON.stringify(live.out))
  assert.match(live.out, /127\.0\.0\.1 +sw1 +0\/s +50 /)
})

test('ledger check: status 0 with a table, 8 with the differences, offline too', { timeout: 60_000 }, async () => {
  const good = await run(['ledger', 'check'])
  assert.equal(good.exit, 0, good.err)
  assert.match(good.out, /\n127\.0\.0\.1 {2}50 {2}0 {2}0 {2}0 {2}50 {2}50 {2}0 {2}0 {2}= 0 {2}= 0 {2}0\n/)
  assert.match(good.err, /^balanced\. 50 records in \d+ blocks counted, /)
  assert.equal((await run(['ledger', 'check', '--since', '1h'])).exit, 0)
  const store = join(served.dir, 'store')
  const reader = new SegmentsReader({ path: store })
  const [catalogue] = reader.catalogues
  const block = catalogue.count.indexOf(Math.max(...catalogue.count.subarray(0, catalogue.blocks)))
  const path = join(store, 'segments', catalogue.segment.name)
  const whole = readFileSync(path)
  const spoilt = Buffer.from(whole)
  spoilt[catalogue.offset[block] + catalogue.length[block] - 1] ^= 1
  writeFileSync(path, spoilt)
  const bad = await run(['ledger', 'check', '--json'])
  writeFileSync(path, whole)
  assert.equal(bad.exit, 8)
  const end = bad.objects().at(-1)!
  assert.deepEqual([end.type, end.balanced], ['end', false])
})

test('hostile names of hosts reach no terminal and no pipe', { timeout: 60_000 }, async () => {
  const before = Number(((await (await fetch(`http://${served.address}/api/v1/status`)).json()) as { stored: number }).stored)
  let sent = 0
  for (const sequence of HOSTILE_SEQUENCES) {
    const bytes = Buffer.from(sequence)
    if (bytes.some((b) => b === 0x20 || b === 0x0a || b === 0)) continue
    if (sent++ % 40 !== 0) continue
    // One host is kept a source: the last one. Each is looked at.
    await sendTcp(served.tcp, Buffer.concat([Buffer.from('<13>1 2026-11-24T09:43:10Z h'), bytes, Buffer.from('x app - - - m\n')]))
    await stored(served.address, before + Math.ceil(sent / 40))
    for (const words of [['status'], ['sources'], ['sources', '--json']]) {
      for (const tty of [false, true]) {
        const { out, err, exit } = await run(words, tty)
        assert.equal(exit, 0, err)
        assert.doesNotMatch(out.replaceAll(OURS, ''), HOSTILE, JSON.stringify([words, out]))
      }
    }
  }
  for (const words of [
    ['top', '-n', '1'],
    ['ledger', 'check'],
  ]) {
    const { out } = await run(words, true)
    assert.doesNotMatch(out.replaceAll(OURS, ''), HOSTILE)
  }
})

test('without a collector the store tells its state; top says that none runs', { timeout: 60_000 }, async (t) => {
  const folder = sampleFolder(t)
  await sampleStore(join(folder, 'store'), [['<13>Oct 11 22:14:15 sw1 app: one', '<13>Oct 11 22:14:15 sw1 app: two']])
  writeFileSync(join(folder, 'pullbox.yaml'), 'store: {options: {path: store}}\nhttp: {address: null}\n')
  const ask = async (...words: string[]) => {
    const world = memoryWorld({ cwd: folder })
    return { exit: await runCommandLine([...words, '-c', 'pullbox.yaml'], world), out: world.stdout.text, err: world.stderr.text }
  }
  const status = await ask('status')
  assert.equal(status.exit, 0, status.err)
  assert.match(status.out, /^no collector runs; this is what the store tells\nstore segments .*\n {2}2 records in 1 segment, /)
  const sources = await ask('sources')
  assert.match(sources.out, /\n192\.0\.2\.1 {2}- {2}- {2}2 {2}2 {2}0 {2}0 {2}0 {2}0 {2}= 0\n/)
  assert.match(sources.err, /no collector runs/)
  assert.equal((await ask('ledger', 'check')).exit, 0)
  const top = await ask('top')
  assert.equal(top.exit, 4)
  assert.match(top.err, /^pullbox: CLIENT_NO_COLLECTOR: /)
})
