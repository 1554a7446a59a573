import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { Collector } from '../../collector/index.ts'
import type { ServeOptions } from '../index.ts'
import { serveCollector } from '../index.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface World {
  readonly dir: string
  readonly address: string
  readonly collector: Collector
  readonly tcp: number
  readonly udp: number
  close(): Promise<void>
}

/** A real collector on free ports with its server, in a folder of its own. */
export async function startWorld(
  serve: Partial<ServeOptions> = {},
  store: { type: string; options: Record<string, unknown> } | null = null,
): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-api-'))
  const collector = await Collector.start({
    listeners: [
      { type: 'tcp', at: '127.0.0.1:0' },
      { type: 'udp', at: '127.0.0.1:0' },
    ],
    store: store ?? { type: 'segments', options: { path: join(dir, 'store') } },
    limits: { message: 1 << 20, memory: 64 << 20 },
    version: '0.0.0-test',
    blockWorkers: 1,
  })
  const server = await serveCollector({ collector, host: '127.0.0.1', port: 0, spillDir: join(dir, 'spill'), workers: 1, ...serve })
  const [tcp, udp] = collector.addresses.map(({ address }) => Number(address.split(':').at(-1))) as [number, number]
  let closing: Promise<void> | null = null
  const end = async (): Promise<void> => {
    await server.close()
    await collector.stop()
    rmSync(dir, { recursive: true, force: true })
  }
  const close = (): Promise<void> => (closing ??= end())
  return { dir, address: server.address, collector, tcp, udp, close }
}

export function ask(address: string, path: string, more: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${address}${path}`, { agent: false, ...more }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts).toString() }))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** The body as JSON, after its status was judged. */
export async function askJson<T = Record<string, unknown>>(address: string, path: string, status = 200): Promise<T> {
  const answer = await ask(address, path)
  assert.equal(answer.status, status, answer.body)
  return JSON.parse(answer.body) as T
}

export async function sendTcp(port: number, text: string | Uint8Array): Promise<void> {
  const socket = createConnection(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.end(text, resolve)
  })
}

export async function sendUdp(port: number, ...datagrams: (string | Uint8Array)[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const datagram of datagrams) await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve))
  socket.close()
}

/** Waits until so many records are stored and none is held. */
export async function stored(address: string, count: number): Promise<Record<string, unknown>> {
  for (let i = 0; i < 1200; i++) {
    const status = await askJson(address, '/api/v1/status')
    if ((status.stored as number) >= count && status.held === 0) return status
    await sleep(25)
  }
  assert.fail('not stored in time')
}

/** One event of a tail. */
export interface SseEvent {
  readonly id: string
  readonly event: string
  readonly data: Record<string, unknown>
}

/** A client of a tail over a socket of its own, so that it can be slow or leave without a word. */
export class TailClient {
  readonly events: SseEvent[] = []
  /** Lines that are no part of an event: `retry`, comments. */
  readonly others: string[] = []
  status = 0
  ended = false
  /** The server ended it in order, and did not cut the connection. */
  clean = false
  private readonly asked: ReturnType<typeof request>
  private wake: () => void = () => {}

  constructor(address: string, parameters: Record<string, string>, headers: Record<string, string> = {}) {
    this.asked = request(`http://${address}/api/v1/tail?${new URLSearchParams(parameters)}`, { agent: false, headers }, (response) => {
      this.status = response.statusCode!
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (part: string) => {
        text += part
        const whole = text.split('\n\n')
        text = whole.pop()!
        for (const one of whole) this.take(one)
        this.wake()
      })
      const end = () => {
        this.ended = true
        this.wake()
      }
      response.on('end', () => {
        this.clean = true
        end()
      })
      response.on('close', end)
      response.on('error', end)
    })
    this.asked.on('error', () => {
      this.ended = true
      this.wake()
    })
    this.asked.end()
  }

  private take(text: string): void {
    const fields = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
    const data = fields.get('data')
    if (data === undefined) this.others.push(text)
    else this.events.push({ id: fields.get('id') ?? '', event: fields.get('event')!, data: JSON.parse(data) as Record<string, unknown> })
  }

  get records(): Record<string, unknown>[] {
    return this.events.filter(({ event }) => event === 'record').map(({ data }) => data)
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.ended) assert.fail(`the tail ended early: ${JSON.stringify(this.events.at(-1))}`)
      await new Promise<void>((resolve) => (this.wake = resolve))
    }
  }

  leave(): void {
    this.asked.destroy()
  }
}
