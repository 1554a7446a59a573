// A sender in a process of its own: `node bench/sender.ts '{"kind":"udp","port":5514,"count":1000000,"rate":0}'`. Prints `ready`
// when its messages are made and it begins, and one JSON line {sent, seconds, started} when done. Load goes to loopback or to a unix socket of this machine only.
import { createConnection } from 'node:net'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

import { corpus } from './corpus.ts'
import type { Corpus, Lines } from './corpus.ts'

export interface Load {
  kind: 'udp' | 'tcp' | 'unix-datagram'
  port?: number
  path?: string
  /** Messages to send at most. */
  count: number
  /** Messages a second; 0 = as fast as it goes. */
  rate: number
  /** Seconds to send at most; 0 = no bound. */
  seconds?: number
  /** Distinct messages; they are sent again from the start. */
  distinct?: number
  seed?: number
  /** Average length aimed at, bytes. */
  about?: number
  lines?: Lines
}

/** What a sender did: `started` in milliseconds since 1970. */
export interface Sent {
  sent: number
  seconds: number
  started: number
}

const MMSGHDR = 64
const BURST = 256
const LEAST_WAIT_MS = 0.25

interface Datagrams {
  send(from: number, n: number): number
}

function openDatagrams(load: Load, c: Corpus): Datagrams {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int, int, int)')
  const connect = libc.func('int connect(int, void *, uint32_t)')
  const sendmmsg = libc.func('int sendmmsg(int, void *, uint32_t, int)')
  const unix = load.kind === 'unix-datagram'
  const fd = socket(unix ? 1 : 2, 2, 0)
  const name = Buffer.alloc(unix ? 110 : 16)
  if (unix) {
    name.writeUInt16LE(1, 0)
    name.write(load.path ?? '', 2)
  } else {
    name.writeUInt16LE(2, 0)
    name.writeUInt16BE(load.port ?? 0, 2)
    name.set([127, 0, 0, 1], 4)
  }
  if (connect(fd, name, name.length) < 0) throw new Error(`connect: errno ${koffi.errno()}`)
  const arena = new Uint8Array(new ArrayBuffer(c.bytes.length))
  arena.set(c.bytes)
  const base = koffi.address(arena.buffer as ArrayBuffer) as bigint
  const iov = new BigUint64Array(2 * c.count)
  const iovBase = koffi.address(iov.buffer as ArrayBuffer) as bigint
  const headers = new ArrayBuffer(MMSGHDR * c.count)
  const h = new DataView(headers)
  for (let i = 0; i < c.count; i++) {
    iov[2 * i] = base + BigInt(c.offset[i])
    iov[2 * i + 1] = BigInt(c.offset[i + 1] - 1 - c.offset[i])
    h.setBigUint64(MMSGHDR * i + 16, iovBase + BigInt(16 * i), true)
    h.setBigUint64(MMSGHDR * i + 24, 1n, true)
  }
  const keep = { arena, iov, headers }
  return {
    send(from, n) {
      const sent = sendmmsg(fd, new Uint8Array(keep.headers, MMSGHDR * from, MMSGHDR * n), n, 0)
      if (sent < 0) throw new Error(`sendmmsg: errno ${koffi.errno()}`)
      return sent
    },
  }
}

function sendDatagrams(load: Load, c: Corpus): Sent {
  const out = openDatagrams(load, c)
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const start = performance.now()
  let sent = 0
  while (sent < load.count) {
    const elapsed = (performance.now() - start) / 1000
    if (load.seconds && elapsed >= load.seconds) break
    const due = load.rate > 0 ? Math.floor(load.rate * elapsed) + 1 - sent : BURST
    // Waits without spinning, which would take a processor from the daemon; too short a wait would send few at a time.
    if (due <= 0) {
      Atomics.wait(cell, 0, 0, Math.max(LEAST_WAIT_MS, (1 - due) * (1000 / load.rate)))
      continue
    }
    const from = sent % c.count
    sent += out.send(from, Math.min(BURST, due, c.count - from, load.count - sent))
  }
  return { sent, seconds: (performance.now() - start) / 1000, started: performance.timeOrigin + start }
}

async function sendStream(load: Load, c: Corpus): Promise<Sent> {
  const socket = createConnection({ host: '127.0.0.1', port: load.port ?? 0 })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const start = performance.now()
  const step = 4096
  let sent = 0
  while (sent < load.count) {
    if (load.rate > 0) while (sent / load.rate > (performance.now() - start) / 1000) await sleep(1)
    const from = sent % c.count
    const n = Math.min(step, c.count - from, load.count - sent)
    if (!socket.write(c.bytes.subarray(c.offset[from], c.offset[from + n]))) await new Promise((resolve) => socket.once('drain', resolve))
    sent += n
  }
  await new Promise<void>((resolve) => socket.end(resolve))
  return { sent, seconds: (performance.now() - start) / 1000, started: performance.timeOrigin + start }
}

if (import.meta.main) {
  const load = JSON.parse(process.argv[2]) as Load
  const c = corpus(Math.min(load.count, load.distinct ?? 100_000), load.seed ?? 1, load.about, load.lines ?? 'rfc3164')
  process.stdout.write('ready\n')
  const result = load.kind === 'tcp' ? await sendStream(load, c) : sendDatagrams(load, c)
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
