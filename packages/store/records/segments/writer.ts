import type { BlockHeader } from '@pullbox/log/record'
import { BLOCK_KIND, encodeLedgerBlock, isDamage, readBlockHeader, stampBlock } from '@pullbox/log/record'

import type { Appended, AppendOptions, Checkpoint } from '../contract.ts'
import type { Disk, DiskFile } from '../disk.ts'
import { writeAll } from '../disk.ts'
import { badBlock, isFull, storeClosed, writeError } from '../errors.ts'
import { Catalogue } from './catalogue.ts'
import type { GoodMark } from './format.ts'
import { encodeCheckpoint, encodeMark, encodeSegmentHeader, MARK_BYTES } from './format.ts'
import type { Places } from './names.ts'
import { segmentName } from './names.ts'
import { SEGMENT_LIMIT } from './walk.ts'

export interface WriterOptions {
  /** A segment is closed when it would grow beyond this. */
  readonly segmentBytes: number
  /** Most bytes that share one sync, unless one append alone is larger. */
  readonly groupBytes: number
  /** Microseconds since 1970. */
  readonly now: () => number
  /** A random whole number, 1 .. 2^32 - 1. */
  readonly randomEpoch: () => number
  /** Called when a segment is begun; the account is written at its start, so that totals outlive the segments before it. */
  readonly checkpoint?: () => Checkpoint | null
  /** Hears of a segment when it is full and another one is begun. */
  readonly onClosed?: (catalogue: Catalogue) => void
}

interface Job {
  readonly blocks: readonly Uint8Array[]
  readonly headers: readonly BlockHeader[]
  readonly ledger: Uint8Array | undefined
  readonly bytes: number
  /** How many appends had failed when this one was called. */
  readonly failures: number
  readonly resolve: (done: Appended) => void
  readonly reject: (error: unknown) => void
}

interface Segment {
  readonly file: DiskFile
  readonly catalogue: Catalogue
  /** Nothing in it is synced yet, and neither is its name. */
  fresh: boolean
}

interface Placed {
  readonly at: number
  readonly header: BlockHeader
}

/** One group of appends as it is laid out in a segment. */
interface Layout {
  readonly pieces: Uint8Array[]
  readonly placed: Placed[]
  readonly done: Appended[]
  readonly nextSeq: number
}

/** Puts blocks into segments: one write and one sync for all appends that wait, one group after another. */
export class SegmentWriter {
  nextSeq: number
  private segment: Segment | null = null
  private readonly disk: Disk
  private readonly places: Places
  private readonly options: WriterOptions
  private readonly onSegment: (catalogue: Catalogue) => void
  private readonly queue: Job[] = []
  private running: Promise<void> | null = null
  private failures = 0
  private closed = false

  /** `onSegment` hears of a segment when its first blocks are synced. */
  constructor(disk: Disk, places: Places, options: WriterOptions, nextSeq: number, onSegment: (catalogue: Catalogue) => void) {
    this.disk = disk
    this.places = places
    this.options = options
    this.nextSeq = nextSeq
    this.onSegment = onSegment
  }

  /** Goes on in a segment that was found at opening. */
  resume(file: DiskFile, catalogue: Catalogue): void {
    this.segment = { file, catalogue, fresh: false }
  }

  /** The segment being written, if its blocks are synced. */
  get active(): Catalogue | null {
    return this.segment === null || this.segment.fresh ? null : this.segment.catalogue
  }

