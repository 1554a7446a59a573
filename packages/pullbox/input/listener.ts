import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import { CodedError } from '@pullbox/log/errors'

import { SharedCounters } from './counters.ts'
import type { Counters } from './counters.ts'
import { BATCH_MS } from './intake.ts'
import type { ObserverModule } from './observer.ts'
import { RingProducer } from './ring.ts'
import type { RingShared } from './ring.ts'
import { parseEndpoint } from './socket/sockaddr.ts'
import { SourceTable } from './source-table.ts'
import { StopFlag } from './stop-flag.ts'
import type { ListenerFraming, ListenerMessage, ListenerTask, ListenerType } from './task.ts'
import type { ZoneRule } from './zones.ts'

/** Most open connections of a stream listener; further ones are refused and counted. */
export const CONNECTIONS = 10_000
/** Kernel receive buffer that a datagram listener asks for. */
export const RECEIVE_BUFFER = 16 << 20
/** Time that `stop` gives a listener to hand over what it holds. */
export const STOP_MS = 5000
/** Megabytes for young objects in a thread: little garbage is made there, and a small heap is swept sooner. */
const YOUNG_MB = 8
/** What a stop may take longer than its bound before the thread is ended. */
const STOP_SLACK_MS = 2000

export interface ListenerOptions {
  type: ListenerType
  /** For udp and tcp: `[::]:514` (v4 as well), `0.0.0.0:514`; port 0 takes a free one. */
  address?: string
  /** For unix sockets: a path, or `@name` in the abstract name space (datagram, Linux). */
  path?: string
  /** Where batches go; this listener is its one producer and closes it when it ends. */
  ring: RingShared
  limits: {
    /** Most bytes of a message that are kept. */
    message: number
    /** This listener's share of the collector's bound: partial frames, or what datagrams are received into, take a quarter at most. */
    memory: number
    /** Most sources that are told apart; SOURCE_KEYS unless said. */
    sources?: number
  }
  /** Zones of sources; see ZoneRule. */
  sources?: readonly ZoneRule[]
  /** The zone of sources without a rule; UTC. */
  zone?: string
  receiveBuffer?: number
  connections?: number
  /** Whether the receive time is taken once per call or by the kernel per message (costs about 0.1 us each). */
  stamps?: 'batch' | 'message'
  /** False: node's own sockets, also where native calls would work. */
  native?: boolean
  /** Of streams; `auto` by default. */
  framing?: ListenerFraming
  /** Permissions of a unix socket's file. */
  mode?: number
  batchMs?: number
  /** False: udp listens 0.2 s earlier, and drops more if it is opened in the middle of a flood. */
  warm?: boolean
  observer?: ObserverModule
  /** Called when the listener ends without having been asked to. Batches handed on before are good. */
  onFailure?: (error: CodedError) => void
}

/** A running listener, seen from the thread that started it. */
export interface Listener {
  readonly type: ListenerType
  /** Where it listens: with the port that it got, or the path. */
  readonly address: string
  /** Bytes of kernel receive buffer granted; 0 for streams. */
  readonly receiveBuffer: number
  readonly native: boolean
  /** Nice value of its thread: below 0 where the system let it go before others (root or CAP_SYS_NICE), else 0. */
  readonly nice: number
  /** What each source has sent; see SourceTable. */
  readonly sources: SourceTable
  /** All counters now. */
  counters(): Counters
  /**
   * Stops reading (after what the kernel still holds, within a bound), hands over partial frames and the open batch, closes
   * the ring. Resolves when all is handed over, at the latest after `boundMs` and a little; what a full ring did not take by
   * then is counted as `abandoned`. A thread that hangs is ended by force: what its open batch held stays counted as received
   * and never comes. Calling it again gives the same promise.
   */
  stop(boundMs?: number): Promise<void>
  /** After an orderly stop: what the observer's `places` gave; undefined before it, and without an observer. */
  observed(): unknown
}

