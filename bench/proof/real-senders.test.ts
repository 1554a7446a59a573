import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { service } from '../../tools/services.ts'
import { deviceLines } from './lines.ts'
import { dropsOf, exportStore, readFrames, receivedOf, startPullbox, until } from './pullbox.ts'
import type { Running } from './pullbox.ts'
import { recordTcp, recordUdp } from './recorder.ts'
import type { Recorder } from './recorder.ts'
import { LOGGER, RSYSLOG, startLogger, startRsyslog, startSyslogNg, SYSLOG_NG } from './senders.ts'
import type { Sender, Targets, Way } from './senders.ts'

// Real programs send messages of real devices to the real collector; `store export --format raw` must give every byte back. What a
// sender put on the wire is known from its options, or from a plain recorder to which it sends the same.

const PROVE = process.env.PULLBOX_PROVE === '1'
/** Messages of each way of each sender. */
const MESSAGES = PROVE ? 100_000 : 1500
/** Datagrams under way at a time. */
const SLICE = 250

const folder = mkdtempSync(join(tmpdir(), 'pullbox-senders-'))
const lines = deviceLines(MESSAGES, 20_261_124)
let pullbox: Running

before(async () => {
  pullbox = await startPullbox(folder)
})

after(async () => {
  await pullbox.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What came of one way. */
interface Outcome {
  readonly way: Way
  /** Numbers of frames that the collector had received of both transports before and after. */
  readonly from: number
  readonly to: number
  readonly drops: number
  readonly recorder: Recorder | null
}

async function total(): Promise<number> {
  const status = await pullbox.status()
  return receivedOf(status, 'udp') + receivedOf(status, 'tcp')
}

/** Sends all lines in one way, never more datagrams at a time than a queue holds. */
async function send(sender: Sender, way: Way, recorder: Recorder | null): Promise<Outcome> {
  const before = await pullbox.status()
  const from = await total()
  const base = { received: receivedOf(before, way.transport), drops: dropsOf(before, way.transport) }
  const slice = way.transport === 'udp' ? SLICE : 20_000
  for (let i = 0; i < lines.length; i += slice) {
    const part = lines.slice(i, i + slice)
    sender.feed(way, part)
    const sent = i + part.length
    await until(pullbox, (s) => receivedOf(s, way.transport) - base.received + dropsOf(s, way.transport) - base.drops >= sent)
    for (let k = 0; k < 500 && way.transport === 'udp' && recorder !== null && recorder.count() < sent; k++) await sleep(2)
  }
  // Numbers are given when blocks are stored: the next way begins behind them.
  const after = await until(pullbox, (s) => s.held === 0)
  return { way, from, to: await total(), drops: dropsOf(after, way.transport) - base.drops, recorder }
}

/** The frames that the recorder saw, told apart as the way frames them. */
function recorded(way: Way, recorder: Recorder): Buffer[] {
  const parts = recorder.bytes()
  if (way.framing === 'datagram') return parts
  const bytes = parts[0]
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const stop = bytes.indexOf(way.framing === 'lf' ? 10 : 32, at)
    const end = way.framing === 'lf' ? stop : stop + 1 + Number(bytes.toString('latin1', at, stop))
    out.push(bytes.subarray(way.framing === 'lf' ? at : stop + 1, end))
    at = way.framing === 'lf' ? end + 1 : end
  }
  return out
}

/** The frames of so many messages, as the recorder saw them; they are what the way's options promise, where that is known. */
async function truth(way: Way, recorder: Recorder, count: number): Promise<Buffer[]> {
  let frames = recorded(way, recorder)
  for (let i = 0; i < 500 && frames.length < count; i++) {
    await sleep(10)
    frames = recorded(way, recorder)
  }
  assert.equal(frames.length, count, `${way.name}: the recorder itself lost messages`)
  if (way.wire !== null) assert.deepEqual(frames, lines.slice(0, count).map(way.wire), `${way.name} sends other bytes than thought`)
  return frames
}

/**
 * Every frame as often as it was sent; datagrams that the kernel dropped, and no others, may be missing. Blocks are encoded by two threads, so
 * the order is kept within a block only, and is not compared.
 */
function compare(t: TestContext, outcome: Outcome, wanted: readonly Buffer[], got: readonly Buffer[]): void {
  const { way, drops } = outcome
  assert.equal(got.length, wanted.length - drops, `${way.name}: frames that came back`)
  const open = new Map<string, number>()
  for (const frame of wanted) {
    const key = frame.toString('latin1')
    open.set(key, (open.get(key) ?? 0) + 1)
  }
  let bytes = 0
  for (const frame of got) {
    const key = frame.toString('latin1')
    const left = open.get(key) ?? 0
    assert.ok(left > 0, `${way.name}: this was not sent, or not so often: ${key}`)
    open.set(key, left - 1)
    bytes += frame.length
  }
  t.diagnostic(`${way.name}: ${got.length} of ${wanted.length} messages, ${bytes} bytes, ${drops} dropped by the kernel`)
}

/** All that was exported, by the numbers in which it was received. */
async function exported(): Promise<Buffer[]> {
  const { stored } = await until(pullbox, (s) => s.held === 0)
  const file = join(folder, 'export.pbx')
  const said = await exportStore(pullbox.store, file, '--format', 'raw')
  const frames: Buffer[] = []
  for (const frame of readFrames(file)) frames.push(Buffer.from(frame))
  const own = Number(/note: (\d+) records? of Pullbox itself/.exec(said)?.[1] ?? 0)
  assert.equal(frames.length + own, stored)
  return frames
}

async function check(t: TestContext, outcomes: readonly Outcome[], view = (_way: Way, frame: Buffer) => frame): Promise<void> {
  const all = await exported()
  for (const outcome of outcomes) {
    const got = all.slice(outcome.from, outcome.to).map((frame) => view(outcome.way, frame))
    const { way, recorder } = outcome
    const wanted = recorder === null ? lines.map(way.wire ?? ((line) => line)) : await truth(way, recorder, lines.length)
    compare(t, outcome, wanted, got)
  }
  const status = await pullbox.status()
  assert.ok(status.balanced)
  assert.equal(status.received, status.stored)
}

test('logger(1): every byte comes back', { timeout: 600_000 }, async (t) => {
  const logger = service('logger')
  if (logger === null) return t.skip('logger is missing')
  const outcomes: Outcome[] = []
  for (const way of LOGGER) {
    const sender = startLogger(logger.path, way.transport === 'udp' ? pullbox.udp : pullbox.tcp, way.options)
    outcomes.push(await send(sender, way, null))
    await sender.stop()
    await checkWire(way, (port) => startLogger(logger.path, port, way.options))
  }
  await check(t, outcomes, (way, frame) => (way.wire === null ? withoutHeader3164(frame) : frame))
})

/** logger sends to one place: that it puts on the wire what is thought is seen with a few messages to a recorder. */
async function checkWire(way: Way, start: (port: number) => Sender): Promise<void> {
  const recorder = await (way.transport === 'udp' ? recordUdp() : recordTcp())
  const sender = start(recorder.port)
  const few = lines.slice(0, 200)
  sender.feed(way, few)
  await sender.stop()
  const frames = await truth(way, recorder, few.length)
  if (way.wire === null) assert.deepEqual(frames.map(withoutHeader3164), few)
  await recorder.close()
}

/** What stands behind the header that logger writes, whose time is its own: `<13>Nov 24 09:43:10 HOST corpus: `. */
function withoutHeader3164(frame: Buffer): Buffer {
  const header = /^<13>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ corpus: /.exec(frame.toString('latin1'))
  assert.ok(header !== null, frame.toString('latin1'))
  return frame.subarray(header[0].length)
}

interface Daemon {
  readonly program: string
  readonly ways: readonly Way[]
  start(program: string, folder: string, targets: readonly Targets[]): Sender
}

const DAEMONS: readonly Daemon[] = [
  { program: 'rsyslogd', ways: RSYSLOG, start: startRsyslog },
  { program: 'syslog-ng', ways: SYSLOG_NG, start: startSyslogNg },
]

for (const { program, ways, start } of DAEMONS) {
  test(`${program}: every byte comes back`, { timeout: 600_000 }, async (t) => {
    const found = service(program)
    if (found === null) return t.skip(`${program} is missing`)
    const recorders = await Promise.all(ways.map((way) => (way.transport === 'udp' ? recordUdp() : recordTcp())))
    const targets = ways.map((way, i) => ({
      collector: way.transport === 'udp' ? pullbox.udp : pullbox.tcp,
      recorder: recorders[i].port,
    }))
    const sender = start(found.path, join(folder, program), targets)
    try {
      const outcomes: Outcome[] = []
      for (const [i, way] of ways.entries()) outcomes.push(await send(sender, way, recorders[i]))
      await check(t, outcomes)
    } finally {
      await sender.stop()
      await Promise.all(recorders.map((recorder) => recorder.close()))
    }
  })
}
