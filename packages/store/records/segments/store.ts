import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'

import { CodedError } from '@pullbox/log/errors'

import type {
  Appended,
  AppendOptions,
  Checkpoint,
  Damage,
  Following,
  LedgerSnapshot,
  RecordsSource,
  RecordsStats,
  RecordsStore,
  Retained,
  Retention,
  StoredRecord,
} from '../contract.ts'
import type { Disk, DiskLock } from '../disk.ts'
import { codeOf, ensureDirectory, replaceFile } from '../disk.ts'
import { nodeDisk } from '../disk-node.ts'
import { isFull, storeClosed, writeError } from '../errors.ts'
import type { Unreadable } from '../../query/engine/source.ts'
import type { Catalogue } from './catalogue.ts'
import { goneText, goodText } from './format.ts'
import { lockStore } from './lock.ts'
import type { Places } from './names.ts'
import { placesOf } from './names.ts'
import type { Recovered } from './recovery.ts'
import { prepareDirectory, recover } from './recovery.ts'
import { beyondLimits, removeSegments } from './retention.ts'
import { writeCatalogue } from './catalogue-file.ts'
import { SegmentsView } from './view.ts'
import { SegmentWriter } from './writer.ts'

const MEBIBYTE = 1 << 20

export interface SegmentsOptions {
  /** The store's directory; made when it is missing. */
  readonly path: string
  /** Bytes at which a segment is closed; 4 KiB .. 1 GiB, default 256 MiB. */
  readonly segmentBytes?: number
  /** Most bytes that share one sync; default 8 MiB. */
  readonly groupBytes?: number
  /** Called when a segment is begun: the account at this moment, written at its start. */
  readonly checkpoint?: () => Checkpoint | null
  readonly disk?: Disk
  /** Microseconds since 1970. */
  readonly now?: () => number
  /** A random whole number, 1 .. 2^32 - 1. */
  readonly randomEpoch?: () => number
}

/**
 * Opens the directory for writing, after whatever stopped the last writer. Torn writes are moved to `damaged/` and named by
 * `damages()`. Throws STORE_LOCKED, STORE_NEWER_VERSION, STORE_BAD_PATH, STORE_READ_ONLY, STORE_DISK_FULL or STORE_WRITE_FAILED.
 */
export async function openSegments(options: SegmentsOptions): Promise<SegmentsStore> {
  const disk = options.disk ?? nodeDisk
  const places = placesOf(storePath(options.path))
  let lock: DiskLock | null = null
  try {
    await ensureDirectory(disk, places.root)
    lock = lockStore(disk, places)
    await prepareDirectory(disk, places)
    return new SegmentsStore(disk, places, options, lock, await recover(disk, places, true))
  } catch (error) {
    lock?.release()
    throw openError(error, places.root)
  }
}

/** The path as the store uses it: absolute, with `/`. */
export function storePath(path: string): string {
  if (path === '') throw new CodedError('STORE_BAD_PATH', 'the path of the store is empty', { hint: 'set store.options.path' })
  return resolve(path).replaceAll('\\', '/')
}

export function openError(error: unknown, path: string): CodedError {
  const code = codeOf(error)
  if (code !== 'ENOTDIR' && code !== 'ENOENT' && code !== 'ELOOP' && code !== 'ENAMETOOLONG') return writeError(error, path)
  return new CodedError('STORE_BAD_PATH', `no store can be at this path: ${(error as Error).message}`, {
    at: path,
    hint: 'name a directory',
    cause: error,
  })
}

/** Segments on a disk; see RecordsStore for what each method promises. */
export class SegmentsStore implements RecordsStore {
  /** Torn writes that opening moved aside. */
  readonly torn: readonly Damage[]
  private readonly disk: Disk
  private readonly places: Places
  private readonly lock: DiskLock
  private readonly view: SegmentsView
  private readonly writer: SegmentWriter
  private closing: Promise<void> | null = null
  private retaining: Promise<unknown> = Promise.resolve()
  /** Catalogues that are being written. */
  private filing: Promise<void> = Promise.resolve()

