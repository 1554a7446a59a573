import { setImmediate } from 'node:timers/promises'

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
import { keepAside, prepareDirectory, readBytes, readGood, recover, verifyBlock } from './recovery.ts'
import { readGone } from './recount.ts'
import { openError, storePath } from './store.ts'
import { readHeaderAt } from './view.ts'
import type { Leftover } from './walk.ts'

export interface FsckOptions {
  readonly path: string
  /** Moves aside what is no block, so that it is not met again. What it held stays named as missing. */
  readonly repair?: boolean
  /** Called after each block with the bytes checked so far and those of the whole store. */
  readonly progress?: (bytes: number, total: number) => void
  /** Ends the checking within about 8 MiB, with an AbortError. A repair that has begun is finished first. */
  readonly signal?: AbortSignal
  readonly disk?: Disk
}

/** Bytes after which other work of the process has its turn. */
const TURN = 8 << 20

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
    return await check(disk, places, options, lock === 'busy', moved)
  } catch (error) {
    throw options.signal?.aborted === true ? error : openError(error, places.root)
  } finally {
    if (typeof lock === 'object') lock?.release()
  }
}

/**
 * What is wrong at the end of the last segment, or null: bytes that are no block, or records that were promised and are not there. Beside a
 * collector such bytes are a write under way, and null.
 */
export function brokenEnd(reader: SegmentsReader, options: { readonly path: string; readonly disk?: Disk }): Damage | null {
  const disk = options.disk ?? nodeDisk
  const places = placesOf(storePath(options.path))
  const last = reader.catalogues.at(-1)
  const found = last === undefined ? null : endDamage(disk, places, last, reader.leftover)
  if (found === null) return null
  const lock = tryLock(disk, places)
  if (lock === 'busy') return null
  lock?.release()
  return found
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

async function check(disk: Disk, places: Places, options: FsckOptions, running: boolean, moved: readonly Damage[]): Promise<FsckReport> {
  const reader = new SegmentsReader({ path: options.path, disk })
  const step = steps(options, reader.stats().bytes)
  try {
    for (const c of reader.catalogues) {
      const file = disk.open(`${places.segments}/${c.segment.name}`, 'read')
      try {
        for (let i = 0; i < c.blocks; i++) {
          const bad = verifyBlock(file, c, i)
          if (bad !== null) c.spoilt.push(bad.damage)
          await step(c.length[i])
        }
        c.holes.splice(0, c.holes.length, ...c.holes.map((hole) => withEnd(file, c, hole)))
        const last = c === reader.catalogues.at(-1)
        const end = last && !running ? endDamage(disk, places, c, reader.leftover) : null
        if (end !== null) c.holes.push(end)
      } finally {
        file.close()
      }
    }
    const { segments, blocks, records, bytes } = reader.stats()
    const start = startDamage(disk, places, reader.catalogues[0])
    const damages = [...start, ...reader.damages()]
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

/** The hole with the time before which its records were received, where the next block tells it. */
function withEnd(file: DiskFile, c: Catalogue, hole: Damage): Damage {
  if (hole.lastSeq === null || Number.isFinite(hole.maxTime)) return hole
  const next = c.find(hole.lastSeq + 1)
  const header = next < c.blocks ? readHeaderAt(file, c.offset[next]) : null
  return header === null || header.count === 0 ? hole : { ...hole, maxTime: header.minReceived }
}

/** Counts the bytes, tells of them, and lets other work go on now and then. */
function steps({ progress, signal }: FsckOptions, total: number): (bytes: number) => Promise<void> | undefined {
  let done = 0
  let since = 0
  return (bytes) => {
    done += bytes
    since += bytes
    progress?.(done, total)
    if (since < TURN) return undefined
    since = 0
    return turn(signal)
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate()
  if (signal?.aborted === true) throw new DOMException('the check was stopped', 'AbortError')
}

/** What an orderly stop noted as synced tells damage from a write that was torn, for which nothing was promised. */
function endDamage(disk: Disk, places: Places, c: Catalogue, leftover: Leftover | null): Damage | null {
  const good = readGood(disk, places)
  const lost = good?.segment === c.segment.name ? Math.max(0, good.nextSeq - c.nextSeq) : 0
  if (leftover === null && lost === 0) return null
  const { from, to, reason } = leftover ?? { from: c.end, to: c.end, reason: 'records at the end are missing' }
  const minTime = Number.isFinite(c.maxReceived) ? c.maxReceived : Number.NaN
  const where = { ...NOTHING_KNOWN, segment: c.segment.name, from, to, minTime }
  if (lost === 0) return { ...where, reason: `torn write: ${reason}` }
  return { ...where, reason, records: lost, firstSeq: c.nextSeq, lastSeq: c.nextSeq + lost - 1 }
}

/** Records before the first segment that went otherwise than by retention. */
function startDamage(disk: Disk, places: Places, first: Catalogue | undefined): Damage[] {
  if (first === undefined) return []
  const from = readGone(disk, places) ?? 1
  const lost = first.segment.firstSeq - from
  if (lost <= 0) return []
  const reason = 'records before this segment are missing, and retention did not take them'
  return [
    { ...NOTHING_KNOWN, segment: first.segment.name, from: 0, to: 0, records: lost, firstSeq: from, lastSeq: from + lost - 1, reason },
  ]
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
    // The mark says that all before it was synced: numbers that are missing there are lost, and not a torn write. They are never given again.
    const nextSeq = c.holes.reduce((next, hole) => Math.max(next, (hole.lastSeq ?? 0) + 1), c.nextSeq)
    await writeAll(file, [encodeMark({ epoch: c.epoch, at, nextSeq })], at)
    await file.datasync()
  } finally {
    file.close()
  }
}
