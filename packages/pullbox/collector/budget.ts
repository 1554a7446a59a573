import { BATCH_BYTES, BATCH_RECORDS, batchSize } from '@pullbox/log/record'

import type { ListenerType, RingSize } from '../input/index.ts'
import { ringBytes, SOURCE_KEYS } from '../input/index.ts'

/** Batches of a ring: with more, a longer burst is taken before the sender waits or the kernel drops. */
export const SLOTS_LEAST = 2
export const SLOTS_MOST = 12
/** Batches of a ring for messages that are too long for the others. */
export const LONG_SLOTS = 2
/** Bytes of encoded blocks that may wait for the disk, at most. */
export const GATE_MOST = 32 << 20
/** Memory below which one thread encodes and not two: each holds a batch, its block and what is between. */
export const TWO_WORKERS_FROM = 256 << 20
/** Bytes that a source costs from its listener to the status: its key, its account, what shows it. */
export const SOURCE_COST = 8192
/** Sources that are told apart whatever the memory. */
export const SOURCES_LEAST = 1024

/** Bytes of an arena: what makes a batch full, and room for any datagram and what is said beside it. */
const ARENA_BYTES = BATCH_BYTES + (128 << 10)
/** Room beside a long message for what an observer says. */
const BESIDE_LONG = 64 << 10
const BATCH_USUAL = batchSize(BATCH_RECORDS, ARENA_BYTES)

/** How the memory that the configuration allows is shared out. All sizes in bytes. */
export interface Budget {
  /** Encoded blocks that wait for the disk. */
  readonly gate: number
  readonly blockWorkers: number
  /** Longest arena that filters are built of: the builder's memory is as long, and stays. A block without is always read. */
  readonly filterMost: number
  /** Sources that one listener tells apart, and that the ledger takes over from earlier runs. */
  readonly sources: number
  /** A listener's share; of it, it holds at most a quarter itself: partial frames, or what datagrams are received into. */
  readonly share: number
  /** The ring of a listener. */
  ring(type: ListenerType): RingSize
}

/**
 * Shares out `limits.memory`: a sixteenth for blocks that wait for the disk, an eighth for sources, a quarter for what listeners
 * hold themselves, three eighths for the rings; what encoding takes is left. Each listener has the least that works whatever the
 * memory, so the smallest memory is for two or three.
 */
export function shareOut(limits: { readonly message: number; readonly memory: number }, listeners: number, workers?: number): Budget {
  const { memory, message } = limits
  const n = Math.max(1, listeners)
  const rings = Math.floor((memory * 3) / 8 / n)
  return {
    gate: Math.min(GATE_MOST, Math.floor(memory / 16)),
    blockWorkers: workers ?? (memory < TWO_WORKERS_FROM ? 1 : 2),
    filterMost: memory < TWO_WORKERS_FROM ? 2 * BATCH_BYTES : Number.POSITIVE_INFINITY,
    sources: Math.min(SOURCE_KEYS, Math.max(SOURCES_LEAST, Math.floor(memory / SOURCE_COST))),
    share: Math.floor(memory / n),
    ring(type) {
      const long = type === 'udp' || message + BESIDE_LONG <= ARENA_BYTES ? null : message + BESIDE_LONG
      const base = { slots: 0, records: BATCH_RECORDS, arenaBytes: ARENA_BYTES }
      const two = long === null ? base : { ...base, longSlots: LONG_SLOTS, longBytes: long }
      // One long batch is enough to go on: a second one is for speed alone.
      const size = long === null || ringBytes(two) + SLOTS_LEAST * BATCH_USUAL <= rings ? two : { ...two, longSlots: 1 }
      const slots = Math.floor((rings - ringBytes(size)) / BATCH_USUAL)
      return { ...size, slots: Math.min(SLOTS_MOST, Math.max(SLOTS_LEAST, slots)) }
    },
  }
}
