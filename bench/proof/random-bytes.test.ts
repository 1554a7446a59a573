import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'

import { dropsOf, exportStore, follow, fsckStore, readFrames, receivedOf, startPullbox, until } from './pullbox.ts'
import type { Running, Status } from './pullbox.ts'
import { frameStream, RandomBytes, randomStream, Sum } from './random.ts'
import type { Framed } from './random.ts'

// Random bytes into each listener of a collector that runs as a process of its own: no crash, a balanced account, every byte back.

const PROVE = process.env.PULLBOX_PROVE === '1'
/** Bytes for each listener. */
const BYTES = PROVE ? 1_000_000_000 : 8_000_000
const LIMIT = 48 << 10
/** Longest datagram of IPv4. */
const DATAGRAM = 65_507
/** Bytes of one connection. */
const PIECE = PROVE ? 16_000_000 : 1_000_000

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
console.log(`random bytes: SEED=${seed}, ${BYTES} bytes a listener`)

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pullbox-random-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Waits until all is stored; checks the account, and tells what the process took. */
async function settled(t: TestContext, running: Running, type: string, sent: number, most: number): Promise<Status> {
  const status = await until(running, (s) => s.held === 0 && receivedOf(s, type) + dropsOf(s, type) >= sent, 120)
  assert.ok(status.balanced)
  assert.equal(status.received, status.stored + status.duplicate + status.refused + status.held)
  assert.equal(receivedOf(status, type) + dropsOf(status, type), sent)
  assert.equal(status.refused, 0)
  const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  t.diagnostic(
    `${type}: ${sent} sent, ${dropsOf(status, type)} dropped by the kernel; resident ${mb(Math.max(most, status.memory_bytes))} at most`,
  )
  return status
}

/** What one listener was sent, and what must come back of it. */
interface Sent {
  readonly type: string
  /** Records that must be there; their bytes are given to `take` in any order, then `end` judges. */
  readonly records: number
  readonly cut: number
  take(frame: Uint8Array): void
  end(): void
}

const keyOf = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('latin1')

/** Datagrams: how often each was sent. As many may be missing as the kernel dropped. */
class Datagrams {
  private readonly open = new Map<string, number>()
  sent = 0
  cut = 0

  add(bytes: Buffer): void {
    const key = keyOf(bytes.subarray(0, LIMIT))
    this.open.set(key, (this.open.get(key) ?? 0) + 1)
    this.sent++
    if (bytes.length > LIMIT) this.cut++
  }

  readonly take = (frame: Uint8Array): void => {
    const key = keyOf(frame)
    const left = this.open.get(key) ?? 0
    assert.ok(left > 0, 'a record that was not sent, or not so often')
    this.open.set(key, left - 1)
  }
}

/** Random sizes: mostly short, some empty, some as long as can be. */
function datagram(random: RandomBytes): Buffer {
  const kind = random.below(20)
  return random.next(kind === 0 ? random.below(3) : kind < 3 ? 30_000 + random.below(DATAGRAM - 29_999) : random.below(1500))
}

async function sendUdp(t: TestContext, running: Running, own: number): Promise<Sent> {
  const random = new RandomBytes(own)
  const wanted = new Datagrams()
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4 << 20 })
  const queue = (await running.status()).listeners.find((l) => l.type === 'udp')?.receiveBuffer ?? 0
  let most = 0
  for (let bytes = 0; bytes < BYTES;) {
    // No more at a time than the kernel's queue holds with what it keeps beside each datagram, however busy the machine is.
    for (let slice = 0; slice < queue / 8 && bytes < BYTES;) {
      const one = datagram(random)
      await new Promise<void>((resolve, reject) =>
        socket.send(one, running.udp, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
      )
      wanted.add(one)
      bytes += one.length
      slice += one.length + 500
    }
    const status = await until(running, (s) => receivedOf(s, 'udp') + dropsOf(s, 'udp') >= wanted.sent)
    most = Math.max(most, status.memory_bytes)
  }
  socket.close()
  const drops = dropsOf(await settled(t, running, 'udp', wanted.sent, most), 'udp')
  return { type: 'udp', records: wanted.sent - drops, cut: wanted.cut, take: wanted.take, end: () => {} }
}

