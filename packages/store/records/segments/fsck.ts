import { encodeMark, encodeSegmentHeader } from './format.ts'
import type { Damage } from '../contract.ts'
import type { Disk, DiskFile, DiskLock } from '../disk.ts'
import { codeOf, writeAll } from '../disk.ts'
import { nodeDisk } from '../disk-node.ts'
import type { Catalogue } from './catalogue.ts'
import { lockStore } from './lock.ts'
import type { Places } from './names.ts'
import { placesOf } from './names.ts'
import { SegmentsReader } from './reader.ts'
import { keepAside, prepareDirectory, readBytes, recover, verifyFrom } from './recovery.ts'
import { openError, storePath } from './store.ts'

export interface FsckOptions {
  readonly path: string
  /** Moves aside what is no block, so that it is not met again. What it held stays named as missing. */
  readonly repair?: boolean
  readonly disk?: Disk
}

export interface FsckReport {
  readonly path: string
  /** A collector is writing: the end of the last segment was not judged. */
  readonly running: boolean
  readonly segments: number
  readonly blocks: number
  readonly records: number
  readonly bytes: number
  /** Records in blocks that can't be read in full, and those that are gone. */
  readonly unreadable: number
  readonly damages: readonly Damage[]
  /** Bytes moved to `damaged/`. */
  readonly movedAside: number
}

/**
 * Checks every byte of a store. Without `repair` nothing is changed, and a collector may be running. With it the store must be free
 * (STORE_LOCKED): a torn end is cut off and bytes that are no block are taken out of their segments, each after they were copied to
 * `damaged/`. Blocks with a damaged section stay, because their other sections can be read.
 */
export async function fsck(options: FsckOptions): Promise<FsckReport> {
  const disk = options.disk ?? nodeDisk
  const places = placesOf(storePath(options.path))
  const reader = new SegmentsReader({ path: options.path, disk })
  await reader.close()
  const lock = options.repair === true ? lockStore(disk, places) : tryLock(disk, places)
  try {
    const moved = options.repair === true ? await repair(disk, places) : []
    return check(disk, places, options.path, lock === 'busy', moved)
  } catch (error) {
    throw openError(error, places.root)
  } finally {
    if (typeof lock === 'object') lock?.release()
  }
}

/** The lock, 'busy' when a collector has it, null where none can be taken (a file system that is read only). */
function tryLock(disk: Disk, places: Places): DiskLock | 'busy' | null {
  if (!disk.exists(places.lock)) return null
  try {
    return disk.lock(places.lock)
  } catch (error) {
    return codeOf(error) === 'EBUSY' ? 'busy' : null
  }
}

async function check(disk: Disk, places: Places, path: string, running: boolean, moved: readonly Damage[]): Promise<FsckReport> {
  const reader = new SegmentsReader({ path, disk })
  try {
    for (const c of reader.catalogues) {
      const file = disk.open(`${places.segments}/${c.segment.name}`, 'read')
      try {
        c.spoilt.push(...verifyFrom(file, c, 0).map((b) => b.damage))
        const last = c === reader.catalogues.at(-1)
        if (last && !running && reader.leftover !== null) c.holes.push(endDamage(c, reader.leftover))
      } finally {
        file.close()
      }
    }
    const { segments, blocks, records, bytes } = reader.stats()
    const damages = reader.damages()
    return {
      path: places.root,
      running,
      segments,
      blocks,
      records,
      bytes,
      unreadable: damages.reduce((n, d) => n + (d.records ?? 0), 0),
      damages: [...moved, ...damages],
      movedAside: moved.reduce((n, d) => n + d.to - d.from, 0),
    }
  } finally {
    await reader.close()
  }
}

function endDamage(c: Catalogue, end: { from: number; to: number; reason: string }): Damage {
  return { ...NOTHING_KNOWN, segment: c.segment.name, ...end, reason: `torn write: ${end.reason}` }
}

const NOTHING_KNOWN = { records: null, firstSeq: null, lastSeq: null, minTime: Number.NaN, maxTime: Number.NaN }

/** What was moved aside. */
async function repair(disk: Disk, places: Places): Promise<Damage[]> {
  await prepareDirectory(disk, places)
  const found = await recover(disk, places)
  found.active?.close()
  const moved = [...found.torn]
  const broken = found.catalogues.filter((c) => c.holes.some((h) => h.to > h.from))
  if (broken.length > 0 && disk.exists(places.good)) {
    // It tells positions in files that are going to change.
    await disk.unlink(places.good)
    await disk.syncDirectory(places.root)
  }
  for (const c of broken) moved.push(...(await takeOut(disk, places, c)))
  return moved
}

/** Writes the segment anew without the bytes that are no block; the old file goes only when the new one is in its place. */
async function takeOut(disk: Disk, places: Places, c: Catalogue): Promise<Damage[]> {
  const path = `${places.segments}/${c.segment.name}`
  const old = disk.open(path, 'read')
  try {
    const moved: Damage[] = []
    for (const hole of c.holes.filter((h) => h.to > h.from)) {
      const movedTo = await keepAside(
        disk,
        places,
        `${c.segment.name}.${hole.from}-${hole.to}`,
        readBytes(old, hole.from, hole.to - hole.from),
      )
      moved.push({ ...hole, movedTo })
    }
    await writeAnew(disk, `${path}.new`, c, old)
    await disk.rename(`${path}.new`, path)
    await disk.syncDirectory(places.segments)
    return moved
  } finally {
    old.close()
  }
}

async function writeAnew(disk: Disk, path: string, c: Catalogue, old: DiskFile): Promise<void> {
  if (disk.exists(path)) await disk.unlink(path)
  const file = disk.open(path, 'create')
  try {
    const created = Number.isFinite(c.maxReceived) ? c.maxReceived : 0
    const header = encodeSegmentHeader({ firstSeq: c.segment.firstSeq, epoch: c.epoch, created })
    await writeAll(file, [header], 0)
    let at = header.length
    for (let i = 0; i < c.blocks; i++) {
      const block = readBytes(old, c.offset[i], c.length[i])
      await writeAll(file, [block], at)
      at += block.length
    }
    // The mark says that all before it was synced: numbers that are missing there are lost, and not a torn write.
    await writeAll(file, [encodeMark({ epoch: c.epoch, at, nextSeq: c.nextSeq })], at)
    await file.datasync()
  } finally {
    file.close()
  }
}
