import { CodedError } from '@pullbox/log/errors'
import type { BlockHeader } from '@pullbox/log/record'
import { BlockReader, readBlockHeader, stampBlock } from '@pullbox/log/record'

import type { Damage } from '../contract.ts'
import type { Disk, DiskFile } from '../disk.ts'
import { codeOf, ensureDirectory, readWhole, replaceFile, writeAll } from '../disk.ts'
import { Catalogue } from './catalogue.ts'
import { cataloguedSegment, readCatalogue, writeCatalogue } from './catalogue-file.ts'
import type { GoodMark } from './format.ts'
import {
  encodeMark,
  encodeSegmentHeader,
  formatText,
  newerVersion,
  parseFormat,
  parseGood,
  SEGMENT_HEADER_BYTES,
  SEGMENT_VERSION,
} from './format.ts'
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
    const others = disk
      .list(places.root)
      .filter(
        (name) =>
          !['lock', 'format.new', 'segments', 'damaged', 'good', 'good.new', 'gone', 'gone.new', 'collector.json'].includes(name) &&
          !name.startsWith('lock'),
      )
    if (others.length > 0 && !disk.exists(places.segments)) {
      throw new CodedError('STORE_BAD_PATH', `the directory is no store and not empty: it holds ${JSON.stringify(others[0])}`, {
        at: places.root,
        hint: 'name an empty directory, or one that does not exist yet',
      })
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
 * entered, and stays where it is. With `catalogues`, closed segments that have a catalogue are not read, and the others get one.
 */
export async function recover(disk: Disk, places: Places, catalogues = false): Promise<Recovered> {
  if (catalogues) await removeOrphans(disk, places)
  const found = await findAll(disk, places, catalogues)
  if (catalogues) for (const c of found.catalogues.slice(0, -1)) if (!c.filed) await writeCatalogue(disk, places, c)
  return found
}

/** Catalogues whose segments are gone. */
async function removeOrphans(disk: Disk, places: Places): Promise<void> {
  const names = disk.list(places.segments)
  const there = new Set(names)
  for (const name of names) {
    const segment = cataloguedSegment(name)
    if (segment !== null && !there.has(segment)) await disk.unlink(`${places.segments}/${name}`).catch(() => {})
  }
}

async function findAll(disk: Disk, places: Places, trusting: boolean): Promise<Recovered> {
  const torn: Damage[] = []
  const good = readGood(disk, places)
  const names = segmentsIn(disk.list(places.segments))
  const catalogues: Catalogue[] = []
  names.forEach((name, i) => {
    if (i + 1 < names.length) catalogues.push(readClosed(disk, places, name, names[i + 1].firstSeq, trusting))
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

/** The catalogue of a segment that another one follows; from its file, if there is one and it is to be trusted. */
export function readClosed(disk: Disk, places: Places, name: SegmentName, before: number, trusting: boolean): Catalogue {
  const c = new Catalogue(name)
  const file = disk.open(`${places.segments}/${name.name}`, 'read')
  try {
    const filed = trusting ? readCatalogue(disk, places, name, file, before) : null
    if (filed !== null) return filed
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

/** Null when nothing in the segment was ever promised: then it is out of the way now, and the one before it is the last. */
async function recoverLast(disk: Disk, places: Places, name: SegmentName, mark: GoodMark | null, torn: Damage[]): Promise<Last | null> {
  const file = disk.open(`${places.segments}/${name.name}`, 'write')
  const c = new Catalogue(name)
  const leftover = new Walk(file, c, { bound: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY }).run()
  if (c.blocks === 0 && c.synced === SEGMENT_HEADER_BYTES && mark === null) {
    await discard(disk, places, file, c, torn)
    return null
  }
  const synced = Math.max(c.synced, mark?.size ?? 0)
  // Bytes below the mark were synced: what is missing there is lost, not torn. It stays where it is, and its numbers stay taken.
  if (mark !== null && c.nextSeq < mark.nextSeq) {
    closeCatalogue(c, leftover, mark.nextSeq)
    file.close()
    return { catalogue: c, nextSeq: mark.nextSeq, file: null }
  }
  const tear = findTear(file, c, leftover, synced)
  try {
    if (c.holes[0]?.from === 0) torn.push(await renewHeader(disk, places, file, c))
    if (tear !== null) torn.push(await mend(disk, places, file, c, tear))
    // What was found may so far stand in the page cache only.
    await file.datasync()
    await disk.syncDirectory(places.segments)
    return { catalogue: c, nextSeq: c.nextSeq, file }
  } catch {
    // No room to move it aside, or the device refuses: it stays where it is, and a new segment is begun, whose number says that nothing is missing here.
    if (tear !== null) {
      c.cut(tear.from)
      torn.push(tornDamage(c, tear))
    }
    file.close()
    return { catalogue: c, nextSeq: c.nextSeq, file: null }
  }
}

/** Moves a segment that holds no block out of the way. */
async function discard(disk: Disk, places: Places, file: DiskFile, c: Catalogue, torn: Damage[]): Promise<void> {
  const path = `${places.segments}/${c.segment.name}`
  const size = file.size()
  file.close()
  if (size === 0) await disk.unlink(path)
  else {
    const name = freeName(disk, places, c.segment.name)
    await disk.rename(path, `${places.damaged}/${name}`)
    torn.push({
      ...tornDamage(c, { from: 0, to: size, reason: 'no block begins here', records: null, whole: [] }),
      movedTo: `damaged/${name}`,
    })
    await disk.syncDirectory(places.damaged)
  }
  await disk.syncDirectory(places.segments)
}

/** What a write under way left behind: from the first byte that is not sound to the end of the file. */
interface Tear extends Leftover {
  /** How many records were in what is not sound, when that can be told. */
  readonly records: number | null
  /** Blocks of the same write that came after it and are whole. */
  readonly whole: readonly Uint8Array[]
}

/** Checks every byte after `synced`. Nothing there was followed by another sync, so no promise is known for it. */
function findTear(file: DiskFile, c: Catalogue, leftover: Leftover | null, synced: number): Tear | null {
  const bad = verifyFrom(file, c, synced)
  const holes = c.holes.filter((h) => h.from >= synced)
  const places = [
    ...holes,
    ...bad.map((b) => ({ from: c.offset[b.index], reason: b.damage.reason })),
    ...(leftover === null ? [] : [leftover]),
  ]
  if (places.length === 0) return null
  const first = places.reduce((a, b) => (b.from < a.from ? b : a))
  const spoilt = new Set(bad.map((b) => b.index))
  const whole: Uint8Array[] = []
  for (let i = 0; i < c.blocks; i++) {
    if (c.offset[i] > first.from && c.count[i] > 0 && !spoilt.has(i)) whole.push(readBytes(file, c.offset[i], c.length[i]))
  }
  const records = leftover === null ? bad.reduce((n, b) => n + b.header.count, 0) + holes.reduce((n, h) => n + (h.records ?? 0), 0) : null
  return { from: first.from, to: file.size(), reason: first.reason, records, whole }
}

/** Moves the torn bytes aside, cuts the segment before them, and appends anew the blocks of the same write that are whole. */
async function mend(disk: Disk, places: Places, file: DiskFile, c: Catalogue, tear: Tear): Promise<Damage> {
  const name = `${c.segment.name}.${tear.from}-${tear.to}`
  const movedTo = await keepAside(disk, places, name, readBytes(file, tear.from, tear.to - tear.from))
  await file.truncate(tear.from)
  await file.datasync()
  c.cut(tear.from)
  const damage = { ...tornDamage(c, tear), movedTo }
  if (tear.whole.length > 0) {
    const at = c.end
    const mark = { epoch: c.epoch, at, nextSeq: c.nextSeq }
    let seq = c.nextSeq
    for (const block of tear.whole) {
      stampBlock(block, { epoch: c.epoch, firstSeq: seq })
      seq += (readBlockHeader(block) as BlockHeader).count
    }
    await writeAll(file, [encodeMark(mark), ...tear.whole], at)
    await file.datasync()
    c.mark(at, mark.nextSeq)
    for (const block of tear.whole) c.add(c.end, readBlockHeader(block) as BlockHeader)
  }
  return damage
}

/** Writes the file's own header anew: the name and the blocks say all that was in it. */
async function renewHeader(disk: Disk, places: Places, file: DiskFile, c: Catalogue): Promise<Damage> {
  const movedTo = await keepAside(disk, places, `${c.segment.name}.0-${SEGMENT_HEADER_BYTES}`, readBytes(file, 0, SEGMENT_HEADER_BYTES))
  const created = Number.isFinite(c.maxReceived) ? c.maxReceived : 0
  await writeAll(file, [encodeSegmentHeader({ firstSeq: c.segment.firstSeq, epoch: c.epoch, created })], 0)
  await file.datasync()
  return { ...(c.holes.shift() as Damage), movedTo }
}

export function readBytes(file: DiskFile, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  return bytes.subarray(0, file.read(bytes, at))
}

function freeName(disk: Disk, places: Places, name: string): string {
  let free = name
  for (let i = 1; disk.exists(`${places.damaged}/${free}`); i++) free = `${name}.${i}`
  return free
}

/** The catalogue has been cut: its next number is the one with which the torn bytes began. */
function tornDamage(c: Catalogue, tear: Tear): Damage {
  const { from, to, records } = tear
  return {
    segment: c.segment.name,
    from,
    to,
    records,
    firstSeq: records === null || records === 0 ? null : c.nextSeq,
    lastSeq: records === null || records === 0 ? null : c.nextSeq + records - 1,
    minTime: c.maxReceived === Number.NEGATIVE_INFINITY ? Number.NaN : c.maxReceived,
    maxTime: Number.NaN,
    reason: `torn write: ${tear.reason}`,
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
    const found = c.offset[i] < from ? null : verifyBlock(file, c, i)
    if (found !== null) bad.push(found)
  }
  return bad
}

/** Checks every byte of one block; null when all are as they were written. */
export function verifyBlock(file: DiskFile, c: Catalogue, i: number): BadBlock | null {
  const header = readHeaderAt(file, c.offset[i])
  if (header === null) return null
  const block = new Uint8Array(c.length[i])
  const got = block.subarray(0, file.read(block, c.offset[i]))
  const sections = new BlockReader(header, (offset, length) => got.subarray(offset, offset + length)).verify()
  return sections.length === 0 ? null : { index: i, header, damage: sectionsDamage(c, i, header, sections) }
}

export function sectionsDamage(
  c: Catalogue,
  i: number,
  h: BlockHeader,
  sections: readonly { id: number; offset: number; length: number }[],
): Damage {
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
