import type {
  Damage,
  Following,
  LedgerSnapshot,
  Place,
  RecordsReader,
  RecordsSource,
  RecordsStats,
  Span,
  StoredRecord,
} from '../contract.ts'
import type { Need, TimeRange, Unreadable } from '../../query/engine/source.ts'
import type { Disk } from '../disk.ts'
import { readWhole } from '../disk.ts'
import { nodeDisk } from '../disk-node.ts'
import { CodedError } from '@pullbox/log/errors'
import { Catalogue } from './catalogue.ts'
import { newerVersion, parseFormat, SEGMENT_VERSION } from './format.ts'
import type { Places, SegmentName } from './names.ts'
import { placesOf, segmentsIn } from './names.ts'
import { readClosed } from './recovery.ts'
import { placeOf } from './spans.ts'
import { openError, storePath } from './store.ts'
import { SegmentsView } from './view.ts'
import type { Leftover } from './walk.ts'
import { Walk } from './walk.ts'

export interface ReaderOptions {
  readonly path: string
  /** The last record number that may be shown: what the collector says is synced. Without it, all whole blocks are shown. */
  readonly bound?: number
  /** Takes the word of the catalogues' files for closed segments, instead of reading the headers in them. Damage that came later shows when a block is read. */
  readonly catalogues?: boolean
  readonly disk?: Disk
}

/**
 * Reads a store that a collector may be writing at the same time, in this process or another. It sees whole blocks only. Takes no
 * lock and changes nothing. Throws STORE_BAD_PATH or STORE_NEWER_VERSION.
 */
export class SegmentsReader implements RecordsReader {
  private readonly disk: Disk
  private readonly places: Places
  private readonly view: SegmentsView
  private bound: number
  private readonly trusting: boolean
  /** How long the last segment was when it was last looked at: a torn end is not read again and again. */
  private lastSize = -1
  /** Bytes at the end of the last segment that are no block: a write under way, or what one left behind. */
  leftover: Leftover | null = null

  constructor(options: ReaderOptions) {
    this.disk = options.disk ?? nodeDisk
    this.places = placesOf(storePath(options.path))
    this.view = new SegmentsView(this.disk, this.places)
    this.trusting = options.catalogues === true
    this.bound = options.bound ?? Number.POSITIVE_INFINITY
    this.checkFormat()
    this.refresh()
  }

  private checkFormat(): void {
    try {
      const version = parseFormat(readWhole(this.disk, this.places.format, 4096))
      if (version !== null && version > SEGMENT_VERSION) throw newerVersion(this.places.format, version)
    } catch (error) {
      if (error instanceof CodedError) throw error
      if (this.disk.exists(this.places.segments)) return
      if (!this.disk.exists(this.places.root) || this.disk.list(this.places.root).length > 0) {
        throw new CodedError('STORE_BAD_PATH', 'there is no store at this path', {
          at: this.places.root,
          hint: 'check store.options.path',
          cause: error,
        })
      }
    }
  }

  /** Takes in what was written, rolled and deleted since; `bound` moves the last record that may be shown. */
  refresh(bound?: number): void {
    if (bound !== undefined && bound !== this.bound) {
      this.bound = bound
      this.lastSize = -1
    }
    const names = this.names().filter((name) => name.firstSeq <= this.bound)
    const known = new Map(this.view.catalogues.map((c) => [c.segment.name, c]))
    const formerLast = this.view.catalogues.at(-1)
    const catalogues: Catalogue[] = []
    names.forEach((name, i) => {
      const c = known.get(name.name)
      known.delete(name.name)
      try {
        if (i + 1 === names.length) catalogues.push(this.readLast(name, c))
        else
          catalogues.push(
            c !== undefined && c !== formerLast ? c : readClosed(this.disk, this.places, name, names[i + 1].firstSeq, this.trusting),
          )
      } catch (error) {
        // Deleted by retention between the listing and now.
        if ((error as { code?: string }).code !== 'ENOENT') throw error
      }
    })
    for (const gone of known.keys()) this.view.forget(gone)
    this.view.catalogues = catalogues
  }

  private names(): SegmentName[] {
    if (!this.disk.exists(this.places.segments)) return []
    try {
      return segmentsIn(this.disk.list(this.places.segments))
    } catch (error) {
      throw openError(error, this.places.root)
    }
  }

  private readLast(name: SegmentName, known: Catalogue | undefined): Catalogue {
    const file = this.disk.open(`${this.places.segments}/${name.name}`, 'read')
    try {
      const size = file.size()
      // Shorter than what was seen: a write without room was taken back, so all is read again.
      const c = known !== undefined && size >= known.end ? known : new Catalogue(name)
      if (c === known && size === this.lastSize) return c
      this.lastSize = size
      this.leftover = new Walk(file, c, { bound: this.bound, before: Number.POSITIVE_INFINITY }).run()
      return c
    } finally {
      file.close()
    }
  }

  /** What is known of each segment, in write order. */
  get catalogues(): readonly Catalogue[] {
    return this.view.catalogues
  }

  source(): RecordsSource {
    return this.view
  }

  after(seq: number, limit: number): Following {
    return this.view.after(seq, limit)
  }

  spans(seq: number, direction: 'after' | 'before', range: TimeRange, need: Need): Iterable<Span> {
    return this.view.spans(seq, direction, range, need)
  }

  place(seq: number): Place | null {
    return placeOf(this.catalogues, seq)
  }

  get firstSeq(): number {
    return this.catalogues[0]?.segment.firstSeq ?? 1
  }

  get lastSeq(): number {
    return (this.catalogues.at(-1)?.nextSeq ?? 1) - 1
  }

  get(seq: number): StoredRecord | Unreadable | null {
    return this.view.get(seq)
  }

  stats(): RecordsStats {
    return this.view.stats()
  }

  damages(): readonly Damage[] {
    return this.view.damages()
  }

  ledgerSnapshot(): LedgerSnapshot {
    return this.view.ledgerSnapshot()
  }

  async close(): Promise<void> {
    await this.view.close()
  }
}
