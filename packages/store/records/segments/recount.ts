import { setImmediate as turn } from 'node:timers/promises'

import { CodedError } from '@pullbox/log/errors'
import { decodeCheckpoint as decodeAccount } from '@pullbox/log/ledger'
import type { BlockHeader } from '@pullbox/log/record'
import { BlockReader, DICTIONARY } from '@pullbox/log/record'

import type { Damage } from '../contract.ts'
import type { Disk, DiskFile } from '../disk.ts'
import { codeOf, readWhole } from '../disk.ts'
import { nodeDisk } from '../disk-node.ts'
import { badBlock } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { decodeCheckpoint, parseGone } from './format.ts'
import type { Places } from './names.ts'
import { placesOf } from './names.ts'
import { SegmentsReader } from './reader.ts'
import { readBytes, readGood, sectionsDamage } from './recovery.ts'
import { storePath } from './store.ts'
import { readHeaderAt } from './view.ts'

export interface RecountOptions {
  readonly path: string
  /** The last record to count. Without it: all of a store that nobody writes to. */
  readonly bound?: number
  /** Only what came after the newest checkpoint at or before this time (microseconds since 1970). */
  readonly since?: number
  /** Called after each block, with the bytes read so far of all that are to be read. */
  readonly onProgress?: (done: number, total: number) => void
  /** Ends the work within one block, by its reason. */
  readonly signal?: AbortSignal
  readonly disk?: Disk
}

/** Records by source key; '' = of a source that cannot be told. */
export type Tally = ReadonlyMap<string, number>

/** What stands on the disk, counted record by record in blocks whose every byte was checked. */
export interface Recount {
  /** The account from which the count goes on, or null for an empty one. Records up to `through` are in it. */
  readonly base: { readonly payload: Uint8Array; readonly through: number } | null
  /** Records that are on disk and are counted by `base` too; by them its totals exceed what retention took. Empty with `since`. */
  readonly before: Tally
  /** Records after `base`, and those of them that cannot be read in full. */
  readonly counted: Tally
  readonly unreadable: Tally
  /** What of `before` cannot be read in full. */
  readonly unreadableBefore: Tally
  /** Records below the oldest one of the store that went otherwise than by retention. */
  readonly removed: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly blocks: number
  readonly records: number
  readonly bytes: number
  readonly damages: readonly Damage[]
}

/**
 * Reads every block of a store and counts its records by source, in memory that does not grow with the store. A collector may be
 * writing: give the number of the last record that its account counts as `bound`. Throws STORE_BAD_PATH, STORE_NEWER_VERSION,
 * LEDGER_UNREADABLE, and STORE_SEGMENT_GONE when retention outran it.
 */
export async function recount(options: RecountOptions): Promise<Recount> {
  const work = new Recounting(options)
  try {
    return await work.run()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw work.outrun(error)
  } finally {
    await work.close()
  }
}

class Recounting {
  private readonly options: RecountOptions
  private readonly disk: Disk
  private readonly places: Places
  private readonly reader: SegmentsReader
  private readonly firstSeq: number
  private readonly before = new Map<string, number>()
  private readonly counted = new Map<string, number>()
  private readonly unreadable = new Map<string, number>()
  private readonly unreadableBefore = new Map<string, number>()
  private readonly damages: Damage[] = []
  private through = 0
  private blocks = 0
  private records = 0
  private bytes = 0

  constructor(options: RecountOptions) {
    this.options = options
    this.disk = options.disk ?? nodeDisk
    this.places = placesOf(storePath(options.path))
    const { path, bound, disk } = options
    this.reader = new SegmentsReader({ path, ...(bound === undefined ? {} : { bound }), ...(disk === undefined ? {} : { disk }) })
    this.firstSeq = this.reader.catalogues[0]?.segment.firstSeq ?? 1
  }

  async run(): Promise<Recount> {
    const base = this.findBase()
    this.through = base?.through ?? 0
    const all = this.options.since === undefined
    const total = this.reader.catalogues.reduce((n, c) => n + c.end, 0)
    for (const c of this.reader.catalogues) {
      if (!all && c.nextSeq - 1 <= this.through && c !== this.reader.catalogues.at(-1)) continue
      await this.segment(c, all ? 0 : this.through + 1, total)
    }
    const lastSeq = Math.max(this.firstSeq - 1, (this.reader.catalogues.at(-1)?.nextSeq ?? 1) - 1)
    this.end(lastSeq)
    const removed = this.start()
    const { before, counted, unreadable, unreadableBefore, firstSeq, blocks, records, bytes, damages } = this
    return { base, before, counted, unreadable, unreadableBefore, removed, firstSeq, lastSeq, blocks, records, bytes, damages }
  }

  async close(): Promise<void> {
    await this.reader.close()
  }

  /** What a file that is not there any more means. */
  outrun(cause: unknown): CodedError {
    return new CodedError('STORE_SEGMENT_GONE', 'a segment is not there any more', {
      at: this.places.root,
      hint: 'retention deleted it meanwhile: ask again',
      cause,
    })
  }

  /** The account to start from: the newest one of the time asked for, else the oldest; it must count all that is gone. */
  private findBase(): Recount['base'] {
    const { since } = this.options
    const reaches = (found: { through: number } | null) => found !== null && found.through >= this.firstSeq - 1
    if (since !== undefined) {
      for (const found of this.checkpoints(true)) {
        if (!reaches(found)) break
        if (decodeAccount(found.payload).at <= since) return found
      }
    }
    if (this.firstSeq === 1) return null
    for (const found of this.checkpoints(false)) if (reaches(found)) return found
    return null
  }

