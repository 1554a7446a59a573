import { CodedError } from '@pullbox/log/errors'
import type { BlockHeader } from '@pullbox/log/record'
import { BlockReader } from '@pullbox/log/record'

import type { Damage } from '../contract.ts'
import type { Disk, DiskFile } from '../disk.ts'
import { codeOf, ensureDirectory, readWhole, replaceFile, writeAll } from '../disk.ts'
import { Catalogue } from './catalogue.ts'
import type { GoodMark } from './format.ts'
import { formatText, newerVersion, parseFormat, parseGood, SEGMENT_VERSION } from './format.ts'
import type { Places, SegmentName } from './names.ts'
import { segmentsIn } from './names.ts'
import { readHeaderAt } from './view.ts'
import type { Leftover } from './walk.ts'
import { closeCatalogue, Walk } from './walk.ts'

/** What opening found. */
export interface Recovered {
  readonly catalogues: Catalogue[]
  readonly nextSeq: number
  /** The last segment, open for writing, when it can be gone on with. */
  readonly active: DiskFile | null
  /** Torn writes that were moved aside: no promise was made for what is in them, unless the device lost what it had synced. */
  readonly torn: readonly Damage[]
}

/** Makes the directory a store, or checks that it is one that this program can write. */
export async function prepareDirectory(disk: Disk, places: Places): Promise<void> {
  if (disk.exists(places.format)) {
    await checkFormat(disk, places)
  } else {
    const others = disk.list(places.root).filter((name) => !['lock', 'format.new', 'segments', 'damaged', 'good', 'good.new'].includes(name) && !name.startsWith('lock'))
    if (others.length > 0 && !disk.exists(places.segments)) {
      throw new CodedError('STORE_BAD_PATH', `the directory is no store and not empty: it holds ${JSON.stringify(others[0])}`, { at: places.root, hint: 'name an empty directory, or one that does not exist yet' })
    }
    await replaceFile(disk, places.format, Buffer.from(formatText))
  }
  await ensureDirectory(disk, places.segments)
  await ensureDirectory(disk, places.damaged)
}

async function checkFormat(disk: Disk, places: Places): Promise<void> {
  const bytes = readWhole(disk, places.format, 4096)
  const version = parseFormat(bytes)
  if (version !== null && version > SEGMENT_VERSION) throw newerVersion(places.format, version)
  if (version !== null) return
  // Each segment names its version too, so a damaged file is put aside and made again.
  await ensureDirectory(disk, places.damaged)
  await keepAside(disk, places, 'format', bytes)
  await replaceFile(disk, places.format, Buffer.from(formatText))
}

/** Puts bytes into `damaged/` under a name that is not in use; the path below the store's directory. Durable when it resolves. */
export async function keepAside(disk: Disk, places: Places, name: string, bytes: Uint8Array): Promise<string> {
  let path = `${places.damaged}/${name}.bin`
  for (let i = 1; disk.exists(path); i++) path = `${places.damaged}/${name}-${i}.bin`
  const file = disk.open(path, 'create')
  try {
    await writeAll(file, [bytes], 0)
    await file.datasync()
  } finally {
    file.close()
  }
  await disk.syncDirectory(places.damaged)
  return path.slice(places.root.length + 1)
}

export function readGood(disk: Disk, places: Places): GoodMark | null {
  try {
    return parseGood(readWhole(disk, places.good, 4096))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/**
 * Finds what a directory holds, after whatever stopped the last writer. All segments' headers are read; of the last one, every
 * block after the good mark is checked whole. What a write under way left behind is moved aside and cut off; damage elsewhere is
 * entered, and stays where it is.
 */
export async function recover(disk: Disk, places: Places): Promise<Recovered> {
  const torn: Damage[] = []
  const good = readGood(disk, places)
  const names = segmentsIn(disk.list(places.segments))
  const catalogues: Catalogue[] = []
  names.forEach((name, i) => {
    if (i + 1 < names.length) catalogues.push(readClosed(disk, places, name, names[i + 1].firstSeq))
  })
  let floor = 1
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i]
    floor = Math.max(floor, name.firstSeq)
    const mark = good?.segment === name.name ? good : null
    const last = await recoverLast(disk, places, name, mark, torn)
    if (last !== null) {
      catalogues.length = i
      catalogues.push(last.catalogue)
      return { catalogues, nextSeq: Math.max(floor, last.nextSeq), active: last.file, torn }
    }
  }
  return { catalogues: [], nextSeq: floor, active: null, torn }
}

/** The catalogue of a segment that another one follows. */
export function readClosed(disk: Disk, places: Places, name: SegmentName, before: number): Catalogue {
  const c = new Catalogue(name)
  const file = disk.open(`${places.segments}/${name.name}`, 'read')
  try {
    closeCatalogue(c, new Walk(file, c, { bound: Number.POSITIVE_INFINITY, before }).run(), before)
  } finally {
    file.close()
  }
  c.seal()
  return c
}

interface Last {
  catalogue: Catalogue
  nextSeq: number
  file: DiskFile | null
}

