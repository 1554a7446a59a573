import type { Socket } from 'node:net'

import { Framer } from '@pullbox/log/wire'

import type { Intake } from './intake.ts'

/** One connection: its framer, and where its messages come from. */
export class Connection {
  socket: Socket | undefined
  private readonly intake: Intake
  private readonly source: number
  private readonly framer: Framer
  private received = 0
  private done = false

  constructor(intake: Intake, source: number, message: number) {
    this.intake = intake
    this.source = source
    this.framer = new Framer({ limit: message })
  }

  /** Bytes of an unfinished frame that are kept. */
  get held(): number {
    return this.done ? 0 : this.framer.held
  }

  /** Takes `bytes[0..length]`, which is not kept: the frames in it go to the intake, a rest is copied. */
  take(bytes: Uint8Array, length: number): void {
    if (this.done) return
    this.received = this.intake.clock.micros()
    this.framer.push(bytes, 0, length, this.frame)
  }

  /** The end of the stream: an unfinished frame becomes a record. */
  finish(): void {
    if (this.done) return
    this.received = this.intake.clock.micros()
    this.framer.end(this.frame)
    this.done = true
  }

  /** Ends the connection from this side. */
  close(): void {
    this.finish()
    this.socket?.destroy()
  }

  private readonly frame = (bytes: Uint8Array, start: number, end: number, flags: number, total: number): void => {
    this.intake.append(bytes, start, end, this.source, this.received, flags, total)
  }
}
