import { FLAG } from '@pullbox/log/wire'

import type { Intake } from './intake.ts'
import type { DatagramSocket } from './socket/datagram-socket.ts'
import { errnoName } from './socket/failure.ts'
import type { MessageVector } from './socket/vector.ts'
import { STOP_LOOK_MS } from './stop-flag.ts'

/** How long a receiver sleeps when a call brought less than half of what it could: fewer wake-ups, fuller calls. */
const NAP_MS = 0.5
/** Milliseconds between two looks at the kernel's drop counter. */
const DROPS_MS = 100
/** Most calls after a stop was requested: enough for any queue, and an end where a unix socket's senders cannot be kept out. */
const LAST_CALLS = 4096

export interface DatagramLoop {
  socket: DatagramSocket
  vector: MessageVector
  intake: Intake
  /** Most messages of one call. */
  count: number
  /** Whether to nap; never on a unix socket, whose queue is short and whose senders block. */
  nap: boolean
  /** The source of message `i` of the last call. */
  source: (i: number) => number
}

/**
 * Receives datagrams until a stop is requested, then what is still queued. Blocks the thread; looks at the stop flag at least
 * every {@link STOP_LOOK_MS}. A datagram that was longer than what is kept is marked truncated with its true length; an empty
 * one is a message.
 */
export function receiveDatagrams(loop: DatagramLoop): void {
  const { socket, vector, intake } = loop
  let looked = Number.NEGATIVE_INFINITY
  while (!intake.stop.requested()) {
    const n = vector.receive(socket.fd)
    if (n > 0) {
      take(loop, n)
      intake.tick()
      if (loop.nap && n < loop.count / 2) intake.stop.sleep(NAP_MS)
    } else {
      pause(loop, n)
    }
    const now = intake.clock.steady()
    if (now - looked < DROPS_MS) continue
    looked = now
    countDrops(loop)
  }
  drain(loop)
}

/** Nothing to read: waits for the next datagram, at most until the open batch is due. */
function pause(loop: DatagramLoop, result: number): void {
  const { intake } = loop
  const reason = errnoName(result)
  if (reason === 'ENOMEM' || reason === 'ENOBUFS') intake.stop.sleep(NAP_MS)
  else if (result < 0 && reason !== 'EAGAIN' && reason !== 'EINTR' && reason !== 'ECONNREFUSED') throw new Error(`recvmmsg: ${reason}`)
  loop.socket.wait(Math.min(STOP_LOOK_MS, intake.dueIn()))
  intake.tick()
}

function take(loop: DatagramLoop, n: number): void {
  const { vector, intake } = loop
  const { bytes, stride } = vector
  const now = intake.clock.micros()
  for (let i = 0; i < n; i++) {
    const total = vector.total(i)
    const stamp = vector.stamp(i)
    const received = stamp === stamp ? stamp : now
    const source = loop.source(i)
    if (vector.inSlot(i)) {
      intake.append(bytes, i * stride, i * stride + total, source, received, 0, total)
      continue
    }
    const whole = vector.gather(i)
    intake.append(whole, 0, whole.length, source, received, whole.length < total ? FLAG.truncated : 0, total)
  }
  vector.renew(n)
}

/** The last of the queue. New datagrams are kept out (and counted as dropped), or a flood would never end. */
function drain(loop: DatagramLoop): void {
  const { socket, vector, intake } = loop
  if (loop.nap) socket.shut()
  // Past the bound of the stop a full ring takes nothing more: then this counts what is given up.
  for (let calls = 0; calls < LAST_CALLS; calls++) {
    const n = vector.receive(socket.fd)
    if (n <= 0) break
    take(loop, n)
  }
  intake.flush()
  countDrops(loop)
}

function countDrops(loop: DatagramLoop): void {
  const drops = loop.socket.drops()
  if (drops !== undefined) loop.intake.counters.set('kernelDrops', drops)
}
