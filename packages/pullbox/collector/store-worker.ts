import type { MessagePort } from 'node:worker_threads'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'

import { CodedError } from '@pullbox/log/errors'
import type { Checkpoint, ListenerLoss, SequencePlace } from '@pullbox/log/ledger'
import { decodeCheckpoint, encodeCheckpoint, Ledger } from '@pullbox/log/ledger'
import type { RecordsStore } from '@pullbox/store/records'

import { openRecords } from '../config/drivers.ts'
import { SourceTable } from '../input/source-table.ts'
import { foldSources } from './fold-sources.ts'
import { Arrival } from './arrival.ts'
import { Gate } from './gate.ts'
import type { BlockMessage, EmptyMessage, ListenerTable, Opened, StoreRequest, StoreStatus, StoreWorkerData } from './protocol.ts'
import { Settler } from './settle.ts'

const TICK_MS = 1000
const RETAIN_EVERY_MS = 60_000

/** The thread that owns the store and the ledger. All else asks it by message. */
class StoreThread {
  private readonly data: StoreWorkerData
  private readonly port: MessagePort
  private readonly gate: Gate
  private store: RecordsStore | undefined
  private settler: Settler | undefined
  private readonly arrival = new Arrival((block) => this.settler?.push(block))
  private readonly tables: SourceTable[] = []
  private readonly ledger: Ledger
  /** Kernel drops of earlier runs, by listener. */
  private readonly lossBefore = new Map<string, number>()
  private retention: StoreWorkerData['retention']
  private producers = 0
  private ended: (() => void) | undefined
  private timers: NodeJS.Timeout[] = []

  constructor(data: StoreWorkerData, port: MessagePort) {
    this.data = data
    this.retention = data.retention
    this.port = port
    this.gate = new Gate(data.gate)
    this.ledger = new Ledger(() => this.read())
    port.on('message', (request: StoreRequest) => void this.answer(request))
  }

  /** What the inputs of this run have read, by source over all listeners. */
  private read(): Map<string, number> {
    const read = new Map<string, number>()
    for (const table of this.tables) {
      for (let id = 0, n = table.size; id < n; id++) {
        const received = table.received(id)
        if (received === 0) continue
        const key = Buffer.from(table.key(id)).toString('utf8')
        read.set(key, (read.get(key) ?? 0) + received)
      }
    }
    return read
  }

  private async answer(request: StoreRequest): Promise<void> {
    try {
      this.port.postMessage({ type: 'answer', id: request.id, ok: true, value: await this.handle(request) })
    } catch (error) {
      const coded = error instanceof CodedError ? error : null
      const message = error instanceof Error ? error.message : String(error)
      const code = (error as { code?: string }).code ?? 'STORE_WRITE_FAILED'
      this.port.postMessage({ type: 'answer', id: request.id, ok: false, code, message, at: coded?.at ?? '', hint: coded?.hint ?? '' })
    }
  }

  private handle(request: StoreRequest): unknown {
    switch (request.do) {
      case 'open':
        return this.open()
      case 'attach':
        return this.attach(request.port)
      case 'tables':
        return this.setTables(request.tables)
      case 'status':
        return this.status()
      case 'loss':
        return this.loss(request.listener, request.loss)
      case 'retention':
        this.retention = request.retention
        return this.retain()
      case 'close':
        return this.close(request.sequences)
    }
  }

