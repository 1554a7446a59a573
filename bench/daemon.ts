import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { now } from './usage.ts'

/** How a log daemon under test is reached and asked what it has kept. */
export interface Daemon {
  readonly name: string
  readonly pid: number
  readonly ports: Ports
  /** A number that grows as messages are kept and is cheap to ask: bytes of its file, or records synced. */
  progress(): Promise<number>
  /** Messages kept so far, as it shows them: lines in its file, or records synced. */
  kept(): Promise<number>
  /** Makes it write what it still buffers. */
  flush(): void
  /** Bytes on disk. */
  diskBytes(): number
  /** Blocks that went to disk uncompressed under pressure, and all blocks; null where there is no such thing. */
  blocks(): Promise<{ raw: number; all: number } | null>
  /** Ends it by SIGTERM, and by SIGKILL when it does not end in 10 s. */
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

export interface Ports {
  readonly udp: number
  readonly tcp: number
  readonly http: number
  /** Path of a unix datagram socket. */
  readonly unix: string
}

/** Ports of 127.0.0.1 that are free now, and a path below `dir`. */
export async function freePorts(dir: string): Promise<Ports> {
  const tcp = async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    return port
  }
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port: udp } = socket.address()
  socket.close()
  return { udp, tcp: await tcp(), http: await tcp(), unix: join(dir, 'log.sock') }
}

/** A started program, its standard error, and the ways to end it. */
export interface Child {
  readonly pid: number
  readonly errors: () => string
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
  readonly signal: (name: NodeJS.Signals) => void
}

const START_MS = 20_000
const STOP_MS = 10_000

/** Starts a program and waits until it is ready. @throws Error with its standard error when it is not ready in 20 s */
export async function startProgram(
  name: string,
  program: string,
  args: readonly string[],
  ready: (errors: string) => boolean,
): Promise<Child> {
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  let over = false
  child.stderr?.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-65_536)))
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      over = true
      resolve()
    }
    child.once('exit', end).once('error', (error) => {
      errors += error.message
      end()
    })
  })
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  const until = now() + START_MS
  while (!over && !ready(errors) && now() < until) await sleep(25)
  if (over || !ready(errors)) {
    await kill()
    throw new Error(`${name} did not start: ${errors}`)
  }
  return {
    pid: child.pid ?? 0,
    errors: () => errors,
    kill,
    signal: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })])
      await kill()
    },
  }
}

/** After so long without growth a daemon is made to write what it buffers, ms. */
const STILL_MS = 250
/** After so long what it has is taken as all that it will have, ms. */
const OVER_MS = 3000
const POLL_MS = 50

/**
 * Waits until a daemon has kept `count` messages, or until nothing more came for 3 s.
 * `at` is when the last of them was seen, ms since 1970, to within 50 ms.
 */
export async function untilKept(daemon: Daemon, count: number): Promise<{ kept: number; at: number }> {
  let last = -1
  let at = now()
  let grown = at
  let flushed = -Infinity
  for (;;) {
    const progress = await daemon.progress()
    if (progress !== last) {
      last = progress
      grown = now()
      // What a flush brings had been taken before: it does not move the end.
      if (grown - flushed > STILL_MS) at = grown
    } else if (now() - grown > STILL_MS) {
      const kept = await daemon.kept()
      if (kept >= count || now() - grown > OVER_MS) return { kept, at }
      if (flushed < grown) {
        daemon.flush()
        flushed = now()
      }
    }
    await sleep(POLL_MS)
  }
}
