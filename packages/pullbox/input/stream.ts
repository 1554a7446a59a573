import { once } from 'node:events'
import { createServer } from 'node:net'
import type { ListenOptions, Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { BatchTimer } from './batch-timer.ts'
import { Connection } from './connection.ts'
import { Garbage } from './garbage.ts'
import { readInto } from './socket/read-into.ts'
import type { InputParts } from './task.ts'

/** Bytes read at once, into one buffer for all connections. */
const READ_BYTES = 64 << 10
/** Share of `limits.memory` that the partial frames of all connections may take together. */
const HELD_SHARE = 4
/** Dead buffers of past frames that may lie about: a share of the memory, and the least that is worth a sweep. */
const GARBAGE_SHARE = 16
const GARBAGE_LEAST = 1 << 20
/** After a stop was requested: read on until nothing came for this long, at most this long in all (milliseconds). */
const QUIET_MS = 20
const GRACE_MS = 250
/** Queue of connections that are not accepted yet; the system may cut it. */
const BACKLOG = 4096
/** Silence after which the system asks whether a peer is still there, in milliseconds. */
const KEEPALIVE_MS = 60_000

/**
 * Syslog over connections (RFC 6587, both framings, told apart per frame). Reading stops for all connections while the ring
 * is full, so that senders wait and nothing is dropped. What is held of unfinished frames is bounded per connection by
 * `limits.message` and in all by a share of `limits.memory`; beyond it the connection that holds most is closed and counted,
 * its part given as a damaged record. An end in mid frame gives what came as a record.
 */
export class StreamServer {
  readonly server: Server
  private readonly parts: InputParts
  private readonly sourceOf: (socket: Socket) => number
  private readonly connections = new Set<Connection>()
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  private readonly timer: BatchTimer
  private readonly heldMost: number
  private readonly garbage: Garbage
  private held = 0
  private readAt = 0

  constructor(parts: InputParts, sourceOf: (socket: Socket) => number) {
    this.parts = parts
    this.sourceOf = sourceOf
    this.timer = new BatchTimer(parts.intake)
    this.heldMost = Math.max(parts.task.limits.message, Math.floor(parts.task.limits.memory / HELD_SHARE))
    this.garbage = new Garbage(Math.max(GARBAGE_LEAST, Math.floor(parts.task.limits.memory / GARBAGE_SHARE)))
    this.server = createServer({ pauseOnConnect: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS, noDelay: false }, (socket) =>
      this.accept(socket),
    )
  }

  /** Resolves when it listens; rejects with node's error. */
  async listen(where: ListenOptions): Promise<void> {
    this.server.listen({ ...where, exclusive: true, backlog: BACKLOG })
    await once(this.server, 'listening')
    // Too many open files, a peer that went away before it was accepted: never a reason to end.
    this.server.on('error', () => this.parts.intake.counters.add('connectionsRefused', 1))
  }

  /** Serves until a stop is requested and all is handed over. */
  async run(): Promise<void> {
    const { intake } = this.parts
    await this.timer.stopRequested()
    this.server.close()
    const until = intake.clock.steady() + GRACE_MS
    do await sleep(QUIET_MS)
    while (intake.clock.steady() < until && intake.clock.steady() - this.readAt < QUIET_MS)
    for (const connection of this.connections) connection.close()
    this.timer.close()
    intake.flush()
  }

  private accept(socket: Socket): void {
    const { intake, task } = this.parts
    if (this.connections.size >= task.connections) {
      intake.counters.add('connectionsRefused', 1)
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    intake.counters.add('connectionsTotal', 1)
    const connection = new Connection(intake, this.sourceOf(socket), task.limits.message, this.garbage, task.framing)
    this.connections.add(connection)
    intake.counters.set('connectionsOpen', this.connections.size)
    const reader = readInto(socket, task.native ? this.buffer : undefined, (bytes, length) => this.take(connection, bytes, length))
    connection.socket = reader
    reader.on('error', () => intake.counters.add('connectionsFailed', 1))
    reader.on('close', () => this.closed(connection))
    reader.resume()
  }

  private take(connection: Connection, bytes: Uint8Array, length: number): void {
    this.held -= connection.held
    connection.take(bytes, length)
    this.held += connection.held
    this.readAt = this.parts.intake.clock.steady()
    if (this.held > this.heldMost) this.relieve()
    this.timer.arm()
  }

  private closed(connection: Connection): void {
    if (!this.connections.delete(connection)) return
    this.held -= connection.held
    connection.finish()
    this.parts.intake.counters.set('connectionsOpen', this.connections.size)
    this.timer.arm()
  }

  /** Frees what is not needed now; if that is too little, closes the connection that holds most, until the sum is in its bound. */
  private relieve(): void {
    this.held = 0
    for (const connection of this.connections) {
      connection.release()
      this.held += connection.held
    }
    while (this.held > this.heldMost) {
      let most: Connection | undefined
      for (const connection of this.connections) if (most === undefined || connection.held > most.held) most = connection
      if (most === undefined || most.held === 0) return
      this.parts.intake.counters.add('connectionsOverMemory', 1)
      this.held -= most.held
      most.close()
    }
  }
}
