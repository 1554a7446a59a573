import { CodedError } from '@pullbox/log/errors'
import { decodeCheckpoint, Ledger } from '@pullbox/log/ledger'
import type { SourceDescriptor } from '@pullbox/store/query'
import type { RecordsReader } from '@pullbox/store/records'

import type { ExplainView, LedgerCheckView, SourcesView, StatusView } from '../api/index.ts'
import type { SilenceRule } from '../api/silence.ts'
import { silenceOf } from '../api/silence.ts'
import { sourcesOf } from '../api/sources.ts'
import type { Search } from '../search/index.ts'
import { createSearch, explainRecord } from '../search/index.ts'
import { createTail } from '../tail/index.ts'
import type { Tail } from '../tail/index.ts'
import type { Client, ClientFrame, ClientTailAsk, LedgerAsk, QueryAsk, TailEvent } from './contract.ts'

export interface StoreClientOptions {
  readonly type: string
  readonly path: string
  readonly source: SourceDescriptor
  readonly reader: RecordsReader
  /** Directory for temporary files of large queries. */
  readonly spillDir: string
  /** Query threads; as the size of the store asks for, when absent. */
  readonly workers?: number
  /** How long sources may be quiet. */
  readonly sources?: readonly SilenceRule[]
  readonly version: string
  /** Microseconds since 1970. */
  readonly now: () => number
}

/** Bytes of a store that are read quicker by this thread than others are started. */
const SMALL_STORE = 32e6

/** Reads the store itself, where no collector can be asked. Changes nothing, and sees what a collector writes beside it. */
export class StoreClient implements Client {
  readonly via = 'store'
  readonly at: string
  private readonly options: StoreClientOptions
  private searching: Search | null = null
  private following: Tail | null = null

  constructor(options: StoreClientOptions) {
    this.options = options
    this.at = options.path
  }

  async status(): Promise<StatusView> {
    const { reader, type, path, version, now } = this.options
    reader.refresh()
    const { ledger, at } = this.account()
    const stats = reader.stats()
    return {
      ...ledger.totals(),
      balanced: ledger.lines().every((line) => line.check === 0),
      version,
      started: 0,
      now: now(),
      pid: 0,
      store: {
        type,
        path,
        records: stats.records,
        blocks: stats.blocks,
        segments: stats.segments,
        bytes: stats.bytes,
        free_bytes: Number.isFinite(stats.freeBytes) ? stats.freeBytes : null,
        damages: stats.damages,
        raw_blocks: 0,
        waiting_bytes: 0,
        last_sync: at,
      },
      memory_bytes: process.memoryUsage.rss(),
      listeners: [],
      trouble: null,
    }
  }

  async sources(): Promise<SourcesView> {
    const { reader, now } = this.options
    reader.refresh()
    return sourcesOf(this.account().ledger.lines(), now(), silenceOf(this.options.sources ?? []))
  }

  /** The account as the store tells it: the newest checkpoint, and what was synced after it. */
  private account(): { ledger: Ledger; at: number | null } {
    const { base, since } = this.options.reader.ledgerSnapshot()
    const checkpoint = base === null ? null : decodeCheckpoint(base)
    const ledger = new Ledger(() => [])
    ledger.resume(checkpoint, since)
    return { ledger, at: checkpoint?.at ?? null }
  }

  async *query(text: string, ask: QueryAsk = {}): AsyncGenerator<ClientFrame, void, undefined> {
    const { source, reader, spillDir } = this.options
    const workers = this.options.workers ?? (reader.stats().bytes < SMALL_STORE ? 0 : 2)
    this.searching ??= createSearch({ source, workers, spillDir })
    const frames = this.searching.query(text === '' ? '*' : text, { ...ask, now: ask.now ?? this.options.now() })
    try {
      for await (const frame of frames) yield frame
    } catch (error) {
      if (!(error instanceof CodedError) || ask.signal?.aborted) throw error
      const { code, message, at, hint } = error
      yield { type: 'error', code, message, at, hint }
    }
  }

  async *tail(text: string, ask: ClientTailAsk = {}): AsyncGenerator<TailEvent, void, undefined> {
    this.following ??= createTail({ reader: this.options.reader })
    yield* this.following.follow(text === '' ? '*' : text, ask)
  }

  async explain(id: string): Promise<ExplainView | null> {
    this.options.reader.refresh()
    return explainRecord(this.options.reader, id)
  }

  async ledgerCheck(ask: LedgerAsk = {}): Promise<LedgerCheckView> {
    const { checkLedger } = await import('../collector/ledger-check.ts')
    return checkLedger({ path: this.options.path, ...ask })
  }

  async close(): Promise<void> {
    this.following?.close()
    await this.searching?.close()
    await this.options.reader.close()
  }
}
