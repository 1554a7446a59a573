import type { Intake } from './intake.ts'
import type { ObserverModule } from './observer.ts'
import type { RingShared } from './ring.ts'
import type { Libc } from './socket/libc.ts'
import type { SourceTableShared } from './source-table.ts'
import type { ZoneRule } from './zones.ts'

export const LISTENER_TYPES = ['udp', 'tcp', 'unix-datagram', 'unix-stream'] as const
/** No datagram of IPv4 or IPv6 without jumbo frames is longer. */
export const LONGEST_DATAGRAM = 65_535
export type ListenerType = (typeof LISTENER_TYPES)[number]

/** How a stream is cut into records: `auto` tells octet counting and lines apart frame by frame. Datagrams are records as they are. */
export type ListenerFraming = 'auto' | 'octet' | 'lf'

/** Everything a listener's thread is told; can be posted. */
export interface ListenerTask {
  type: ListenerType
  /** `[::]:514` for udp and tcp, a path or `@name` for unix. */
  at: string
  ring: RingShared
  table: SourceTableShared
  counters: SharedArrayBuffer
  stop: SharedArrayBuffer
  limits: { message: number; memory: number }
  rules: readonly ZoneRule[]
  zone: string
  receiveBuffer: number
  connections: number
  stamps: 'batch' | 'message'
  native: boolean
  framing: ListenerFraming
  mode: number
  batchMs: number
  warm: boolean
  observer?: ObserverModule
}

/** A listener that is bound, in its own thread. */
export interface Input {
  /** Where it listens, with the port that it got. */
  readonly address: string
  /** Bytes of kernel receive buffer granted; 0 where there is none to speak of. */
  readonly receiveBuffer: number
  /** Whether it reads through the system's own calls; else through node's. */
  readonly native: boolean
  /** Nice value of the thread where it was raised above the others; absent = the process's own. */
  readonly nice?: number
  /** Reads until a stop is requested and everything is in the ring. */
  run(): Promise<void>
}

/** What an input is opened with. `libc` is undefined where native calls cannot or shall not be used. */
export interface InputParts {
  task: ListenerTask
  intake: Intake
  libc: Libc | undefined
}

/** What the thread says to the one that started it. */
export type ListenerMessage =
  | { type: 'listening'; address: string; receiveBuffer: number; native: boolean; nice: number }
  | { type: 'failed'; error: { code: string; message: string; at: string; hint: string } }
  | { type: 'stopped'; observed: unknown }
