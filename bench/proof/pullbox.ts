import { execFile, spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** The real program, as a user starts it. */
const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'pullbox')

/** What the proofs read of `/api/v1/status`. */
export interface Status {
  readonly received: number
  readonly stored: number
  readonly duplicate: number
  readonly refused: number
  readonly held: number
  readonly missing: number
  readonly balanced: boolean
  readonly memory_bytes: number
  readonly listeners: readonly {
    readonly type: string
    readonly address: string
    readonly receiveBuffer: number
    readonly kernel_drops: number
    readonly counters: Readonly<Record<string, number>>
  }[]
}

export interface Running {
  readonly pid: number
  readonly udp: number
  readonly tcp: number
  readonly unix: string
  readonly store: string
  status(): Promise<Status>
  /** Ends it with SIGTERM; the exit status. */
  stop(): Promise<number | null>
}

/** Starts a collector that listens on free ports and a unix socket below the folder; more of its configuration as YAML lines. */
export async function startPullbox(folder: string, more = ''): Promise<Running> {
  const store = join(folder, 'store')
  const unix = join(folder, 'log')
  const config = join(folder, 'pullbox.yaml')
  writeFileSync(
    config,
    `inputs:
  - {type: syslog, options: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0", receive_buffer: 16MiB}}
  - {type: unix, options: {path: "${unix}"}}
store: {type: segments, options: {path: "${store}"}}
http: {address: "127.0.0.1:0"}
${more}`,
  )
  const child = spawn(PROGRAM, ['run', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const process = await follow(child)
  const { listeners } = await process.status()
  const port = (type: string) =>
    Number(
      listeners
        .find((l) => l.type === type)
        ?.address.split(':')
        .at(-1),
    )
  return { ...process, udp: port('udp'), tcp: port('tcp'), unix, store }
}

/** Waits until a collector's process says where it answers. @throws Error when it does not start */
export async function follow(child: ChildProcessByStdio<null, null, Readable>): Promise<Pick<Running, 'pid' | 'status' | 'stop'>> {
  let said = ''
  child.stderr.on('data', (data: Buffer) => (said += data.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  for (let i = 0; i < 1200 && !/http http:\S+/.test(said) && child.exitCode === null; i++) await sleep(25)
  const http = /http (http:\S+)/.exec(said)?.[1]
  if (http === undefined) throw new Error(`the collector did not start: ${said}`)
  return {
    pid: child.pid ?? 0,
    status: () => statusOf(`${http}/api/v1/status`),
    stop: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      return ended
    },
  }
}

/** Asks over a connection of its own: one that is kept may be closed by the server just then. */
async function statusOf(url: string): Promise<Status> {
  const request = get(url, { agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return (await json(response)) as Status
}

/** Frames that a listener of that type received so far. */
export function receivedOf(status: Status, type: string): number {
  return status.listeners.filter((l) => l.type === type).reduce((n, l) => n + (l.counters.received ?? 0), 0)
}

/** Datagrams that the kernel dropped before the listener could read them. */
export function dropsOf(status: Status, type: string): number {
  return status.listeners.filter((l) => l.type === type).reduce((n, l) => n + l.kernel_drops, 0)
}

/** Looks until the condition holds. @throws Error with the last status after the time, in seconds */
export async function until(running: Pick<Running, 'status'>, holds: (status: Status) => boolean, seconds = 60): Promise<Status> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const status = await running.status()
    if (holds(status)) return status
    if (performance.now() > end) throw new Error(`not reached in ${seconds} s: ${JSON.stringify(status)}`)
    await sleep(10)
  }
}

/** Runs `pullbox store export`; what it said on stderr. @throws when its exit status is not 0 */
export async function exportStore(store: string, file: string, ...words: string[]): Promise<string> {
  const { stderr } = await promisify(execFile)(PROGRAM, ['store', 'export', '--store', store, '-o', file, '--force', ...words])
  return stderr
}

/** Runs `pullbox store fsck`; what it said on stderr. @throws when its exit status is not 0 */
export async function fsckStore(store: string): Promise<string> {
  return (await promisify(execFile)(PROGRAM, ['store', 'fsck', '--store', store])).stderr
}

/** The octet-counted frames of a file, one at a time; each is a view that holds until the next is asked for. */
export function* readFrames(file: string): Generator<Buffer> {
  const fd = openSync(file, 'r')
  try {
    let buffer = Buffer.alloc(1 << 20)
    let from = 0
    let end = 0
    const fill = (need: number) => {
      if (end - from >= need) return true
      if (need > buffer.length) buffer = Buffer.concat([buffer.subarray(from, end)], Math.max(need, 2 * buffer.length))
      else buffer.copyWithin(0, from, end)
      end -= from
      from = 0
      while (end < need) {
        const n = readSync(fd, buffer, end, buffer.length - end, null)
        if (n === 0) return false
        end += n
      }
      return true
    }
    for (;;) {
      fill(12)
      if (from === end) return
      const space = buffer.indexOf(0x20, from)
      const count = buffer.toString('latin1', from, space)
      if (space < 0 || space >= end || !/^\d{1,10}$/.test(count)) throw new Error(`no octet count where a frame begins: ${count}`)
      from = space + 1
      const length = Number(count)
      if (!fill(length)) throw new Error('the file ends within a frame')
      yield buffer.subarray(from, from + length)
      from += length
    }
  } finally {
    closeSync(fd)
  }
}