/** A sender that blocks while the queue is full: none is lost. Node has no unix datagrams of its own. */
async function sendUnix(t: TestContext, running: Running, own: number): Promise<Sent> {
  const random = new RandomBytes(own)
  const wanted = new Datagrams()
  const sender = join(import.meta.dirname, '../../packages/pullbox/input/testing/unix-sender.ts')
  let most = 0
  for (let bytes = 0; bytes < BYTES;) {
    const messages: Buffer[] = []
    for (let slice = 0; slice < 20_000_000 && bytes < BYTES;) {
      const one = datagram(random)
      messages.push(one)
      wanted.add(one)
      bytes += one.length
      slice += one.length + 1
    }
    const worker = new Worker(sender, { workerData: { path: running.unix, messages } })
    assert.deepEqual(await once(worker, 'exit'), [0])
    most = Math.max(most, (await running.status()).memory_bytes)
  }
  const status = await settled(t, running, 'unix-datagram', wanted.sent, most)
  assert.equal(dropsOf(status, 'unix-datagram'), 0)
  return { type: 'unix-datagram', records: wanted.sent, cut: wanted.cut, take: wanted.take, end: () => {} }
}

/** Sends random streams, one connection after another; what they must become is told by `frameStream`. */
async function sendStreams(
  t: TestContext,
  running: Running,
  type: string,
  { own, ...where }: { own: number; port: number; host: string } | { own: number; path: string },
): Promise<Sent> {
  const random = new RandomBytes(own)
  const wanted = new Sum()
  const counts: Framed = { damaged: 0, cut: 0 }
  let sent = 0
  let connections = 0
  let most = 0
  while (sent < BYTES) {
    const stream = randomStream(random, Math.min(PIECE, BYTES - sent), LIMIT)
    frameStream(stream, LIMIT, wanted, counts)
    const socket = createConnection(where)
    socket.end(stream)
    await once(socket, 'close')
    sent += stream.length
    connections++
    most = Math.max(most, (await running.status()).memory_bytes)
  }
  const status = await settled(t, running, type, wanted.frames, most)
  const listener = status.listeners.find((l) => l.type === type)
  assert.equal(listener?.counters.connectionsTotal, connections)
  assert.equal(listener?.counters.truncated, counts.cut)
  assert.equal(listener?.counters.framesDamaged, counts.damaged)
  assert.ok(counts.cut > 0 && counts.damaged > 0)
  t.diagnostic(`${type}: ${sent} bytes in ${connections} connections, ${counts.cut} frames cut, ${counts.damaged} damaged`)
  const got = new Sum()
  return {
    type,
    records: wanted.frames,
    cut: counts.cut,
    take: (frame) => got.add(frame),
    end: () => assert.equal(got.toString(), wanted.toString(), type),
  }
}

/** Exports all, and gives each record to the sender whose turn it was: numbers were given in the order of the turns. */
async function compare(running: Running, turns: readonly Sent[]): Promise<void> {
  const file = `${running.store}.pbx`
  const said = await exportStore(running.store, file, '--format', 'raw')
  const frames = readFrames(file)
  for (const turn of turns) {
    for (let i = 0; i < turn.records; i++) {
      const next = frames.next()
      assert.ok(next.done !== true, `${turn.type}: ${i} of ${turn.records} records came back`)
      turn.take(next.value)
    }
    turn.end()
  }
  assert.ok(frames.next().done, 'more came back than was sent')
  const cut = turns.reduce((n, turn) => n + turn.cut, 0)
  assert.match(said, new RegExp(`note: ${cut} records? longer than`))
  assert.match(await fsckStore(running.store), /: no damage/)
}

test('udp, unix datagrams, tcp: every byte is in a record, a count or a line end', { timeout: 3_600_000 }, async (t) => {
  const running = await startPullbox(folderOf(t), `limits: {message: ${LIMIT}}\n`)
  t.after(() => running.stop())
  const turns = [
    await sendUdp(t, running, seed),
    await sendUnix(t, running, seed + 1),
    await sendStreams(t, running, 'tcp', { own: seed + 2, port: running.tcp, host: '127.0.0.1' }),
  ]
  await compare(running, turns)
  assert.equal(await running.stop(), 143)
})

test('unix streams: every byte is in a record, a count or a line end', { timeout: 1_200_000 }, async (t) => {
  const folder = folderOf(t)
  const program = join(import.meta.dirname, '../../packages/pullbox/cli/testing/unix-stream-collector.ts')
  const path = join(folder, 'stream')
  const store = join(folder, 'store')
  const child = spawn(process.execPath, [program, store, path, String(LIMIT)], { stdio: ['ignore', 'ignore', 'pipe'] })
  const running = { ...(await follow(child)), udp: 0, tcp: 0, unix: path, store }
  t.after(() => running.stop())
  await compare(running, [await sendStreams(t, running, 'unix-stream', { own: seed + 3, path })])
})
