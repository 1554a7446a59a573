import type { BlockHeader, BlockRows } from '@pullbox/log/record'

import type { Unreadable } from '../../query/engine/source.ts'
import type { Damage } from '../contract.ts'
import type { Disk } from '../disk.ts'
import { nodeDisk } from '../disk-node.ts'
import type { Catalogue } from './catalogue.ts'
import { placesOf } from './names.ts'
import { SegmentsReader } from './reader.ts'
import { storePath } from './store.ts'
import { readHeaderAt } from './view.ts'

/** One segment, as the headers of its blocks tell. Times are microseconds since 1970, NaN when it holds no record. */
export interface SegmentInfo {
  readonly file: string
  readonly records: number
  /** Numbers that its records have; `lastSeq = firstSeq - 1` when it holds none. Some between them may be missing: see `damages`. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly minTime: number
  readonly maxTime: number
  readonly bytes: number
  /** Those of the account are counted too. */
  readonly blocks: number
  readonly damages: readonly Damage[]
}

export interface StoreListing {
  readonly path: string
  /** In write order. */
  readonly segments: readonly SegmentInfo[]
  /** What was moved aside because it was damaged: files below `damaged/`. */
  readonly aside: readonly { readonly file: string; readonly bytes: number }[]
}

export interface ListingOptions {
  readonly path: string
  readonly disk?: Disk
}

/**
 * Lists a store's segments. Only headers are read, so damage inside a block is not seen here (`fsck` sees it). A collector may be
 * writing. Throws STORE_BAD_PATH or STORE_NEWER_VERSION.
 */
export async function listSegments(options: ListingOptions): Promise<StoreListing> {
  const disk = options.disk ?? nodeDisk
  const places = placesOf(storePath(options.path))
  const reader = new SegmentsReader({ path: options.path, disk })
  try {
    const segments = reader.catalogues.map((c) => segmentInfo(c, sizeOf(disk, `${places.segments}/${c.segment.name}`)))
    const names = disk.exists(places.damaged) ? disk.list(places.damaged).sort() : []
    const aside = names.map((name) => ({ file: `damaged/${name}`, bytes: sizeOf(disk, `${places.damaged}/${name}`) }))
    return { path: places.root, segments, aside }
  } finally {
    await reader.close()
  }
}

function segmentInfo(c: Catalogue, bytes: number): SegmentInfo {
  let minTime = Number.NaN
  let maxTime = Number.NaN
  for (let i = 0; i < c.blocks; i++) {
    if (c.count[i] === 0) continue
    if (!(minTime <= c.minTime[i])) minTime = c.minTime[i]
    if (!(maxTime >= c.maxTime[i])) maxTime = c.maxTime[i]
  }
  const { firstSeq } = c.segment
  return {
    file: c.segment.name,
    records: c.records,
    firstSeq,
    lastSeq: c.nextSeq - 1,
    minTime,
    maxTime,
    bytes,
    blocks: c.blocks,
    damages: [...c.holes, ...c.spoilt],
  }
}

/** A file that went while it was listed has no bytes any more. */
function sizeOf(disk: Disk, path: string): number {
  try {
    const file = disk.open(path, 'read')
    try {
      return file.size()
    } finally {
      file.close()
    }
  } catch {
    return 0
  }
}

/** A block where it stands in its segment. */
export interface PlacedBlock {
  /** Byte of the segment at which the block begins. */
  readonly at: number
  readonly header: BlockHeader
}

/**
 * The headers of a segment's blocks in the order of the file, the account's among them, with places that are no block between them.
 * One header is in memory at a time.
 */
export function* listBlocks(reader: SegmentsReader, path: string, file: string, disk = nodeDisk): Generator<PlacedBlock | Damage> {
  const c = reader.catalogues.find((one) => one.segment.name === file)
  if (c === undefined) return
  const opened = disk.open(`${placesOf(storePath(path)).segments}/${file}`, 'read')
  try {
    const holes = [...c.holes].sort((a, b) => a.from - b.from)
    for (let i = 0; i < c.blocks; i++) {
      while (holes.length > 0 && holes[0].from <= c.offset[i]) yield holes.shift() as Damage
      const header = readHeaderAt(opened, c.offset[i])
      if (header !== null) yield { at: c.offset[i], header }
    }
    yield* holes
  } finally {
    opened.close()
  }
}

/** The records of one block that lie in a range of numbers: rows `from <= i < to`. */
export interface RangeBlock {
  readonly header: BlockHeader
  readonly rows: BlockRows
  readonly from: number
  readonly to: number
}

/**
 * The records numbered `first..last` in write order, block by block, each checked whole; what can't be read and numbers that are
 * missing come up in their place.
 */
export function* readNumbers(reader: SegmentsReader, first: number, last: number): Generator<RangeBlock | Unreadable | Damage> {
  for (const c of reader.catalogues) {
    if (c.nextSeq <= first || c.segment.firstSeq > last) continue
    const holes = c.holes.filter((h) => h.firstSeq !== null && h.firstSeq <= last && (h.lastSeq ?? 0) >= first)
    for (let i = c.find(first); i < c.blocks && c.firstSeq(i) <= last; i++) {
      const start = c.firstSeq(i)
      while (holes.length > 0 && (holes[0].firstSeq ?? 0) < start) yield holes.shift() as Damage
      if (c.count[i] === 0) continue
      const from = Math.max(start, first) - start
      const to = Math.min(c.count[i], last + 1 - start)
      const found = reader.get(start)
      if (found === null) continue
      if ('unreadable' in found) yield { ...found, count: to - from }
      else yield { header: found.header, rows: found.rows, from, to }
    }
    yield* holes
  }
}