/** Null when the segment holds no block: then it was never promised, is out of the way now, and the one before it is the last. */
async function recoverLast(disk: Disk, places: Places, name: SegmentName, mark: GoodMark | null, torn: Damage[]): Promise<Last | null> {
  const path = `${places.segments}/${name.name}`
  const file = disk.open(path, 'write')
  const c = new Catalogue(name)
  let leftover = new Walk(file, c, { bound: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY }).run()
  if (c.blocks === 0 && mark === null) {
    const size = file.size()
    file.close()
    if (size === 0) await disk.unlink(path)
    else {
      await disk.rename(path, `${places.damaged}/${freeName(disk, places, name.name)}`)
      torn.push(tornDamage(c, { from: 0, to: size, reason: leftover?.reason ?? 'no block begins here' }, [], `damaged/${name.name}`))
      await disk.syncDirectory(places.damaged)
    }
    await disk.syncDirectory(places.segments)
    return null
  }
  const bad = verifyFrom(file, c, mark?.size ?? 0)
  const trailing = trailingRun(c, bad, mark?.size ?? 0)
  for (const h of bad) if (!trailing.includes(h)) c.spoilt.push(h.damage)
  if (trailing.length > 0) {
    c.cut(trailing[0].index)
    leftover = { from: c.end, to: file.size(), reason: trailing[0].damage.reason }
  }
  return finishLast(disk, places, file, c, leftover, trailing, mark, torn)
}

async function finishLast(disk: Disk, places: Places, file: DiskFile, c: Catalogue, leftover: Leftover | null, trailing: BadBlock[], mark: GoodMark | null, torn: Damage[]): Promise<Last> {
  // Bytes below the mark were synced: what is missing there is lost, not torn. It stays where it is, and its numbers stay taken.
  if (mark !== null && c.nextSeq < mark.nextSeq) {
    closeCatalogue(c, leftover, mark.nextSeq)
    file.close()
    return { catalogue: c, nextSeq: mark.nextSeq, file: null }
  }
  try {
    if (leftover !== null) {
      const movedTo = await moveAside(disk, places, file, c, leftover)
      torn.push(tornDamage(c, leftover, trailing, movedTo))
    }
    // What was found may so far stand in the page cache only.
    await file.datasync()
    await disk.syncDirectory(places.segments)
    return { catalogue: c, nextSeq: c.nextSeq, file }
  } catch {
    // No room to move it aside, or the device refuses: it stays where it is, and a new segment is begun, whose number says that nothing is missing here.
    if (leftover !== null) torn.push(tornDamage(c, leftover, trailing))
    file.close()
    return { catalogue: c, nextSeq: c.nextSeq, file: null }
  }
}

async function moveAside(disk: Disk, places: Places, file: DiskFile, c: Catalogue, leftover: Leftover): Promise<string> {
  const bytes = new Uint8Array(leftover.to - leftover.from)
  const got = file.read(bytes, leftover.from)
  const name = `${c.segment.name}.${leftover.from}-${leftover.to}`
  const movedTo = await keepAside(disk, places, name, bytes.subarray(0, got))
  await file.truncate(leftover.from)
  return movedTo
}

function freeName(disk: Disk, places: Places, name: string): string {
  let free = name
  for (let i = 1; disk.exists(`${places.damaged}/${free}`); i++) free = `${name}.${i}`
  return free
}

function tornDamage(c: Catalogue, leftover: Leftover, trailing: readonly BadBlock[], movedTo?: string): Damage {
  const records = trailing.reduce((n, b) => n + b.header.count, 0)
  const known = trailing.length > 0
  return {
    segment: c.segment.name,
    from: leftover.from,
    to: leftover.to,
    records: known ? records : null,
    firstSeq: known ? trailing[0].header.firstSeq : null,
    lastSeq: known && records > 0 ? trailing[0].header.firstSeq + records - 1 : null,
    minTime: known ? Math.min(...trailing.map((b) => b.header.minTime)) : Number.NaN,
    maxTime: known ? Math.max(...trailing.map((b) => b.header.maxTime)) : Number.NaN,
    reason: `torn write: ${leftover.reason}`,
    ...(movedTo === undefined ? {} : { movedTo }),
  }
}

/** A block with a sound header and a section that is not. */
export interface BadBlock {
  readonly index: number
  readonly header: BlockHeader
  readonly damage: Damage
}

/** Checks every byte of the blocks from position `from` on. */
export function verifyFrom(file: DiskFile, c: Catalogue, from: number): BadBlock[] {
  const bad: BadBlock[] = []
  for (let i = 0; i < c.blocks; i++) {
    if (c.offset[i] < from) continue
    const header = readHeaderAt(file, c.offset[i])
    if (header === null) continue
    const block = new Uint8Array(c.length[i])
    const got = block.subarray(0, file.read(block, c.offset[i]))
    const sections = new BlockReader(header, (offset, length) => got.subarray(offset, offset + length)).verify()
    if (sections.length > 0) bad.push({ index: i, header, damage: sectionsDamage(c, i, header, sections) })
  }
  return bad
}

function sectionsDamage(c: Catalogue, i: number, h: BlockHeader, sections: readonly { id: number; offset: number; length: number }[]): Damage {
  const first = Math.min(...sections.map((s) => s.offset))
  const last = Math.max(...sections.map((s) => s.offset + s.length))
  return {
    segment: c.segment.name,
    from: c.offset[i] + first,
    to: c.offset[i] + last,
    records: h.count,
    firstSeq: h.count > 0 ? h.firstSeq : null,
    lastSeq: h.count > 0 ? h.firstSeq + h.count - 1 : null,
    minTime: h.minTime,
    maxTime: h.maxTime,
    reason: `checksum of section ${sections.map((s) => s.id).join(', ')} does not match`,
  }
}

/** The bad blocks at the very end of the segment, after the mark: what a write under way leaves. */
function trailingRun(c: Catalogue, bad: readonly BadBlock[], from: number): BadBlock[] {
  const run: BadBlock[] = []
  let end = c.blocks
  for (let k = bad.length - 1; k >= 0 && bad[k].index === end - 1 && c.offset[bad[k].index] >= from; k--, end--) run.unshift(bad[k])
  return run
}
