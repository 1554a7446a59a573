import { crc32 } from 'node:zlib'

import type { Disk, DiskFile } from '../disk.ts'
import { codeOf, readWhole, replaceFile } from '../disk.ts'
import { Catalogue } from './catalogue.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES } from './format.ts'
import type { Places, SegmentName } from './names.ts'
import { SUFFIX } from './names.ts'

// The catalogue of a closed segment as a file beside it (docs/formats/segment.md). It is a cache: whatever does not fit the segment
// to the byte is passed over, and the segment is read instead.

export const CATALOGUE_SUFFIX = '.pbc'
const MAGIC = Uint8Array.of(0x89, 0x50, 0x42, 0x43, 0x0d, 0x0a, 0x1a, 0x0a)
const VERSION = 1
const HEADER_BYTES = 96
/** Bytes of the segment's end that the catalogue knows by their checksum. */
const TAIL_BYTES = 512
const BLOCK_ENTRY_BYTES = 34

/** The name of a segment's catalogue. */
export function catalogueName(segment: string): string {
  return segment.slice(0, -SUFFIX.length) + CATALOGUE_SUFFIX
}

/** Segments of which there is a catalogue among the names, also one that was being written. */
export function cataloguedSegment(name: string): string | null {
  const base = name.endsWith('.new') ? name.slice(0, -4) : name
  return base.endsWith(CATALOGUE_SUFFIX) ? base.slice(0, -CATALOGUE_SUFFIX.length) + SUFFIX : null
}

/** What a segment file shows of itself without being read through. */
interface Identity {
  readonly size: number
  readonly tail: number
}

function identify(file: DiskFile): Identity {
  const size = file.size()
  const bytes = new Uint8Array(Math.min(TAIL_BYTES, size))
  return { size, tail: crc32(bytes.subarray(0, file.read(bytes, size - bytes.length))) }
}

function encode(c: Catalogue, { size, tail }: Identity, before: number): Uint8Array {
  const n = c.blocks
  const out = Buffer.alloc(HEADER_BYTES + BLOCK_ENTRY_BYTES * n)
  let at = HEADER_BYTES
  for (const column of [c.minTime, c.maxTime, c.offset, c.length, c.count, c.relative, c.bits]) {
    const bytes = new Uint8Array(column.buffer, column.byteOffset, n * column.BYTES_PER_ELEMENT)
    out.set(bytes, at)
    at += bytes.length
  }
  out.set(MAGIC)
  out.writeUInt16LE(VERSION, 8)
  out.writeUInt32LE(HEADER_BYTES, 12)
  out.writeDoubleLE(c.segment.firstSeq, 16)
  out.writeUInt32LE(c.segment.again, 24)
  out.writeUInt32LE(c.epoch, 28)
  out.writeDoubleLE(size, 32)
  out.writeDoubleLE(c.end, 40)
  out.writeDoubleLE(before, 48)
  out.writeDoubleLE(c.maxReceived, 56)
  out.writeUInt32LE(n, 64)
  out.writeUInt32LE(tail, 68)
  out.writeUInt32LE(crc32(out.subarray(HEADER_BYTES)), 72)
  out.writeUInt32LE(crc32(out.subarray(0, 92)), 92)
  return out
}

/** Null when the bytes are no catalogue, or not that of this segment as it stands. */
function decode(bytes: Uint8Array, name: SegmentName, { size, tail }: Identity, before: number): Catalogue | null {
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (b.length < HEADER_BYTES || b.compare(MAGIC, 0, 8, 0, 8) !== 0 || crc32(b.subarray(0, 92)) !== b.readUInt32LE(92)) return null
  const n = b.readUInt32LE(64)
  if (b.readUInt16LE(8) !== VERSION || b.length !== HEADER_BYTES + BLOCK_ENTRY_BYTES * n) return null
  if (b.readDoubleLE(16) !== name.firstSeq || b.readUInt32LE(24) !== name.again || b.readDoubleLE(48) !== before) return null
  if (b.readDoubleLE(32) !== size || b.readUInt32LE(68) !== tail || crc32(b.subarray(HEADER_BYTES)) !== b.readUInt32LE(72)) return null
  const c = new Catalogue(name)
  c.epoch = b.readUInt32LE(28)
  c.end = b.readDoubleLE(40)
  c.nextSeq = before
  c.maxReceived = b.readDoubleLE(56)
  c.blocks = n
  c.filed = true
  const body = new Uint8Array(b.subarray(HEADER_BYTES)).buffer
  c.minTime = new Float64Array(body, 0, n)
  c.maxTime = new Float64Array(body, 8 * n, n)
  c.offset = new Uint32Array(body, 16 * n, n)
  c.length = new Uint32Array(body, 20 * n, n)
  c.count = new Uint32Array(body, 24 * n, n)
  c.relative = new Uint32Array(body, 28 * n, n)
  c.bits = new Uint16Array(body, 32 * n, n)
  for (let i = 0; i < n; i++) c.records += c.count[i]
  return c
}

/**
 * The catalogue of a closed segment, the next one of which begins with record `before`, from its file; null when there is none that
 * can be trusted: its own checksums, its version, and the segment's name, epoch, size and last bytes must be right.
 */
export function readCatalogue(disk: Disk, places: Places, name: SegmentName, file: DiskFile, before: number): Catalogue | null {
  let bytes: Uint8Array
  try {
    bytes = readWhole(disk, `${places.segments}/${catalogueName(name.name)}`, Number.POSITIVE_INFINITY)
  } catch {
    return null
  }
  const c = decode(bytes, name, identify(file), before)
  if (c === null) return null
  const head = new Uint8Array(SEGMENT_HEADER_BYTES)
  const own = readSegmentHeader(head.subarray(0, file.read(head, 0)), name.name)
  return own !== null && own.epoch === c.epoch && own.firstSeq === name.firstSeq ? c : null
}

/**
 * Writes the catalogue of a closed segment. A segment with damage gets none, so that it is looked at each time. Nothing depends on
 * it: when the disk refuses, there is none.
 */
export async function writeCatalogue(disk: Disk, places: Places, c: Catalogue): Promise<void> {
  if (c.holes.length > 0 || c.epoch === 0) return
  const path = `${places.segments}/${catalogueName(c.segment.name)}`
  try {
    const file = disk.open(`${places.segments}/${c.segment.name}`, 'read')
    let bytes: Uint8Array
    try {
      bytes = encode(c, identify(file), c.nextSeq)
    } finally {
      file.close()
    }
    await replaceFile(disk, path, bytes)
  } catch {
    await disk.unlink(`${path}.new`).catch(() => {})
  }
}

/** Deletes a segment's catalogue, if there is one. */
export async function removeCatalogue(disk: Disk, places: Places, segment: string): Promise<void> {
  try {
    await disk.unlink(`${places.segments}/${catalogueName(segment)}`)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