  append(blocks: readonly Uint8Array[], options: AppendOptions): Promise<Appended> {
    if (this.closed) return Promise.reject(storeClosed(this.places.root))
    const kept: Uint8Array[] = []
    const headers: BlockHeader[] = []
    let bytes = options.ledger === undefined ? 0 : options.ledger.length
    for (const block of blocks) {
      const h = readBlockHeader(block)
      const why = blockFault(block, h)
      if (why !== null) return Promise.reject(badBlock(why))
      if ((h as BlockHeader).count === 0) continue
      kept.push(block)
      headers.push(h as BlockHeader)
      bytes += block.length
    }
    if (bytes > SEGMENT_LIMIT / 4) return Promise.reject(badBlock(`${bytes} bytes in one append; at most ${SEGMENT_LIMIT >>> 2}`))
    return new Promise((resolve, reject) => {
      this.queue.push({ blocks: kept, headers, ledger: options.ledger, bytes, failures: this.failures, resolve, reject })
      this.running ??= this.run()
    })
  }

  /** Waits for all appends, then closes the segment; how far it is good, when there is one. */
  async close(): Promise<GoodMark | null> {
    this.closed = true
    while (this.running !== null) await this.running
    const active = this.active
    this.segment?.file.close()
    this.segment = null
    return active === null ? null : { segment: active.segment.name, size: active.end, nextSeq: active.nextSeq }
  }

  private async run(): Promise<void> {
    // Appends of the same turn share the first sync.
    await Promise.resolve()
    while (this.queue.length > 0) {
      const group = this.takeGroup()
      try {
        await this.commit(group)
      } catch (error) {
        this.failures++
        const coded = writeError(error, this.places.root)
        for (const job of group) job.reject(coded)
      }
    }
    this.running = null
  }

  private takeGroup(): Job[] {
    const room = this.segment === null ? this.options.segmentBytes : this.options.segmentBytes - this.segment.catalogue.end
    let bytes = 0
    let n = 0
    while (n < this.queue.length) {
      const more = bytes + this.queue[n].bytes
      if (n > 0 && (more > this.options.groupBytes || more > room)) break
      bytes = more
      n++
    }
    return this.queue.splice(0, n)
  }

  private async commit(group: readonly Job[]): Promise<void> {
    // Appends of nothing wait for their turn, and make no segment.
    if (group.every((job) => job.blocks.length === 0 && job.ledger === undefined)) {
      return this.settle(group, { pieces: [], placed: [], done: group.map(() => this.nothing()), nextSeq: this.nextSeq })
    }
    const bytes = group.reduce((n, job) => n + job.bytes, 0)
    const before = this.segment
    if (before !== null && before.catalogue.blocks > 0 && before.catalogue.end + bytes > this.options.segmentBytes) this.leave(before)
    try {
      await this.write(group)
    } catch (error) {
      if (isFull(error) || this.segment !== null) throw error
      // The segment was given up: what is not synced is written once more, into a new one.
      await this.write(group)
    }
  }

  private async write(group: readonly Job[]): Promise<void> {
    const segment = this.segment ?? this.begin()
    const layout = this.lay(group, segment)
    await this.put(segment, layout.pieces)
    await this.sync(segment)
    if (!segment.fresh) segment.catalogue.mark(segment.catalogue.end, this.nextSeq)
    for (const { at, header } of layout.placed) segment.catalogue.add(at, header)
    if (segment.fresh) {
      segment.fresh = false
      this.onSegment(segment.catalogue)
    }
    this.settle(group, layout)
  }

  private nothing(): Appended {
    return { firstSeq: this.nextSeq, lastSeq: this.nextSeq - 1, bytes: 0, syncedAt: 0 }
  }

  private settle(group: readonly Job[], layout: Layout): void {
    const syncedAt = this.options.now()
    this.nextSeq = layout.nextSeq
    group.forEach((job, i) => job.resolve({ ...layout.done[i], syncedAt }))
  }

