import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'

import { CodedError } from '@pullbox/log/errors'
import { z } from 'zod'

import { findCollector } from '../collector/announce.ts'
import type { Config } from '../config/index.ts'
import { listenText } from '../config/index.ts'
import { recordsReader, recordsSource } from '../config/drivers.ts'
import type { Client } from './contract.ts'
import { HttpClient } from './http-client.ts'
import { getJson } from './http.ts'
import { StoreClient } from './store-client.ts'

export interface ConnectOptions {
  readonly config: Pick<Config, 'store' | 'http'> & Partial<Pick<Config, 'sources'>>
  readonly version: string
  /** Microseconds since 1970. */
  readonly now: () => number
  /** Directory for temporary files of large queries. */
  readonly spillDir?: string
  /** Ask this one only; without it, the collector where there is one. */
  readonly via?: 'collector' | 'store'
}

/** Milliseconds in which a collector that nobody announced must say who it is. */
const WHO_MS = 2000

const whose = z.object({ store: z.object({ type: z.string(), path: z.string().nullish() }) })

/**
 * Finds whom to ask: the collector that the store's directory names, else one at `http.address` that says it has the same store,
 * else the store itself, read-only.
 * @throws CLIENT_NO_COLLECTOR when only a collector can be asked and none is there
 * @throws STORE_BAD_PATH, STORE_NEWER_VERSION
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { store, http } = options.config
  const path =
    typeof store.options['path' as keyof typeof store.options] === 'string' ? String((store.options as { path: string }).path) : null
  if (options.via !== 'store') {
    const find = () => findAddress(options.config, path)
    const address = await find()
    if (address !== null) return new HttpClient(address, find)
  }
  const driver = store.options as Record<string, unknown>
  const source = options.via === 'collector' ? null : recordsSource(store.type, driver)
  const reader = source === null ? null : recordsReader(store.type, driver)
  if (source !== null && reader !== null && path !== null) {
    const { version, now, spillDir = tmpdir() } = options
    const { sources = [] } = options.config
    return new StoreClient({ type: store.type, path, source, reader, spillDir, sources, version, now })
  }
  const where = http.address === null ? 'http.address is null' : `none answers at http://${listenText(http.address)}`
  throw new CodedError('CLIENT_NO_COLLECTOR', `a store of type ${store.type} is read through its collector only, and ${where}`, {
    hint: 'start it with pullbox run, or name its configuration with -c',
  })
}

async function findAddress({ store, http }: ConnectOptions['config'], path: string | null): Promise<string | null> {
  const found = path === null ? null : await findCollector(path)
  if (found !== null) return found.http
  if (http.address === null || http.address.port === 0) return null
  const address = `http://${listenText({ ...http.address, host: reachable(http.address.host) })}`
  try {
    const { store: theirs } = whose.parse(await getJson(address, '/api/v1/status', { silence: WHO_MS }))
    if (theirs.type !== store.type || !samePath(theirs.path ?? null, path)) return null
    return address
  } catch {
    return null
  }
}

function samePath(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return a === b
  try {
    return realpathSync(a) === realpathSync(b)
  } catch {
    return a === b
  }
}

/** An address for all interfaces is reached at the loopback one. */
function reachable(host: string): string {
  if (host === '::') return '::1'
  return host === '0.0.0.0' ? '127.0.0.1' : host
}