  private async open(): Promise<Opened> {
    const checkpoint = () => ({ payload: this.checkpoint(false, []), through: this.settler?.lastSeq ?? 0 })
    const store = await openRecords(this.data.type, this.data.options, { checkpoint })
    this.store = store
    const snapshot = store.ledgerSnapshot()
    const base: Checkpoint | null = snapshot.base === null ? null : decodeCheckpoint(snapshot.base)
    const kept = foldSources({ base, since: snapshot.since }, this.data.sources)
    this.ledger.resume(kept.base, kept.since)
    for (const [listener, loss] of this.ledger.listeners) this.lossBefore.set(listener, loss.kernelDrops)
    const stats = store.stats()
    this.settler = new Settler(
      store,
      this.ledger,
      this.gate,
      {
        synced: (appended, records) => this.port.postMessage({ type: 'synced', appended, records }),
        trouble: (code, message) => this.port.postMessage({ type: 'trouble', code, message }),
        recovered: () => this.port.postMessage({ type: 'recovered' }),
      },
      Date.now,
    )
    this.timers.push(setInterval(() => this.settler?.tick(), TICK_MS))
    this.timers.push(setInterval(() => void this.retain(), RETAIN_EVERY_MS))
    await this.retain()
    const unclean = base !== null ? !base.clean : stats.records > 0
    const lastSync = Math.max(base?.at ?? 0, newest(store))
    // From here on a stop without order is seen by the next start, whatever comes or does not come in between.
    await store.append([], { ledger: this.checkpoint(false, []) })
    return {
      stats,
      damages: store.damages().length,
      sequences: unclean ? [] : (base?.sequences ?? []),
      uncleanSince: unclean ? lastSync : null,
    }
  }

  private async retain(): Promise<void> {
    const { days, bytes } = this.retention
    if (days === undefined && bytes === undefined) return
    await this.store
      ?.retain({ ...(days === undefined ? {} : { days }), ...(bytes === undefined ? {} : { bytes }), now: Date.now() * 1000 })
      .catch((error: unknown) => {
        this.port.postMessage({ type: 'trouble', code: (error as { code?: string }).code ?? 'STORE_WRITE_FAILED', message: String(error) })
      })
  }

  private checkpoint(clean: boolean, sequences: readonly SequencePlace[]): Uint8Array {
    return encodeCheckpoint(this.ledger.checkpoint(Date.now() * 1000, clean, [...sequences]))
  }

  private attach(port: MessagePort): void {
    this.producers++
    port.on('message', (message: BlockMessage | EmptyMessage | { type: 'end' }) => {
      if (message.type !== 'end') return this.arrival.take(message)
      this.producers--
      port.close()
      if (this.producers === 0) this.ended?.()
    })
  }

  private setTables(tables: readonly ListenerTable[]): void {
    this.tables.splice(0, this.tables.length, ...tables.map((t) => SourceTable.open({ buffer: t.table })))
  }

  private loss(listener: string, loss: ListenerLoss): void {
    const kernelDrops = (this.lossBefore.get(listener) ?? 0) + loss.kernelDrops
    if (this.ledger.listeners.get(listener)?.kernelDrops === kernelDrops) return
    this.ledger.listeners.set(listener, { kernelDrops })
    this.settler?.noteChange()
  }

  private status(): StoreStatus {
    const store = this.opened()
    return {
      totals: this.ledger.totals(),
      lines: this.ledger.lines(),
      listeners: Object.fromEntries(this.ledger.listeners),
      stats: store.stats(),
      rawBlocks: this.settler?.rawBlocks ?? 0,
      waitingBytes: this.gate.waitingBytes,
      trouble: this.settler?.trouble ?? null,
    }
  }

  private opened(): RecordsStore {
    if (this.store === undefined) throw new CodedError('STORE_CLOSED', 'the store is not open')
    return this.store
  }

  /** Waits for the block workers to end, settles what came, writes the last checkpoint, lets go of the store. */
  private async close(sequences: readonly SequencePlace[]): Promise<StoreStatus> {
    for (const timer of this.timers) clearInterval(timer)
    const store = this.opened()
    if (this.producers > 0) await new Promise<void>((resolve) => (this.ended = resolve))
    this.arrival.end()
    await this.settler?.finish()
    const status = this.status()
    try {
      await store.append([], { ledger: this.checkpoint(status.totals.held === 0, sequences) })
    } finally {
      await store.close()
    }
    return status
  }
}

/** Greatest receive time in the store, microseconds; 0 when it is empty. */
function newest(store: RecordsStore): number {
  const { lastSeq, records } = store.stats()
  if (records === 0) return 0
  const last = store.get(lastSeq)
  return last !== null && 'header' in last ? last.header.maxReceived : 0
}

if (!isMainThread && parentPort !== null) new StoreThread(workerData as StoreWorkerData, parentPort as unknown as MessagePort)