  /** Numbers the records and says where each block comes to lie. */
  private lay(group: readonly Job[], segment: Segment): Layout {
    const { epoch, segment: name, end } = segment.catalogue
    const out: Layout = { pieces: [], placed: [], done: [], nextSeq: this.nextSeq }
    let seq = this.nextSeq
    let at = end
    const put = (block: Uint8Array) => {
      stampBlock(block, { epoch, firstSeq: seq })
      const header = readBlockHeader(block)
      if (isDamage(header)) throw badBlock('it was changed while it was being appended')
      out.pieces.push(block)
      out.placed.push({ at, header })
      at += block.length
      seq += header.count
    }
    const putLedger = (through: number, payload: Uint8Array) =>
      put(encodeLedgerBlock(encodeCheckpoint(through, payload), this.options.now()))
    if (segment.fresh) {
      out.pieces.push(encodeSegmentHeader({ firstSeq: name.firstSeq, epoch, created: this.options.now() }))
      const checkpoint = this.options.checkpoint?.() ?? null
      if (checkpoint !== null) putLedger(checkpoint.through, checkpoint.payload)
    } else {
      out.pieces.push(encodeMark({ epoch, at, nextSeq: seq }))
      at += MARK_BYTES
    }
    for (const job of group) {
      const first = seq
      const from = at
      for (const block of job.blocks) put(block)
      if (job.ledger !== undefined && job.failures === this.failures) putLedger(seq - 1, job.ledger)
      out.done.push({ firstSeq: first, lastSeq: seq - 1, bytes: at - from, syncedAt: 0 })
    }
    return { ...out, nextSeq: seq }
  }

  private begin(): Segment {
    for (let again = 0; ; again++) {
      const name = segmentName(this.nextSeq, again)
      const path = `${this.places.segments}/${name}`
      if (this.disk.exists(path)) continue
      const file = this.disk.open(path, 'create')
      const catalogue = new Catalogue({ name, firstSeq: this.nextSeq, again })
      catalogue.epoch = this.options.randomEpoch()
      this.segment = { file, catalogue, fresh: true }
      return this.segment
    }
  }

  private leave(segment: Segment): void {
    segment.catalogue.seal()
    segment.file.close()
    this.segment = null
    this.options.onClosed?.(segment.catalogue)
  }

  private async put(segment: Segment, pieces: readonly Uint8Array[]): Promise<void> {
    const { file, catalogue, fresh } = segment
    try {
      await writeAll(file, pieces, fresh ? 0 : catalogue.end)
    } catch (error) {
      if (fresh || !isFull(error) || !(await takenBack(file, catalogue.end))) await this.giveUp(segment)
      throw error
    }
  }

  private async sync(segment: Segment): Promise<void> {
    try {
      await segment.file.datasync()
      if (segment.fresh) await this.disk.syncDirectory(this.places.segments)
    } catch (error) {
      await this.giveUp(segment)
      throw error
    }
  }

  /**
   * Leaves a segment at what was synced before: after a failed sync nobody knows what is on the device, and asking again may
   * answer "yes" for what is lost.
   */
  private async giveUp(segment: Segment): Promise<void> {
    const { file, catalogue, fresh } = segment
    this.segment = null
    try {
      await file.truncate(fresh ? 0 : catalogue.end)
    } catch {
      // What stays there has numbers of the next segment, and counts for nothing once that one is synced.
    }
    file.close()
    if (!fresh) return catalogue.seal()
    try {
      await this.disk.unlink(`${this.places.segments}/${catalogue.segment.name}`)
      await this.disk.syncDirectory(this.places.segments)
    } catch {
      // Then the next segment of this number gets another name.
    }
  }
}

/** Cuts off what a write without room left; false when that can't be synced. */
async function takenBack(file: DiskFile, end: number): Promise<boolean> {
  try {
    await file.truncate(end)
    await file.datasync()
    return true
  } catch {
    return false
  }
}

function blockFault(block: Uint8Array, h: ReturnType<typeof readBlockHeader>): string | null {
  if (isDamage(h)) return `its header is damaged (${h.damage})`
  if (h.kind !== BLOCK_KIND.records) return `it is of kind ${h.kind}`
  if (h.length !== block.length) return `it says ${h.length} bytes and has ${block.length}`
  return h.length < h.headerLength || h.count > 0xffffff ? 'its header makes no sense' : null
}