  constructor(disk: Disk, places: Places, options: SegmentsOptions, lock: DiskLock, found: Recovered) {
    this.disk = disk
    this.places = places
    this.lock = lock
    this.torn = found.torn
    this.view = new SegmentsView(disk, places)
    this.view.catalogues = found.catalogues
    const limits = {
      segmentBytes: Math.min(1024 * MEBIBYTE, Math.max(4 << 10, options.segmentBytes ?? 256 * MEBIBYTE)),
      groupBytes: options.groupBytes ?? 8 * MEBIBYTE,
      now: options.now ?? (() => Date.now() * 1000),
      randomEpoch: options.randomEpoch ?? (() => randomInt(1, 2 ** 32)),
      onClosed: (c: Catalogue) => {
        this.filing = this.filing.then(() => writeCatalogue(disk, places, c))
      },
      ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
    }
    this.writer = new SegmentWriter(disk, places, limits, found.nextSeq, (c) => this.view.catalogues.push(c))
    const last = found.catalogues.at(-1)
    if (found.active !== null && last !== undefined) {
      if (last.epoch !== 0) this.writer.resume(found.active, last)
      else found.active.close()
    }
  }

  append(blocks: Uint8Array[], options: AppendOptions = {}): Promise<Appended> {
    return this.writer.append(blocks, options)
  }

  source(): RecordsSource {
    this.check()
    const view = this.view
    return {
      plan: (range, need) => view.plan(range, need),
      read: (ref) => view.read(ref),
      valueCounts: (ref, field) => view.valueCounts(ref, field),
    }
  }

  after(seq: number, limit: number): Following {
    this.check()
    return this.view.after(seq, limit)
  }

  get(seq: number): StoredRecord | Unreadable | null {
    this.check()
    return this.view.get(seq)
  }

  retain(limits: Retention): Promise<Retained> {
    this.check()
    const done = this.retaining.then(() => this.retainNow(limits))
    this.retaining = done.catch(() => {})
    return done
  }

  private async retainNow(limits: Retention): Promise<Retained> {
    const { base, through } = this.view.checkpoint()
    const gone = beyondLimits(this.view.catalogues, this.writer.active, limits, base === null ? Number.POSITIVE_INFINITY : through)
    try {
      return await this.takeAway(gone)
    } catch (error) {
      throw writeError(error, this.places.root)
    }
  }

  /** The note comes first, so that a crash in between leaves nothing that looks as if somebody else had removed it. */
  private async takeAway(gone: readonly Catalogue[]): Promise<Retained> {
    const last = gone.at(-1)
    if (last === undefined) return { segments: [], records: 0, bytes: 0 }
    const note = () => replaceFile(this.disk, this.places.gone, Buffer.from(goneText(last.nextSeq)))
    const noted = await note().then(
      () => true,
      (error: unknown) => {
        // On a full disk the room for it comes only now.
        if (isFull(error)) return false
        throw error
      },
    )
    const retained = await removeSegments(this.disk, this.places, this.view, gone)
    if (!noted) await note()
    return retained
  }

  stats(): RecordsStats {
    this.check()
    const stats = this.view.stats()
    return {
      ...stats,
      firstSeq: stats.segments === 0 ? this.writer.nextSeq : stats.firstSeq,
      lastSeq: this.writer.nextSeq - 1,
      damages: stats.damages + this.torn.length,
    }
  }

  damages(): readonly Damage[] {
    return [...this.torn, ...this.view.damages()]
  }

  ledgerSnapshot(): LedgerSnapshot {
    this.check()
    return this.view.ledgerSnapshot()
  }

  close(): Promise<void> {
    this.closing ??= this.closeNow()
    return this.closing
  }

  private async closeNow(): Promise<void> {
    try {
      const last = await this.writer.close()
      await this.retaining
      await this.filing
      // Without the mark the next opening only takes longer, so a full disk does not keep the store from closing.
      if (last !== null) await replaceFile(this.disk, this.places.good, Buffer.from(goodText(last))).catch(() => {})
    } finally {
      await this.view.close()
      this.lock.release()
    }
  }

  private check(): void {
    if (this.closing !== null) throw storeClosed(this.places.root)
  }
}