/**
 * Starts a listener in a thread of its own; resolves when it listens. Rejects with CodedError: INPUT_PORT_IN_USE,
 * INPUT_PATH_IN_USE, INPUT_NO_RIGHTS, INPUT_BAD_ADDRESS, INPUT_NEEDS_NATIVE, INPUT_RING_TOO_SMALL, and what a bad zone rule gives.
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const at = options.type === 'udp' || options.type === 'tcp' ? options.address : options.path
  if (at === undefined)
    throw new CodedError(
      'INPUT_BAD_ADDRESS',
      `a ${options.type} listener needs ${options.type.startsWith('unix') ? 'a path' : 'an address'}`,
    )
  if (options.type === 'udp' || options.type === 'tcp') parseEndpoint(at)
  const handle = new ListenerThread(options, at)
  await handle.started
  return handle
}

class ListenerThread implements Listener {
  readonly type: ListenerType
  readonly sources: SourceTable
  readonly started: Promise<void>
  address = ''
  receiveBuffer = 0
  native = false
  nice = 0
  private readonly cells = new SharedCounters()
  private readonly flag = new StopFlag()
  private readonly worker: Worker
  private readonly exited: Promise<void>
  private readonly options: ListenerOptions
  private failure: CodedError | undefined
  private stopping: Promise<void> | undefined
  private running = false
  private places: unknown

  constructor(options: ListenerOptions, at: string) {
    this.type = options.type
    this.options = options
    this.sources = SourceTable.create(options.limits.sources)
    this.worker = new Worker(new URL(`./listener-worker${extname(import.meta.filename)}`, import.meta.url), {
      name: `input ${options.type} ${at}`,
      workerData: this.task(at),
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    this.exited = new Promise((resolve) => this.worker.once('exit', () => resolve()))
    this.started = new Promise((resolve, reject) => {
      this.worker.on('message', (message: ListenerMessage) => this.hear(message, resolve))
      this.worker.on('error', (error) => (this.failure ??= asFailure(error)))
      this.worker.once('exit', () => this.ended(reject))
    })
  }

  counters(): Counters {
    return this.cells.read()
  }

  stop(boundMs = STOP_MS): Promise<void> {
    this.stopping ??= this.end(boundMs)
    return this.stopping
  }

  observed(): unknown {
    return this.places
  }

  private async end(boundMs: number): Promise<void> {
    this.flag.request(boundMs)
    const timer = setTimeout(() => void this.worker.terminate(), boundMs + STOP_SLACK_MS)
    await this.exited
    clearTimeout(timer)
  }

  private hear(message: ListenerMessage, listening: () => void): void {
    if (message.type === 'listening') {
      this.address = message.address
      this.receiveBuffer = message.receiveBuffer
      this.native = message.native
      this.nice = message.nice
      this.running = true
      listening()
    } else if (message.type === 'failed') {
      const { code, message: text, at, hint } = message.error
      this.failure ??= new CodedError(code, text, { at, hint })
    } else {
      this.places = message.observed
    }
  }

  private ended(reject: (error: CodedError) => void): void {
    // A thread that died did not close its ring; consumers must not wait for it.
    new RingProducer(this.options.ring).close()
    if (this.running && this.stopping !== undefined && this.failure === undefined) return
    const failure = this.failure ?? new CodedError('INPUT_FAILED', `the ${this.type} listener ended by itself`)
    if (this.running) this.options.onFailure?.(failure)
    else reject(failure)
  }

  private task(at: string): ListenerTask {
    const o = this.options
    return {
      type: o.type,
      at,
      ring: o.ring,
      table: this.sources.shared,
      counters: this.cells.buffer,
      stop: this.flag.buffer,
      limits: o.limits,
      rules: o.sources ?? [],
      zone: o.zone ?? 'UTC',
      receiveBuffer: o.receiveBuffer ?? RECEIVE_BUFFER,
      connections: o.connections ?? CONNECTIONS,
      stamps: o.stamps ?? 'batch',
      native: o.native ?? true,
      framing: o.framing ?? 'auto',
      mode: o.mode ?? 0o666,
      batchMs: o.batchMs ?? BATCH_MS,
      warm: o.warm ?? true,
      observer: o.observer,
    }
  }
}

function asFailure(error: unknown): CodedError {
  return new CodedError('INPUT_FAILED', `the listener's thread failed: ${(error as Error)?.message ?? String(error)}`, { cause: error })
}
