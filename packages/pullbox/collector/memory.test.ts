import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { shareOut } from './budget.ts'
import { configure, folder, Program } from './testing/program.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
/** The smallest memory that a configuration may ask for. */
const MEMORY = 64 << 20
const MESSAGE = 5 << 20
const SMALL = PROVE ? 3_000_000 : 60_000
const LONG = PROVE ? 300 : 6
const NAMES = PROVE ? 1_000_000 : 40_000
const WARM = 10_000
const SOURCES = PROVE ? 70_000 : 300
const CONNECTIONS = PROVE ? 10_000 : 300

class Sender {
  private readonly socket: Socket
  private constructor(socket: Socket) {
    this.socket = socket
  }
  static async open(port: number): Promise<Sender> {
    const socket = createConnection(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Sender(socket)
  }
  async write(bytes: string | Buffer): Promise<void> {
    if (!this.socket.write(bytes)) await once(this.socket, 'drain')
  }
  end(): Promise<void> {
    return new Promise((resolve) => this.socket.end(resolve))
  }
}

/** A few short messages, one after another. */
async function warm(program: Program): Promise<number> {
  const tcp = await Sender.open(program.port('tcp'))
  for (let n = 0; n < WARM; n += 100) {
    await tcp.write(Array.from({ length: 100 }, (_, i) => `<13>Nov 24 10:00:00 h a: ${n + i} ${'word '.repeat(i % 40)}\n`).join(''))
    await sleep(5)
  }
  await tcp.end()
  return WARM
}

/** Many short messages at once over both listeners. Gives how many the collector must have (datagrams may be dropped). */
async function small(program: Program): Promise<number> {
  const tcp = await Sender.open(program.port('tcp'))
  const udp = createSocket('udp4')
  for (let n = 0; n < SMALL; n += 500) {
    await tcp.write(Array.from({ length: 500 }, (_, i) => `<13>Nov 24 10:00:00 h a: ${n + i} ${'word '.repeat(i % 40)}\n`).join(''))
    udp.send(`<13>Nov 24 10:00:00 h a: ${n} ${'.'.repeat(60_000)}`, program.port('udp'), '127.0.0.1', () => {})
  }
  await tcp.end()
  await new Promise<void>((resolve) => udp.close(() => resolve()))
  return SMALL
}

/** Messages of the greatest length that do not compress, one longer than it. */
async function long(program: Program): Promise<number> {
  const tcp = await Sender.open(program.port('tcp'))
  const body = Buffer.alloc(MESSAGE + 100)
  for (let i = 0, x = 1; i < body.length; i++) {
    x = Math.imul(x, 1_664_525) + 1_013_904_223
    body[i] = 33 + ((x >>> 24) % 94)
  }
  for (let n = 0; n < LONG; n++) {
    body.write(`<13>Nov 24 10:00:00 h long: ${n} `, 0)
    const length = n === 0 ? body.length : MESSAGE - n
    // By turns: a frame that says its length, and one that ends with a line feed.
    const frame = body.subarray(0, length)
    await tcp.write(Buffer.concat(n % 2 === 0 ? [Buffer.from(`${length} `), frame] : [frame, Buffer.from('\n')]))
  }
  await tcp.end()
  return LONG
}

/** A host and an app that no other message has, and a number that its sender gave it. */
async function names(program: Program): Promise<number> {
  const tcp = await Sender.open(program.port('tcp'))
  for (let n = 0; n < NAMES; n += 500) {
    const line = (i: number) => `<13>1 2026-11-24T10:00:00Z host-${i}.example.net app-${i} - - [meta sequenceId="${i}"] m\n`
    await tcp.write(Array.from({ length: 500 }, (_, i) => line(n + i)).join(''))
  }
  await tcp.end()
  return NAMES
}

/** A datagram from each of many addresses of 127.0.0.0/8. */
async function sources(program: Program): Promise<number> {
  for (let n = 0; n < SOURCES; n++) {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, `127.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`, resolve))
    await new Promise((resolve) => socket.send('<13>from afar: x', program.port('udp'), '127.0.0.1', resolve))
    socket.close()
  }
  return SOURCES
}

/** Connections that stay open in the middle of a frame. */
async function connections(program: Program): Promise<number> {
  const clients = fork(new URL('../input/testing/many-connections.ts', import.meta.url), [String(CONNECTIONS), String(program.port('tcp'))])
  for (const command of ['open', 'begin']) {
    clients.send(command)
    await once(clients, 'message')
  }
  await sleep(200)
  clients.kill()
  return CONNECTIONS
}

test(`memory is bounded by limits.memory, whatever arrives`, { timeout: PROVE ? 1_800_000 : 240_000 }, async (t) => {
  const dir = folder(t)
  const program = await Program.start(configure(dir, join(dir, 'store'), { memory: MEMORY, message: MESSAGE }))
  t.after(() => program.kill())
  // Code is compiled and heaps get their size with the first messages; that is no memory of what arrives.
  let sent = await warm(program)
  await program.until((s) => s.stored >= WARM, 'the first messages')
  const base = program.memory().now
  t.diagnostic(`at little work ${base >> 20} MiB`)
  for (const flood of [small, long, names, sources, connections]) {
    sent += await flood(program)
    // Datagrams may be lost in a flood, and are counted then: what the streams sent is there in any case.
    const known = sent - SOURCES
    await program.until((s) => s.stored >= known - CONNECTIONS && s.held === 0, `${flood.name} is stored`, 600_000)
    const { most } = program.memory()
    t.diagnostic(`after ${flood.name}: ${most >> 20} MiB at most, ${(most - base) >> 20} more than at little work`)
    if (process.env.DRY === undefined)
      assert.ok(most - base <= MEMORY, `${flood.name}: ${(most - base) >> 20} MiB more than at little work; ${MEMORY >> 20} are allowed`)
  }
  const lines = await program.sources()
  const { sources: apart } = shareOut({ message: MESSAGE, memory: MEMORY }, 2)
  // Two listeners, and what Pullbox says itself.
  assert.ok(lines.length <= 2 * apart + 2, `${lines.length} sources`)
  if (SOURCES > apart) assert.ok((lines.find((line) => line.source === 'other')?.received ?? 0) > 0, 'sources beyond the bound are counted')
})
