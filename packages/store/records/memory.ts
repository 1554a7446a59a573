import { CodedError } from '@pullbox/log/errors'
import type { BlockHeader, BlockRows } from '@pullbox/log/record'
import { BLOCK_KIND, isDamage, readBlockHeader, stampBlock } from '@pullbox/log/record'

import type { BlockRef, Need, Plan, TimeRange, Unreadable, ValueCounts } from '../query/engine/source.ts'
import { CountingReader, countValues, goneBefore, openRows, overlaps, unreadable } from './blocks.ts'
import type {
  Appended,
  AppendOptions,
  Damage,
  Following,
  LedgerSnapshot,
  RecordsSource,
  RecordsStats,
  RecordsStore,
  Retained,
  Retention,
  StoredBlock,
  StoredRecord,
} from './contract.ts'
import { badBlock, storeClosed } from './errors.ts'
import { mayHold } from './requirements.ts'

export interface MemoryOptions {
  /** Most bytes of blocks that are kept; an append beyond it fails with STORE_DISK_FULL. Default: no bound. */
  readonly bytes?: number
  /** Microseconds since 1970. */
  readonly now?: () => number
}

interface Kept {
  readonly header: BlockHeader
  readonly bytes: Uint8Array
}

const DAY = 86_400_000_000

/** Records in memory, for tests and for trying things out: nothing outlives the process. "Synced" means held. */
export class MemoryStore implements RecordsStore {
  private blocks: Kept[] = []
  private nextSeq = 1
  private bytes = 0
  private ledger: { payload: Uint8Array; through: number } | null = null
  private closed = false
  private readonly most: number
  private readonly now: () => number

  constructor(options: MemoryOptions = {}) {
    this.most = options.bytes ?? Number.POSITIVE_INFINITY
    this.now = options.now ?? (() => Date.now() * 1000)
  }

  async append(blocks: Uint8Array[], options: AppendOptions = {}): Promise<Appended> {
    this.check()
    const kept: Uint8Array[] = []
    let bytes = 0
    for (const block of blocks) {
      const h = readBlockHeader(block)
      if (isDamage(h)) throw badBlock(`its header is damaged (${h.damage})`)
      if (h.kind !== BLOCK_KIND.records) throw badBlock(`it is of kind ${h.kind}`)
      if (h.length !== block.length) throw badBlock(`it says ${h.length} bytes and has ${block.length}`)
      if (h.count === 0) continue
      kept.push(block)
      bytes += block.length
    }
    if (this.bytes + bytes > this.most)
      throw new CodedError('STORE_DISK_FULL', `the store in memory may hold ${this.most} bytes`, {
        hint: 'raise store.options.bytes, or set retention',
      })
    const firstSeq = this.nextSeq
    for (const block of kept) this.keep(block)
    if (options.ledger !== undefined) this.ledger = { payload: new Uint8Array(options.ledger), through: this.nextSeq - 1 }
    return { firstSeq, lastSeq: this.nextSeq - 1, bytes, syncedAt: this.now() }
  }

  private keep(given: Uint8Array): void {
    const block = new Uint8Array(given)
    stampBlock(block, { epoch: 1, firstSeq: this.nextSeq })
    const header = readBlockHeader(block) as BlockHeader
    this.blocks.push({ header, bytes: block })
    this.nextSeq += header.count
    this.bytes += block.length
  }

  source(): RecordsSource {
    this.check()
    return {
      plan: (range, need) => this.plan(range, need),
      read: async (ref) => this.read(ref),
      valueCounts: async (ref, field) => this.valueCounts(ref, field),
    }
  }

  private plan(range: TimeRange, need: Need): Plan {
    const blocks = this.blocks
      .filter((b) => overlaps(range, b.header.minTime, b.header.maxTime) && mayHold(need.requirements, readerOf(b)))
      .map(({ header: h }) => ({ id: h.firstSeq, minTime: h.minTime, maxTime: h.maxTime, count: h.count, bytes: h.length }))
    return { blocks, ...goneBefore(range, this.blocks[0]?.header.firstSeq ?? 1, (seq) => this.get(seq)) }
  }

