import type { Collector } from '../collector/index.ts'
import { recordsReader, recordsSource } from '../config/drivers.ts'
import { createSearch } from '../search/index.ts'
import { createTail } from '../tail/index.ts'
import type { Server } from './server.ts'
import { startServer } from './server.ts'
import type { SilenceRule } from './silence.ts'
import { silenceOf } from './silence.ts'
import { Synced } from './synced.ts'

export interface ServeOptions {
  readonly collector: Collector
  readonly host: string
  readonly port: number
  readonly names?: readonly string[]
  /** How long sources may be quiet. */
  readonly sources?: readonly SilenceRule[]
  /** Directory for temporary files of large queries. */
  readonly spillDir: string
  /** Query threads; 2 by default. */
  readonly workers?: number
  readonly mostQueries?: number
  readonly mostTails?: number
  readonly heartbeatMs?: number
}

/**
 * Serves a collector that runs: its state, and what it has synced. `close` ends what is asked and lets go of the store's files; the
 * collector goes on.
 */
export async function serveCollector({ collector, spillDir, workers = 2, sources = [], ...listen }: ServeOptions): Promise<Server> {
  const { type, options } = collector.options.store
  const synced = await Synced.of(collector)
  const bound = (): number => synced.bound
  const source = recordsSource(type, options)
  const reader = source === null ? null : recordsReader(type, options, bound())
  const search = source === null ? null : createSearch({ source, workers, spillDir, bound, ...(reader === null ? {} : { reader }) })
  const tail = reader === null ? null : createTail({ reader, bound, changed: (listener) => synced.changed(listener) })
  const release = async (): Promise<void> => {
    tail?.close()
    synced.close()
    await search?.close()
    await reader?.close()
  }
  try {
    const server = await startServer({
      ...listen,
      collector,
      search,
      tail,
      records: reader === null ? null : { reader, bound },
      store: { type, path: typeof options.path === 'string' ? options.path : null },
      silence: silenceOf(sources),
      lastSync: () => synced.lastSync,
    })
    return {
      address: server.address,
      close: async () => {
        await server.close()
        await release()
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}
