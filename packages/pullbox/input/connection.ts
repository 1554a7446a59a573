import type { Socket } from 'node:net'

import { FLAG, Framer } from '@pullbox/log/wire'

import type { Garbage } from './garbage.ts'
import type { Intake } from './intake.ts'
import type { ListenerFraming } from './task.ts'

/** Room for unfinished frames that a connection keeps when it has none; a larger one is given back. */
const KEPT_ROOM = 64 << 10

/** One connection: its framer, and where its messages come from. */
export class Connection {
  socket: Socket | undefined
  private readonly intake: Intake
  private readonly source: number
  private readonly message: number
  private readonly garbage: Garbage
  private readonly mode: ListenerFraming
  private framer: Framer
  /** Bytes that the framer's own buffer takes, as far as that can be seen. */
  private room = 0
  /** Bytes given to this framer. */
  private pushed = 0
  private chunk: Uint8Array | undefined
  private counted = false
  private received = 0
  private done = false

  constructor(intake: Intake, source: number, message: number, garbage: Garbage, mode: ListenerFraming) {
    this.garbage = garbage
    this.intake = intake
    this.source = source
    this.message = message
    this.mode = mode
    this.framer = new Framer({ limit: message, mode })
  }

  /** Bytes of memory that it holds on to for unfinished frames, past ones included. */
  get held(): number {
    return this.room
  }

  /** Takes `bytes[0..length]`, which is not kept: the frames in it go to the intake, a rest is copied. */
  take(bytes: Uint8Array, length: number): void {
    if (this.done) return
    const { framer } = this
    this.received = this.intake.clock.micros()
    this.chunk = bytes
    framer.push(bytes, 0, length, this.frame)
    this.chunk = undefined
    this.pushed += length
    // A buffer that has to grow doubles.
    if (framer.held > this.room) this.room = Math.min(2 * framer.held, this.message)
    // Behind a counted frame the framer knows more than a new one would: then only when memory is short.
    if (this.room > KEPT_ROOM && !this.counted) this.release()
  }

  /** Between two frames: gives the memory back. */
  release(): void {
    if (this.done || this.room === 0 || this.framer.settled !== this.pushed) return
    this.framer = new Framer({ limit: this.message, mode: this.mode })
    // A buffer that grew by doubling leaves as much behind again.
    this.garbage.add(2 * this.room)
    this.room = this.pushed = 0
  }

  /** The end of the stream: an unfinished frame becomes a record. */
  finish(): void {
    if (this.done) return
    this.received = this.intake.clock.micros()
    this.framer.end(this.frame)
    this.done = true
    this.garbage.add(2 * this.room)
    this.room = 0
  }

  /** Ends the connection from this side. */
  close(): void {
    this.finish()
    this.socket?.destroy()
  }

  private readonly frame = (bytes: Uint8Array, start: number, end: number, flags: number, total: number): void => {
    if (bytes !== this.chunk && bytes.length > this.room) this.room = bytes.length
    this.counted = (flags & FLAG.octetCounted) !== 0
    this.intake.append(bytes, start, end, this.source, this.received, flags, total)
  }
}
