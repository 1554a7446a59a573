import type { Ledger } from '@pullbox/log/ledger'
import { encodeCheckpoint, REFUSED } from '@pullbox/log/ledger'
import type { Appended, RecordsStore } from '@pullbox/store/records'

import type { Gate } from './gate.ts'
import type { BlockMessage } from './protocol.ts'

/** Bytes of blocks that one append takes at the most: one sync for all of them. */
export const APPEND_BYTES = 4 << 20
/** Milliseconds until a store that could not write is tried again. */
export const RETRY_MS = 1000
/** Milliseconds between checkpoints of the ledger while counts change that no block carries. */
export const CHECKPOINT_MS = 10_000

export interface SettleEvents {
  synced(appended: Appended, records: number): void
  trouble(code: string, message: string): void
  recovered(): void
}

/**
 * Brings blocks to the disk in the order they came and notes in the ledger what became of them: stored after the sync, or
 * refused with the reason. While the store cannot write, blocks of streams wait and all others are refused.
 */
export class Settler {
  private readonly queue: BlockMessage[] = []
  private busy: Promise<void> | null = null
  private retry: NodeJS.Timeout | null = null
  private dirty = false
  private lastCheckpoint: number
  private ended = false
  trouble: { code: string; message: string } | null = null
  rawBlocks = 0
  lastSeq: number
  private readonly store: RecordsStore
  private readonly ledger: Ledger
  private readonly gate: Gate
  private readonly events: SettleEvents
  private readonly now: () => number

  /** `now` in milliseconds since 1970. */
  constructor(store: RecordsStore, ledger: Ledger, gate: Gate, events: SettleEvents, now: () => number) {
    this.store = store
    this.ledger = ledger
    this.gate = gate
    this.events = events
    this.now = now
    this.lastCheckpoint = now()
    this.lastSeq = store.stats().lastSeq
  }

  /** A block has come. */
  push(message: BlockMessage): void {
    if (this.trouble !== null && !message.canWait) {
      this.refuse(message, this.reason())
      return
    }
    this.queue.push(message)
    this.pump()
  }

  private reason(): string {
    return this.trouble?.code === 'STORE_DISK_FULL' ? REFUSED.diskFull : REFUSED.storeFailed
  }

  private refuse(message: BlockMessage, reason: string): void {
    for (const share of message.shares) this.ledger.refused(share.source, reason, share.count)
    this.done(message)
    this.dirty = true
  }

  /** Nobody has the block any more: its memory goes back now, and not when the engine next looks for garbage. */
  private done({ block }: BlockMessage): void {
    this.gate.leave(block.length)
    if (block.length === block.buffer.byteLength) (block.buffer as ArrayBuffer).transfer(0)
  }

  private pump(): void {
    if (this.busy !== null || this.retry !== null || this.queue.length === 0) return
    let bytes = 0
    let taken = 0
    while (taken < this.queue.length && (taken === 0 || bytes < APPEND_BYTES)) bytes += this.queue[taken++].block.length
    const messages = this.queue.splice(0, taken)
    this.busy = this.append(messages).finally(() => {
      this.busy = null
      this.pump()
    })
  }

  private async append(messages: BlockMessage[]): Promise<void> {
    // The store gets a copy of the list, not of the bytes: on failure the blocks are still here to be tried again.
    const blocks = messages.map((m) => m.block)
    try {
      const appended = await this.store.append(blocks)
      this.settled(messages, appended)
    } catch (error) {
      this.failed(messages, error)
    }
  }

  private settled(messages: BlockMessage[], appended: Appended): void {
    let records = 0
    for (const message of messages) {
      if (message.raw) this.rawBlocks++
      for (const share of message.shares) {
        records += share.count
        this.ledger.stored(share.source, share.count, share.lastSeen)
        if (share.host !== '') this.ledger.account(share.source).host = share.host
      }
      for (const gap of message.missing) this.ledger.missing(gap.source, gap.count)
      if (message.missing.length > 0) this.dirty = true
      this.done(message)
    }
    this.lastSeq = Math.max(this.lastSeq, appended.lastSeq)
    this.events.synced(appended, records)
    if (this.trouble === null) return
    this.trouble = null
    this.gate.full = false
    this.events.recovered()
  }

  private failed(messages: BlockMessage[], error: unknown): void {
    const code = (error as { code?: string }).code ?? 'STORE_WRITE_FAILED'
    const message = error instanceof Error ? error.message : String(error)
    const first = this.trouble === null
    this.trouble = { code, message }
    this.gate.full = true
    const wait: BlockMessage[] = []
    for (const m of [...messages, ...this.queue.splice(0)]) {
      if (m.canWait && !this.ended) wait.push(m)
      else this.refuse(m, this.reason())
    }
    this.queue.push(...wait)
    if (first) this.events.trouble(code, message)
    this.retry = setTimeout(() => {
      this.retry = null
      if (this.queue.length > 0) this.pump()
      else this.probe()
    }, RETRY_MS)
  }

  /** Nothing waits that could be tried: asks whether a checkpoint can be written, so that datagrams are taken again. */
  private probe(): void {
    this.busy = this.store
      .append([], { ledger: encodeCheckpoint(this.ledger.checkpoint(this.now() * 1000, false, [])) })
      .then(
        (appended) => this.settled([], appended),
        (error: unknown) => this.failed([], error),
      )
      .finally(() => {
        this.busy = null
        this.pump()
      })
  }

  /** Writes a checkpoint of the ledger when counts changed that no block carries, at most each {@link CHECKPOINT_MS}. */
  tick(): void {
    const now = this.now()
    if (!this.dirty || this.busy !== null || this.retry !== null || now - this.lastCheckpoint < CHECKPOINT_MS) return
    this.lastCheckpoint = now
    this.dirty = false
    this.probe()
  }

  noteChange(): void {
    this.dirty = true
  }

  /** Settles all that has come, waiting for nothing that may never end: what cannot be written now is refused and counted. */
  async finish(): Promise<void> {
    this.ended = true
    if (this.retry !== null) {
      clearTimeout(this.retry)
      this.retry = null
    }
    this.pump()
    while (this.busy !== null) {
      await this.busy
      if (this.retry !== null) {
        clearTimeout(this.retry)
        this.retry = null
      }
    }
  }
}
