import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import { exportRecords, SegmentsReader } from '@pullbox/store/records'

import { random, runSeed } from '../input/testing/random.ts'
import { configure, folder, Program } from './testing/program.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
/** Kills in mid load, and kills while it starts. */
const KILLS = PROVE ? 200 : 4
const STARTS = PROVE ? 40 : 1
const LISTENERS = 3

/** What the store holds while nobody writes it: how often each message is there, and how many records each source has. */
async function contents(path: string) {
  const messages = new Map<string, number>()
  const sources = new Map<string, number>()
  let gaps = 0
  const reader = new SegmentsReader({ path })
  for await (const part of exportRecords(reader.source(), { order: 'write' })) {
    if (!('rows' in part)) throw new Error(`damage: ${JSON.stringify(part)}`)
    for (const row of part.picked) {
      const text = Buffer.from(part.rows.bytes(row)).toString('latin1')
      const source = /^<\d+>Nov 24 10:00:00 (\S+)/.exec(text)?.[1] ?? 'pullbox'
      sources.set(source, (sources.get(source) ?? 0) + 1)
      if (source === 'pullbox') gaps++
      else messages.set(text, (messages.get(text) ?? 0) + 1)
    }
  }
  return { messages, sources, gaps }
}

/** Sends by all three listeners until told to stop; a sender that loses its collector ends quietly. */
function load(program: Program, unix: string, round: number) {
  let over = false
  const text = (host: string, n: number) => `<13>Nov 24 10:00:00 ${host} app: ${round}/${n} ${'.'.repeat(n % 200)}`
  const tcp = createConnection(program.port('tcp'), '127.0.0.1')
  tcp.on('error', () => (over = true))
  const udp = createSocket('udp4')
  udp.on('error', () => {})
  const port = program.port('udp')
  const send = async () => {
    for (let n = 0; !over && n < 30_000; n++) {
      if (!tcp.write(`${text('by-tcp', n)}\n`)) await Promise.race([new Promise((resolve) => tcp.once('drain', resolve)), sleep(50)])
      if (n % 20 === 0) udp.send(text('by-udp', n), port, '127.0.0.1', () => {})
      if (n % 100 === 0) await sleep(1)
    }
  }
  const messages = Array.from({ length: 300 }, (_, n) => Buffer.from(text('by-unix', n)))
  const worker = new Worker(new URL('../input/testing/unix-sender.ts', import.meta.url), { workerData: { path: unix, messages } })
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  // Its socket goes with the collector; that it can send no more is what is being tried.
  worker.on('error', () => {})
  const sending = send()
  return {
    async stop() {
      over = true
      tcp.destroy()
      await sending
      await new Promise<void>((resolve) => udp.close(() => resolve()))
      await worker.terminate()
      await gone
    },
  }
}

/** Which source of the ledger the records of a host come from. */
const HOST_OF: Readonly<Record<string, readonly string[]>> = { '127.0.0.1': ['by-tcp', 'by-udp'], pullbox: ['pullbox'] }

test(
  `kill -9 at ${KILLS} random moments under load: what was told as stored is there, nothing twice, and every account goes on from it`,
  {
    timeout: PROVE ? 3_600_000 : 300_000,
  },
  async (t) => {
    const seed = runSeed()
    t.diagnostic(`seed ${seed}`)
    const next = random(seed)
    const dir = folder(t)
    const store = join(dir, 'store')
    const unix = join(dir, 'log')
    const config = configure(dir, store, { unix })
    const hosts = (source: string) => HOST_OF[source] ?? ['by-unix']
    let program: Program | undefined
    t.after(() => program?.kill())
    let before = await contents(store).catch(() => ({ messages: new Map<string, number>(), sources: new Map<string, number>(), gaps: 0 }))
    for (let round = 0; round < KILLS; round++) {
      const cut = round > 0 && round % Math.ceil(KILLS / (STARTS + 1)) === 0
      if (cut) await Program.cutOff(config, next() * 800)
      program = await Program.start(config)
      if (round > 0) {
        // One record a listener says from when to when its messages may be missing.
        const gaps = before.gaps + LISTENERS
        await program.until((s) => s.stored >= total(before.sources) + LISTENERS && s.held === 0, `the gaps of round ${round}`)
        const lines = await program.sources()
        const own = lines.find((line) => line.source === 'pullbox')?.stored ?? 0
        // A start that was cut off may have written its own already.
        assert.ok(own >= gaps && own <= gaps + (cut ? LISTENERS : 0), `${own} records of pullbox, expected ${gaps}`)
        for (const line of lines) {
          if (line.source === 'pullbox') continue
          const counted = hosts(line.source).reduce((n, host) => n + (before.sources.get(host) ?? 0), 0)
          assert.deepEqual([line.received, line.stored], [counted, counted], `${line.source} goes on from what is on disk`)
        }
      }
      const sender = load(program, unix, round)
      await sleep(next() * 600)
      const told = await program.sources()
      await sleep(next() * 60)
      await program.kill()
      await sender.stop()
      const after = await contents(store)
      for (const line of told) {
        const counted = hosts(line.source).reduce((n, host) => n + (after.sources.get(host) ?? 0), 0)
        assert.ok(counted >= line.stored, `round ${round}: ${line.source} was told to have ${line.stored}, the store has ${counted}`)
      }
      for (const [text, count] of after.messages) assert.equal(count, 1, `round ${round}: ${count} times: ${text.slice(0, 60)}`)
      for (const text of before.messages.keys()) assert.ok(after.messages.has(text), `round ${round}: gone: ${text.slice(0, 60)}`)
      before = after
    }
    assert.ok(total(before.sources) > KILLS, 'something was stored')
  },
)

const total = (sources: ReadonlyMap<string, number>) => [...sources.values()].reduce((a, b) => a + b, 0)