  /** All checkpoints that can be read, from the oldest or from the newest on. */
  private *checkpoints(backwards: boolean): Generator<{ payload: Uint8Array; through: number }> {
    const order = <T>(list: readonly T[]) => (backwards ? list.toReversed() : list)
    for (const c of order(this.reader.catalogues)) {
      const file = this.disk.open(`${this.places.segments}/${c.segment.name}`, 'read')
      try {
        for (const i of order(Array.from({ length: c.blocks }, (_, k) => k).filter((k) => c.isLedger(k)))) {
          const found = readCheckpoint(file, c.offset[i])
          if (found !== null) yield found
        }
      } finally {
        file.close()
      }
    }
  }

  private async segment(c: Catalogue, from: number, total: number): Promise<void> {
    const file = this.disk.open(`${this.places.segments}/${c.segment.name}`, 'read')
    try {
      for (const hole of c.holes) {
        if ((hole.lastSeq ?? Number.POSITIVE_INFINITY) < from) continue
        this.damages.push(hole)
        // A hole can reach over the end of `base` only where a block that held it is gone as well.
        if (hole.records !== null && hole.records > 0) add(this.lostAt(hole.lastSeq ?? 0), '', hole.records)
      }
      for (let i = 0; i < c.blocks; i++) {
        if (c.firstSeq(i) + c.count[i] <= from) continue
        this.options.signal?.throwIfAborted()
        this.block(file, c, i)
        this.options.onProgress?.(this.bytes, total)
        await turn()
      }
    } finally {
      file.close()
    }
  }

  private lostAt(seq: number): Map<string, number> {
    return seq <= this.through ? this.unreadableBefore : this.unreadable
  }

  private block(file: DiskFile, c: Catalogue, i: number): void {
    const bytes = readBytes(file, c.offset[i], c.length[i])
    const header = readHeaderAt(file, c.offset[i])
    this.blocks++
    this.bytes += bytes.length
    this.records += c.count[i]
    const last = c.firstSeq(i) + c.count[i] - 1
    if (header === null) {
      // The catalogue was made a moment ago from this header: the file is changing under us, or the device reads one thing and another.
      if (c.count[i] > 0) add(this.lostAt(last), '', c.count[i])
      return void this.damages.push(headerDamage(c, i))
    }
    const reader = new BlockReader(header, (offset, length) => bytes.subarray(offset, offset + length))
    const bad = reader.verify()
    if (bad.length > 0) this.damages.push(sectionsDamage(c, i, header, bad))
    if (header.count === 0) return
    const into = bad.length > 0 ? this.lostAt(last) : last <= this.through ? this.before : this.counted
    for (const [source, n] of bySource(reader, header)) add(into, source, n)
  }

  /** Records at the end that were promised, as the mark of an orderly stop or the collector's own account says, and are not there. */
  private end(lastSeq: number): void {
    const promised = Math.max(this.options.bound ?? 0, (readGood(this.disk, this.places)?.nextSeq ?? 1) - 1)
    if (promised <= lastSeq) return
    add(this.unreadable, '', promised - lastSeq)
    this.damages.push(missing(this.reader.catalogues.at(-1)?.segment.name ?? '', lastSeq + 1, promised, 'records at the end are missing'))
  }

  /** How many records below the first one went otherwise than by retention. */
  private start(): number {
    if (this.options.since !== undefined) return 0
    const gone = readGone(this.disk, this.places) ?? 1
    if (gone >= this.firstSeq) return 0
    const segment = this.reader.catalogues[0].segment.name
    this.damages.push(missing(segment, gone, this.firstSeq - 1, 'records before this segment are missing, and retention did not take them'))
    return this.firstSeq - gone
  }
}

/** The number below which retention took everything, or null when nothing has gone. */
export function readGone(disk: Disk, places: Places): number | null {
  try {
    return parseGone(readWhole(disk, places.gone, 4096))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function readCheckpoint(file: DiskFile, at: number): { payload: Uint8Array; through: number } | null {
  const header = readHeaderAt(file, at)
  if (header === null) return null
  try {
    return decodeCheckpoint(new BlockReader(header, (offset, length) => readBytes(file, at + offset, length)).payload())
  } catch {
    // Damaged: it is named when its turn comes, and another one will do as the base.
    return null
  }
}

/** Counts the rows themselves, not what the dictionary says about them; where they cannot be read, what the dictionary says. */
function bySource(reader: BlockReader, header: BlockHeader): Map<string, number> {
  const out = new Map<string, number>()
  try {
    const { values } = reader.dictionary(DICTIONARY.source)
    const { source } = reader.columns()
    const counts = new Uint32Array(values.length)
    for (let i = 0; i < header.count; i++) counts[source[i]]++
    // A number beyond the dictionary counts nothing.
    if (counts.reduce((a, b) => a + b, 0) !== header.count) throw badBlock('a source beyond the dictionary')
    values.forEach((value, i) => counts[i] > 0 && add(out, value, counts[i]))
    return out
  } catch {
    try {
      return reader.counts('source')
    } catch {
      return new Map([['', header.count]])
    }
  }
}

function add(tally: Map<string, number>, source: string, n: number): void {
  tally.set(source, (tally.get(source) ?? 0) + n)
}

function missing(segment: string, firstSeq: number, lastSeq: number, reason: string): Damage {
  return { segment, from: 0, to: 0, records: lastSeq - firstSeq + 1, firstSeq, lastSeq, minTime: Number.NaN, maxTime: Number.NaN, reason }
}

function headerDamage(c: Catalogue, i: number): Damage {
  const { name } = c.segment
  const lost = missing(name, c.firstSeq(i), c.firstSeq(i) + c.count[i] - 1, 'the header of the block is damaged')
  return { ...lost, from: c.offset[i], to: c.offset[i] + c.length[i], minTime: c.minTime[i], maxTime: c.maxTime[i] }
}
