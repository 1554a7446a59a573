import { tmpdir } from 'node:os'

import { serveCollector } from '../../api/index.ts'
import type { Server } from '../../api/index.ts'
import { announce, Collector } from '../../collector/index.ts'
import type { CollectorOptions, ListenerSpec } from '../../collector/index.ts'
import type { Config } from '../../config/index.ts'
import { listenText } from '../../config/index.ts'
import { addressFailure } from '../../input/socket/failure.ts'

/** A collector that takes records and answers. */
export interface Started {
  readonly collector: Collector
  /** `http://127.0.0.1:8514`; null when nothing is served. */
  readonly http: string | null
  /** Resolves when a listener has ended by itself. */
  readonly failed: Promise<Error>
  /** Ends what is asked, then the listeners; all that was read is stored and synced when it resolves. */
  stop(): ReturnType<Collector['stop']>
}

/** The listeners that a configuration asks for. */
export function listenersOf(config: Config): ListenerSpec[] {
  return config.inputs.flatMap((input): ListenerSpec[] => {
    if (input.type === 'unix') {
      const { path } = input.options
      return [{ type: 'unix-datagram', at: path === 'auto' ? '/dev/log' : path }]
    }
    const { udp, tcp, framing, receive_buffer: receiveBuffer } = input.options
    return [
      ...udp.map((a): ListenerSpec => ({ type: 'udp', at: listenText(a), receiveBuffer })),
      ...tcp.map((a): ListenerSpec => ({ type: 'tcp', at: listenText(a), framing })),
    ]
  })
}

/** The store's options as its driver takes them, and the retention, which the collector sees to. */
export function storeOf(
  config: Config,
): Pick<CollectorOptions, 'store'> & { readonly retention: NonNullable<CollectorOptions['retention']> } {
  const { retention, ...options } = config.store.options as Record<string, unknown> & {
    retention?: { days: number | null; bytes: number | null }
  }
  const days = retention?.days ?? null
  const bytes = retention?.bytes ?? null
  return {
    store: { type: config.store.type, options },
    retention: { ...(days === null ? {} : { days }), ...(bytes === null ? {} : { bytes }) },
  }
}

/**
 * Starts all of it, or nothing: when a part fails, what was started is stopped again, in order.
 * @throws INPUT_*, STORE_* and what the drivers throw
 */
export async function startCollector(config: Config, version: string): Promise<Started> {
  const { store, retention } = storeOf(config)
  const zones = config.sources.flatMap((s) => (s.zone === null ? [] : [{ match: s.match, zone: s.zone }]))
  const collector = await Collector.start({
    listeners: listenersOf(config),
    store,
    retention,
    limits: config.limits,
    sources: zones,
    version,
  })
  const failed = new Promise<Error>((resolve) => collector.events.once('failed', resolve))
  let server: Server | null = null
  try {
    server = await serve(config, collector)
    const http = server === null ? null : `http://${server.address}`
    const { path } = store.options as { path?: unknown }
    const started = { pid: process.pid, http, started: collector.started, version }
    const away = typeof path === 'string' ? announce(path, started) : () => {}
    const stop: Started['stop'] = async () => {
      away()
      await server?.close()
      return collector.stop()
    }
    return { collector, http, failed, stop }
  } catch (error) {
    await server?.close()
    await collector.stop()
    throw error
  }
}

async function serve(config: Config, collector: Collector): Promise<Server | null> {
  const { address, names } = config.http
  if (address === null) return null
  try {
    return await serveCollector({ collector, host: address.host, port: address.port, names, sources: config.sources, spillDir: tmpdir() })
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || (syscall !== 'listen' && syscall !== 'bind' && syscall !== 'getaddrinfo')) throw error
    throw addressFailure('tcp', listenText(address), address.port, code)
  }
}
