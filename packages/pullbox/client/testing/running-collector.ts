import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { serveCollector } from '../../api/index.ts'
import { announce, Collector } from '../../collector/index.ts'

/** A collector in this process, with real sockets and a store on disk, announced as `run` does it; for tests. */
export class RunningCollector {
  readonly dir: string
  readonly store: string
  /** The configuration for commands. */
  readonly config: string
  private readonly sockets = new Set<Socket>()
  private collector: Collector | null = null
  private ending: (() => Promise<void>) | null = null

  private constructor(dir: string) {
    this.dir = dir
    this.store = join(dir, 'store')
    this.config = join(dir, 'pullbox.yaml')
    writeFileSync(this.config, `store: {type: segments, options: {path: ${this.store}}}\nhttp: {address: "127.0.0.1:0"}\n`)
  }

  static async start(): Promise<RunningCollector> {
    const running = new RunningCollector(mkdtempSync(join(tmpdir(), 'pullbox-client-')))
    await running.begin()
    return running
  }

  async begin(): Promise<void> {
    const collector = await Collector.start({
      listeners: [{ type: 'tcp', at: '127.0.0.1:0' }],
      store: { type: 'segments', options: { path: this.store } },
      limits: { message: 1 << 20, memory: 128 << 20 },
      version: 'test',
      blockWorkers: 1,
    })
    const server = await serveCollector({ collector, host: '127.0.0.1', port: 0, spillDir: this.dir, workers: 1 })
    const http = `http://${server.address}`
    const gone = announce(this.store, { pid: process.pid, http, started: collector.started, version: 'test' })
    this.collector = collector
    this.ending = async () => {
      gone()
      await server.close()
      await collector.stop()
    }
  }

  /** Sends lines over one connection; resolves when the system has them. */
  async send(...lines: (string | Uint8Array)[]): Promise<void> {
    const socket = createConnection(Number(this.collector!.addresses[0].address.split(':').at(-1)), '127.0.0.1')
    this.sockets.add(socket)
    await once(socket, 'connect')
    for (const line of lines) socket.write(Buffer.concat([Buffer.from(line as string), Buffer.from('\n')]))
    socket.end()
    await once(socket, 'close')
    this.sockets.delete(socket)
  }

  /** Waits until so many records are synced. */
  async stored(count: number): Promise<void> {
    for (let i = 0; i < 800; i++) {
      if ((await this.collector!.status()).totals.stored >= count) return
      await sleep(10)
    }
    throw new Error(`not stored in time: ${JSON.stringify((await this.collector!.status()).totals)}`)
  }

  /** Ends the collector in order; it may begin again, with another address. */
  async end(): Promise<void> {
    const { ending } = this
    this.ending = null
    await ending?.()
  }

  async remove(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await this.end()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