  private read(ref: BlockRef): BlockRows | Unreadable {
    const block = this.blocks[this.find(ref.id as number)]
    if (block !== undefined && block.header.firstSeq === ref.id) return openRows(readerOf(block), '')
    const gone = new CodedError('STORE_SEGMENT_GONE', 'the block is not there any more', {
      hint: 'retention deleted it while the query ran: ask again',
    })
    return { ...unreadable(NOTHING, gone, ''), count: ref.count, minTime: ref.minTime, maxTime: ref.maxTime }
  }

  private valueCounts(ref: BlockRef, field: string): ValueCounts | null {
    const block = this.blocks[this.find(ref.id as number)]
    return block === undefined || block.header.firstSeq !== ref.id ? null : countValues(readerOf(block), field)
  }

  after(seq: number, limit: number): Following {
    this.check()
    const blocks: StoredBlock[] = []
    let next = seq
    let rows = 0
    for (let i = this.find(seq + 1); i < this.blocks.length && rows < limit; i++) {
      const { header } = this.blocks[i]
      const from = Math.max(0, seq + 1 - header.firstSeq)
      blocks.push({ header, rows: readerOf(this.blocks[i]).rows(), from, to: header.count })
      rows += header.count - from
      next = header.firstSeq + header.count - 1
    }
    return { blocks, unreadable: [], next }
  }

  get(seq: number): StoredRecord | null {
    this.check()
    const block = this.blocks[this.find(seq)]
    if (block === undefined || block.header.firstSeq > seq || !Number.isSafeInteger(seq)) return null
    return { seq, header: block.header, rows: readerOf(block).rows(), row: seq - block.header.firstSeq }
  }

  /** Index of the first block that holds a record of this number or a later one. */
  private find(seq: number): number {
    let low = 0
    let high = this.blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { firstSeq, count } = this.blocks[middle].header
      if (firstSeq + count <= seq) low = middle + 1
      else high = middle
    }
    return low
  }

  async retain(limits: Retention): Promise<Retained> {
    this.check()
    let records = 0
    let bytes = 0
    const segments: string[] = []
    while (this.blocks.length > 1) {
      const { header } = this.blocks[0]
      const old = limits.days !== undefined && header.maxReceived < limits.now - limits.days * DAY
      const large = limits.bytes !== undefined && this.bytes > limits.bytes
      const counted = this.ledger === null || header.firstSeq + header.count - 1 <= this.ledger.through
      if (!counted || !(old || large)) break
      this.blocks.shift()
      this.bytes -= header.length
      bytes += header.length
      records += header.count
      segments.push(String(header.firstSeq))
    }
    return { segments, records, bytes }
  }

  stats(): RecordsStats {
    this.check()
    const headers = this.blocks.map((b) => b.header)
    const empty = headers.length === 0
    return {
      records: headers.reduce((n, h) => n + h.count, 0),
      blocks: headers.length,
      bytes: this.bytes,
      segments: headers.length,
      firstSeq: headers[0]?.firstSeq ?? this.nextSeq,
      lastSeq: this.nextSeq - 1,
      minTime: empty ? Number.NaN : headers.reduce((t, h) => Math.min(t, h.minTime), Number.POSITIVE_INFINITY),
      maxTime: empty ? Number.NaN : headers.reduce((t, h) => Math.max(t, h.maxTime), Number.NEGATIVE_INFINITY),
      damages: 0,
      freeBytes: this.most - this.bytes,
    }
  }

  damages(): readonly Damage[] {
    return []
  }

  ledgerSnapshot(): LedgerSnapshot {
    this.check()
    const through = this.ledger?.through ?? 0
    const since = new Map<string, number>()
    for (const block of this.blocks.slice(this.find(through + 1))) {
      for (const [key, n] of readerOf(block).counts('source')) since.set(key, (since.get(key) ?? 0) + n)
    }
    return { base: this.ledger?.payload ?? null, through, since, unreadable: 0 }
  }

  async close(): Promise<void> {
    this.closed = true
  }

  private check(): void {
    if (this.closed) throw storeClosed('memory')
  }
}

const NOTHING = { count: 0, minTime: Number.NaN, maxTime: Number.NaN } as BlockHeader

function readerOf(block: Kept): CountingReader {
  return new CountingReader(block.header, (offset, length) => block.bytes.subarray(offset, offset + length))
}
