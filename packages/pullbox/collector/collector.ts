import { EventEmitter } from 'node:events'
import { hostname } from 'node:os'
import { extname } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'

import type { SequencePlace } from '@pullbox/log/ledger'
import { uncleanStopRecord } from '@pullbox/log/ledger'

import type { Counters, Listener, ListenerFraming, ListenerType, ZoneRule } from '../input/index.ts'
import { createDoorbell, createRing, startListener } from '../input/index.ts'
import { shareOut } from './budget.ts'
import type { Budget } from './budget.ts'
import { createGate } from './gate.ts'
import { OwnRecords } from './own-records.ts'
import type { BlockWorkerData, Opened, RingInput, StoreStatus, StoreWorkerData } from './protocol.ts'
import { StoreThread } from './store-thread.ts'

/** A listener to start. */
export interface ListenerSpec {
  readonly type: ListenerType
  /** Address with port, or path. */
  readonly at: string
  readonly receiveBuffer?: number
  /** How a stream is cut into records; told apart frame by frame without it. */
  readonly framing?: ListenerFraming
}

export interface CollectorOptions {
  readonly listeners: readonly ListenerSpec[]
  readonly store: { readonly type: string; readonly options: Record<string, unknown> }
  readonly retention?: { readonly days?: number; readonly bytes?: number }
  /** Bytes: longest message that is kept whole, and the bound of the collector's memory. */
  readonly limits: { readonly message: number; readonly memory: number }
  readonly sources?: readonly ZoneRule[]
  /** The zone of sources without a rule. */
  readonly zone?: string
  readonly version: string
  /** Threads that compress; 2 by default, 1 where memory is short. */
  readonly blockWorkers?: number
  /** zstd level of a block; 1 by default. */
  readonly level?: number
  /** False: node's own sockets. */
  readonly native?: boolean
}

export interface ListenerStatus {
  readonly name: string
  readonly type: ListenerType
  readonly address: string
  readonly receiveBuffer: number
  readonly native: boolean
  /** Nice value of its thread; 0 where it was not raised above others. */
  readonly nice?: number
  readonly counters: Counters
  /** Drops by the kernel of all runs. */
  readonly kernelDrops: number
}

/** Everything that `pullbox status` tells. */
export interface CollectorStatus extends StoreStatus {
  readonly version: string
  /** Microseconds since 1970. */
  readonly started: number
  readonly now: number
  readonly listenersNow: readonly ListenerStatus[]
  /** Whether received = stored + duplicate + refused + held for every source. */
  readonly balanced: boolean
}

interface Running {
  readonly spec: ListenerSpec
  readonly name: string
  readonly listener: Listener
}

const STOP_MS = 5000
const LOSS_EVERY_MS = 1000
/** Megabytes for young objects in a block thread. */
const YOUNG_MB = 8

/**
 * The collector: listeners, block workers and the store, each in threads of its own. The thread that makes it serves requests
 * and never sees a message. `events`: `synced` (lastSeq, records, when the sync ended) after each sync, `trouble` (code, message), `recovered`,
 * `failed` (error) when a listener ends by itself.
 */
export class Collector {
  readonly events = new EventEmitter()
  readonly options: CollectorOptions
  readonly started: number
  private readonly budget: Budget
  private readonly gateShared: SharedArrayBuffer
  private readonly doorbell = createDoorbell()
  private readonly own: OwnRecords
  private readonly store: StoreThread
  private readonly running: Running[] = []
  private workers: Worker[] = []
  private timer: NodeJS.Timeout | undefined
  private stopping: Promise<StoreStatus> | undefined
  opened: Opened | undefined

  private constructor(options: CollectorOptions) {
    this.options = options
    this.started = Date.now() * 1000
    this.budget = shareOut(options.limits, options.listeners.length, options.blockWorkers)
    this.gateShared = createGate(this.budget.gate)
    this.own = new OwnRecords(this.doorbell)
    const data: StoreWorkerData = {
      type: options.store.type,
      options: options.store.options,
      gate: this.gateShared,
      retention: options.retention ?? {},
      version: options.version,
      sources: this.budget.sources,
    }
    this.store = new StoreThread(data, this.events)
  }

  /** Opens the store, then listens. When anything of it fails, all that was started is stopped and the error is thrown. */
  static async start(options: CollectorOptions): Promise<Collector> {
    const collector = new Collector(options)
    try {
      await collector.open()
      return collector
    } catch (error) {
      await collector.abandon()
      throw error
    }
  }

  private async open(): Promise<void> {
    this.opened = (await this.store.ask({ do: 'open' })) as Opened
    const rings: RingInput[] = [{ ring: this.own.ring, listener: 'pullbox', canWait: true }]
    for (const spec of this.options.listeners) {
      const ring = createRing(this.budget.ring(spec.type), this.doorbell)
      const listener = await startListener(this.listenerOptions(spec, ring, this.opened.sequences))
      const name = `${spec.type} ${listener.address}`
      this.running.push({ spec, name, listener })
      rings.push({ ring, listener: name, canWait: spec.type !== 'udp' && spec.type !== 'unix-datagram' })
    }
    const tables = this.running.map((r) => ({ listener: r.name, table: r.listener.sources.shared.buffer }))
    await this.store.ask({ do: 'tables', tables: [...tables, { listener: 'pullbox', table: this.own.table.shared.buffer }] })
    for (let i = 0; i < this.budget.blockWorkers; i++) await this.startWorker(rings)
    this.noteUncleanStop(this.opened)
    this.timer = setInterval(() => this.noteLoss(), LOSS_EVERY_MS)
  }

