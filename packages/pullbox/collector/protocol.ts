import type { MessagePort } from 'node:worker_threads'

import type { AccountLine, ListenerLoss, SequencePlace, Totals } from '@pullbox/log/ledger'
import type { Appended, RecordsStats } from '@pullbox/store/records'

import type { RingShared } from '../input/ring.ts'

// What the collector's threads say to each other. Message bytes travel only as encoded blocks, handed over and not copied.

/** Words of the gate between the block workers and the store: see `gate.ts`. */
export type GateShared = SharedArrayBuffer

/** Where one listener's batches come from. */
export interface RingInput {
  readonly ring: RingShared
  readonly listener: string
  /** True when the sender can be made to wait (streams): then nothing is refused when the disk is full. */
  readonly canWait: boolean
}

export interface BlockWorkerData {
  readonly rings: readonly RingInput[]
  readonly doorbell: SharedArrayBuffer
  readonly gate: GateShared
  /** zstd level of blocks that are not under pressure. */
  readonly level: number
  /** Bytes of an arena beyond which no filters are built. */
  readonly filterMost: number
  /** Bytes of dead buffers that a thread may leave lying. */
  readonly garbage: number
  readonly store: MessagePort
}

/** What a block holds of one source. */
export interface SourceShare {
  readonly source: string
  readonly count: number
  /** Greatest receive time, microseconds. */
  readonly lastSeen: number
  /** Name of the host in its last record, '' when none was sent. */
  readonly host: string
}

/** An encoded block on its way to the store. */
export interface BlockMessage {
  readonly type: 'block'
  readonly block: Uint8Array
  readonly listener: string
  /** The turn of its batch in the listener's ring. */
  readonly turn: number
  readonly canWait: boolean
  readonly raw: boolean
  readonly shares: readonly SourceShare[]
  /** Messages that gap records of this block say are missing. */
  readonly missing: readonly { source: string; count: number }[]
}

/** A batch without records: its turn is over. */
export interface EmptyMessage {
  readonly type: 'empty'
  readonly listener: string
  readonly turn: number
}

export interface StoreWorkerData {
  readonly type: string
  readonly options: Record<string, unknown>
  readonly gate: GateShared
  readonly retention: { days?: number; bytes?: number }
  readonly version: string
  /** Sources of earlier runs whose accounts are kept apart. */
  readonly sources: number
}

/** Asked of the store's thread by the main thread; each has an answer with the same `id`. */
export type StoreRequest =
  | { id: number; do: 'open' }
  | { id: number; do: 'attach'; port: MessagePort }
  | { id: number; do: 'tables'; tables: readonly ListenerTable[] }
  | { id: number; do: 'status' }
  | { id: number; do: 'loss'; listener: string; loss: ListenerLoss }
  | { id: number; do: 'retention'; retention: { days?: number; bytes?: number } }
  | { id: number; do: 'close'; sequences: readonly SequencePlace[] }

/** The counters of one listener that any thread may read. */
export interface ListenerTable {
  readonly listener: string
  readonly table: SharedArrayBuffer
}

export interface Opened {
  readonly stats: RecordsStats
  readonly damages: number
  readonly sequences: readonly SequencePlace[]
  /** When the last run ended without order: microseconds of its last sync; null after an orderly stop or on a new store. */
  readonly uncleanSince: number | null
}

export interface StoreStatus {
  readonly totals: Totals
  readonly lines: readonly AccountLine[]
  readonly listeners: Readonly<Record<string, ListenerLoss>>
  readonly stats: RecordsStats
  /** Blocks that went raw under pressure and stay so. */
  readonly rawBlocks: number
  /** Bytes of blocks that wait for the disk. */
  readonly waitingBytes: number
  /** Code and text of what keeps the store from writing, or null. */
  readonly trouble: { code: string; message: string } | null
}

export type StoreAnswer =
  | { type: 'answer'; id: number; ok: true; value: unknown }
  | { type: 'answer'; id: number; ok: false; code: string; message: string; at: string; hint: string }
  | { type: 'synced'; appended: Appended; records: number }
  | { type: 'trouble'; code: string; message: string }
  | { type: 'recovered' }
