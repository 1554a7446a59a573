import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Daemon, Ports } from './daemon.ts'
import { startProgram } from './daemon.ts'
import { folderBytes } from './usage.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'pullbox')

/** What the status of a collector is asked for here. */
export interface Status {
  readonly received: number
  readonly stored: number
  readonly held: number
  readonly store: { readonly blocks: number; readonly raw_blocks?: number; readonly rawBlocks?: number }
}

export async function statusOf(ports: Ports): Promise<Status> {
  const answer = await fetch(`http://127.0.0.1:${ports.http}/api/v1/status`)
  if (!answer.ok) throw new Error(`status: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Status
}

interface Frame {
  readonly type: string
  readonly rows?: Record<string, unknown>[]
  readonly complete?: boolean
}

/** Runs a query; its rows. @throws Error when the answer is an error or is not complete */
export async function query(ports: Ports, text: string): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`http://127.0.0.1:${ports.http}/api/v1/query?q=${encodeURIComponent(text)}`)
  const body = (await answer.text()).trim()
  if (!answer.ok) throw new Error(`query: ${answer.status} ${body}`)
  const frames = body.split('\n').map((line) => JSON.parse(line) as Frame)
  const last = frames.at(-1)
  if (last?.type !== 'end' || last.complete !== true) throw new Error(`query: ${JSON.stringify(last)}`)
  return frames.flatMap((frame) => frame.rows ?? [])
}

/**
 * The collector under test: the real program with a configuration of its own; what is kept is what its status says is synced. It listens for
 * syslog on UDP and TCP, as it does by default, or with `unix` on a unix datagram socket alone.
 */
export async function pullbox(dir: string, ports: Ports, unix = false): Promise<Daemon> {
  mkdirSync(dir, { recursive: true })
  const conf = join(dir, 'pullbox.yaml')
  const store = join(dir, 'store')
  const network = `{type: syslog, options: {udp: "127.0.0.1:${ports.udp}", tcp: "127.0.0.1:${ports.tcp}", receive_buffer: 8MiB}}`
  const local = `{type: unix, options: {path: "${ports.unix}"}}`
  writeFileSync(
    conf,
    `inputs: [${unix ? local : network}]
store: {type: segments, options: {path: "${store}"}}
http: {address: "127.0.0.1:${ports.http}"}
`,
  )
  const child = await startProgram('pullbox', PROGRAM, ['run', '-c', conf], (errors) => errors.includes(`:${ports.http}`))
  const stored = async () => (await statusOf(ports)).stored
  return {
    name: 'pullbox',
    pid: child.pid,
    ports,
    progress: stored,
    kept: stored,
    flush: () => {},
    diskBytes: () => (existsSync(store) ? folderBytes(store) : 0),
    async blocks() {
      const { blocks, raw_blocks, rawBlocks } = (await statusOf(ports)).store
      return { raw: raw_blocks ?? rawBlocks ?? NaN, all: blocks }
    },
    stop: child.stop,
    kill: child.kill,
  }
}