  private listenerOptions(spec: ListenerSpec, ring: RingInput['ring'], places: readonly SequencePlace[]) {
    const o = this.options
    return {
      type: spec.type,
      ...(spec.type === 'udp' || spec.type === 'tcp' ? { address: spec.at } : { path: spec.at }),
      ...(spec.receiveBuffer === undefined ? {} : { receiveBuffer: spec.receiveBuffer }),
      ...(spec.framing === undefined ? {} : { framing: spec.framing }),
      ...(o.sources === undefined ? {} : { sources: o.sources }),
      ...(o.zone === undefined ? {} : { zone: o.zone }),
      ...(o.native === undefined ? {} : { native: o.native }),
      ring,
      limits: { message: o.limits.message, memory: this.budget.share, sources: this.budget.sources },
      observer: { module: new URL(`./sequence-observer${extname(import.meta.filename)}`, import.meta.url).href, options: { places } },
      onFailure: (error: unknown) => this.events.emit('failed', error),
    }
  }

  private async startWorker(rings: readonly RingInput[]): Promise<void> {
    const { port1, port2 } = new MessageChannel()
    await this.store.ask({ do: 'attach', port: port1 }, [port1])
    const data: BlockWorkerData = {
      rings,
      doorbell: this.doorbell,
      gate: this.gateShared,
      level: this.options.level ?? 1,
      filterMost: this.budget.filterMost,
      garbage: this.budget.gate / 2,
      store: port2,
    }
    const worker = new Worker(new URL(`./block-worker${extname(import.meta.filename)}`, import.meta.url), {
      workerData: data,
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      name: 'blocks',
    })
    worker.on('error', (error) => this.events.emit('failed', error))
    this.workers.push(worker)
  }

  /** After a stop without order each listener gets a record that says from when to when its messages may be missing (law 3). */
  private noteUncleanStop(opened: Opened): void {
    if (opened.uncleanSince === null || opened.uncleanSince === 0) return
    const records = this.running.map((r) => uncleanStopRecord(r.name, opened.uncleanSince!, this.started, hostname()))
    if (records.length > 0) this.own.write('gap', records, Date.now() * 1000)
  }

  private noteLoss(): void {
    for (const r of this.running)
      this.store.ask({ do: 'loss', listener: r.name, loss: { kernelDrops: r.listener.counters().kernelDrops } }).catch(() => {})
  }

  /** Writes a record that Pullbox says itself; false when its ring is full. */
  audit(records: readonly Uint8Array[]): boolean {
    return this.own.write('audit', records, Date.now() * 1000)
  }

  /** From now on these limits hold; what is beyond them goes at once. */
  async setRetention(retention: NonNullable<CollectorOptions['retention']>): Promise<void> {
    await this.store.ask({ do: 'retention', retention })
  }

  /** Where it listens, in the order of the options. */
  get addresses(): readonly { type: ListenerType; address: string; name: string }[] {
    return this.running.map((r) => ({ type: r.spec.type, address: r.listener.address, name: r.name }))
  }

  async status(): Promise<CollectorStatus> {
    this.noteLoss()
    return this.withListeners((await this.store.ask({ do: 'status' })) as StoreStatus)
  }

  private withListeners(store: StoreStatus): CollectorStatus {
    const listenersNow = this.running.map((r) => ({
      name: r.name,
      type: r.spec.type,
      address: r.listener.address,
      receiveBuffer: r.listener.receiveBuffer,
      native: r.listener.native,
      nice: r.listener.nice,
      counters: r.listener.counters(),
      kernelDrops: store.listeners[r.name]?.kernelDrops ?? 0,
    }))
    const balanced = store.lines.every((line) => line.check === 0)
    return { ...store, version: this.options.version, started: this.started, now: Date.now() * 1000, listenersNow, balanced }
  }

  /**
   * Stops in order: listeners hand over what they hold, blocks are written and synced, the ledger's last checkpoint follows, the
   * store is let go. Bounded in time by {@link STOP_MS} for the listeners and by the disk. Calling it again gives the same promise.
   */
  stop(): Promise<CollectorStatus> {
    this.stopping ??= this.end()
    return this.stopping.then((status) => this.withListeners(status))
  }

  private async end(): Promise<StoreStatus> {
    clearInterval(this.timer)
    await Promise.all(this.running.map((r) => r.listener.stop(STOP_MS)))
    this.noteLoss()
    this.own.close()
    const sequences = this.running.flatMap((r) => (r.listener.observed() ?? []) as SequencePlace[])
    const status = (await this.store.ask({ do: 'close', sequences })) as StoreStatus
    await this.abandon()
    return status
  }

  private async abandon(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all(this.running.map((r) => r.listener.stop(0).catch(() => {})))
    await Promise.all(this.workers.map((worker) => worker.terminate()))
    await this.store.end()
  }
}
