import { crc32 } from 'node:zlib'

import { CodedError } from '@pullbox/log/errors'

/** Version of the directory and of the segment file; docs/formats/segment.md describes each byte. */
export const SEGMENT_VERSION = 1
export const SEGMENT_HEADER_BYTES = 64
/** First bytes of a segment file. */
export const SEGMENT_MAGIC = Uint8Array.of(0x89, 0x50, 0x42, 0x53, 0x0d, 0x0a, 0x1a, 0x0a)

export interface SegmentHeader {
  readonly firstSeq: number
  /** Drawn at random for this file; each of its blocks carries it, so that bytes that only look like a block are not taken for one. */
  readonly epoch: number
  /** Microseconds since 1970. */
  readonly created: number
}

export function encodeSegmentHeader(h: SegmentHeader): Uint8Array {
  const out = new Uint8Array(SEGMENT_HEADER_BYTES)
  out.set(SEGMENT_MAGIC)
  const v = new DataView(out.buffer)
  v.setUint16(8, SEGMENT_VERSION, true)
  v.setUint32(12, SEGMENT_HEADER_BYTES, true)
  v.setFloat64(16, h.firstSeq, true)
  v.setUint32(24, h.epoch, true)
  v.setFloat64(32, h.created, true)
  v.setUint32(60, crc32(out.subarray(0, 60)), true)
  return out
}

/** The header, or null when it is damaged or short. Throws STORE_NEWER_VERSION when it is sound and newer than this program. */
export function readSegmentHeader(bytes: Uint8Array, name: string): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES) return null
  for (let i = 0; i < 8; i++) if (bytes[i] !== SEGMENT_MAGIC[i]) return null
  const v = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES)
  if (crc32(bytes.subarray(0, 60)) !== v.getUint32(60, true)) return null
  const version = v.getUint16(8, true)
  if (version > SEGMENT_VERSION) throw newerVersion(name, version)
  return { firstSeq: v.getFloat64(16, true), epoch: v.getUint32(24, true), created: v.getFloat64(32, true) }
}

export function newerVersion(at: string, version: number): CodedError {
  return new CodedError('STORE_NEWER_VERSION', `the store has version ${version}; this program reads up to ${SEGMENT_VERSION}`, {
    at,
    hint: 'use the newer Pullbox that wrote it, or export it with that one',
  })
}

export const formatText = `pullbox segments ${SEGMENT_VERSION}\n`

/** The version that the `format` file names, or null when it is not such a file. */
export function parseFormat(bytes: Uint8Array): number | null {
  const m = /^pullbox segments (\d{1,6})\n$/.exec(Buffer.from(bytes).toString('latin1'))
  return m === null ? null : Number(m[1])
}

/** First bytes of a mark. */
export const MARK_MAGIC = Uint8Array.of(0x89, 0x50, 0x42, 0x4d, 0x0d, 0x0a, 0x1a, 0x0a)
export const MARK_BYTES = 32

/** Stands before what is written after a sync: all of the segment before it was synced, and holds the records below `nextSeq`. */
export interface Mark {
  readonly epoch: number
  /** Where the mark itself stands. */
  readonly at: number
  readonly nextSeq: number
}

export function encodeMark(mark: Mark): Uint8Array {
  const out = new Uint8Array(MARK_BYTES)
  out.set(MARK_MAGIC)
  const v = new DataView(out.buffer)
  v.setUint32(8, mark.epoch, true)
  v.setUint32(12, mark.at, true)
  v.setFloat64(16, mark.nextSeq, true)
  v.setUint32(28, crc32(out.subarray(0, 28)), true)
  return out
}

export function isMark(bytes: Uint8Array): boolean {
  for (let i = 0; i < 8; i++) if (bytes[i] !== MARK_MAGIC[i]) return false
  return true
}

/** The mark, or null when it is damaged or short. */
export function readMark(bytes: Uint8Array): Mark | null {
  if (bytes.length < MARK_BYTES || !isMark(bytes)) return null
  const v = new DataView(bytes.buffer, bytes.byteOffset, MARK_BYTES)
  if (crc32(bytes.subarray(0, 28)) !== v.getUint32(28, true)) return null
  return { epoch: v.getUint32(8, true), at: v.getUint32(12, true), nextSeq: v.getFloat64(16, true) }
}

/** How far a segment is known to be whole: all bytes below `size` were synced, and hold all records of it below `nextSeq`. */
export interface GoodMark {
  readonly segment: string
  readonly size: number
  readonly nextSeq: number
}

export function goodText(mark: GoodMark): string {
  const text = `good ${mark.segment} ${mark.size} ${mark.nextSeq}`
  return `${text} ${crc32(text)}\n`
}

export function parseGood(bytes: Uint8Array): GoodMark | null {
  const m = /^(good (\S{1,40}) (\d{1,16}) (\d{1,16})) (\d{1,10})\n$/.exec(Buffer.from(bytes).toString('latin1'))
  if (m === null || crc32(m[1]) !== Number(m[5])) return null
  return { segment: m[2], size: Number(m[3]), nextSeq: Number(m[4]) }
}

/** Notes that retention took, or is about to take, all records below this number. */
export function goneText(nextSeq: number): string {
  const text = `gone ${nextSeq}`
  return `${text} ${crc32(text)}\n`
}

export function parseGone(bytes: Uint8Array): number | null {
  const m = /^(gone (\d{1,16})) (\d{1,10})\n$/.exec(Buffer.from(bytes).toString('latin1'))
  return m === null || crc32(m[1]) !== Number(m[3]) ? null : Number(m[2])
}

/** A checkpoint in its ledger block: the last record that it counts, then the ledger's own bytes. */
export function encodeCheckpoint(through: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + payload.length)
  new DataView(out.buffer).setFloat64(0, through, true)
  out.set(payload, 8)
  return out
}

export function decodeCheckpoint(bytes: Uint8Array): { through: number; payload: Uint8Array } | null {
  if (bytes.length < 8) return null
  const through = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true)
  if (!Number.isSafeInteger(through) || through < 0) return null
  return { through, payload: bytes.subarray(8) }
}
