import { crc32 } from 'node:zlib'

import { CodedError } from '../errors.ts'

// docs/formats/block.md describes each of these bytes; a number once given never changes its meaning.

/** First bytes of every block: a byte that is not text, the name, and line ends that a text transfer would break. */
export const BLOCK_MAGIC = Uint8Array.of(0x89, 0x50, 0x42, 0x58, 0x0d, 0x0a, 0x1a, 0x0a)
export const BLOCK_VERSION = 1
/** Fixed part of the header; the table of sections follows. */
export const BLOCK_HEADER_BYTES = 128
/** One entry of the table of sections. */
export const SECTION_ENTRY_BYTES = 24
/** Most sections in one block. */
export const BLOCK_SECTIONS = 64
/** Longest block in bytes: the largest allowed batch, uncompressed, with all its columns. */
export const BLOCK_BYTES = 256 << 20

export const BLOCK_KIND = { records: 0, ledger: 1 } as const
export const SECTION = { meta: 1, columns: 2, hosts: 3, apps: 4, sources: 5, arena: 6, trigrams: 7, tokens: 8, payload: 9 } as const
export const CODEC = { raw: 0, zstd: 1 } as const

export interface Section {
  readonly id: number
  readonly codec: number
  /** From the block's first byte. */
  readonly offset: number
  /** Bytes as stored. */
  readonly length: number
  /** Bytes when decoded. */
  readonly rawLength: number
  /** CRC-32 of the bytes as stored. */
  readonly crc: number
}

export interface BlockHeader {
  readonly version: number
  readonly kind: number
  /** Bytes of the whole block. */
  readonly length: number
  /** Bytes of the header with its table. */
  readonly headerLength: number
  readonly count: number
  readonly epoch: number
  readonly firstSeq: number
  /** Microseconds since 1970. */
  readonly minTime: number
  readonly maxTime: number
  readonly minReceived: number
  readonly maxReceived: number
  /** Bit s is set when a record has severity s; bit 8 when one has none. */
  readonly severityBits: number
  /** Bit k is set when a record is of that kind (KIND). */
  readonly kindBits: number
  /** Bytes of all messages, uncompressed. */
  readonly arenaBytes: number
  readonly sections: readonly Section[]
}

/** Why bytes are not a block. */
export interface BlockDamage {
  readonly damage: 'short' | 'magic' | 'header' | 'version'
  /** For 'short': how many bytes are needed to say more. */
  readonly need: number
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What the header is written from; lengths and offsets of the sections are set here. */
export interface BlockParts {
  kind: number
  count: number
  minTime: number
  maxTime: number
  minReceived: number
  maxReceived: number
  severityBits: number
  kindBits: number
  arenaBytes: number
  sections: { id: number; codec: number; rawLength: number; bytes: Uint8Array }[]
}

/** Lays the block out: header, table, sections. Sequence number and epoch are 0 until {@link stampBlock}. */
export function assembleBlock(parts: BlockParts): Uint8Array {
  const headerLength = BLOCK_HEADER_BYTES + SECTION_ENTRY_BYTES * parts.sections.length
  let total = headerLength
  for (const s of parts.sections) total += s.bytes.length
  const out = Buffer.allocUnsafeSlow(total)
  out.fill(0, 0, headerLength)
  out.set(BLOCK_MAGIC, 0)
  const v = view(out)
  v.setUint16(8, BLOCK_VERSION, true)
  v.setUint8(10, parts.kind)
  v.setUint8(11, parts.sections.length)
  v.setUint32(12, headerLength, true)
  v.setUint32(16, total, true)
  v.setUint32(20, parts.count, true)
  v.setFloat64(48, parts.minTime, true)
  v.setFloat64(56, parts.maxTime, true)
  v.setFloat64(64, parts.minReceived, true)
  v.setFloat64(72, parts.maxReceived, true)
  v.setUint16(80, parts.severityBits, true)
  v.setUint16(82, parts.kindBits, true)
  v.setUint32(84, parts.arenaBytes, true)
  let at = headerLength
  parts.sections.forEach((s, i) => {
    const e = BLOCK_HEADER_BYTES + SECTION_ENTRY_BYTES * i
    v.setUint16(e, s.id, true)
    v.setUint8(e + 2, s.codec)
    v.setUint32(e + 4, at, true)
    v.setUint32(e + 8, s.bytes.length, true)
    v.setUint32(e + 12, s.rawLength, true)
    v.setUint32(e + 16, crc32(s.bytes), true)
    out.set(s.bytes, at)
    at += s.bytes.length
  })
  sealHeader(out, headerLength)
  return out
}

function sealHeader(block: Uint8Array, headerLength: number): void {
  view(block).setUint32(124, headerCrc(block, headerLength), true)
}

function headerCrc(block: Uint8Array, headerLength: number): number {
  return crc32(block.subarray(BLOCK_HEADER_BYTES, headerLength), crc32(block.subarray(0, 124)))
}

/** Gives the block its place: the store's epoch and the sequence number of its first record; the header's checksum is renewed. */
export function stampBlock(block: Uint8Array, place: { epoch: number; firstSeq: number }): void {
  const v = view(block)
  v.setUint32(24, place.epoch, true)
  v.setFloat64(32, place.firstSeq, true)
  sealHeader(block, v.getUint32(12, true))
}

/**
 * Reads the header of the block that begins at `bytes[at]`; only the header and its table need to be there. Never throws on
 * damaged bytes: they are described. Throws nothing, allocates the header object only.
 */
export function readBlockHeader(bytes: Uint8Array, at = 0): BlockHeader | BlockDamage {
  const have = bytes.length - at
  if (have < BLOCK_HEADER_BYTES) return { damage: 'short', need: BLOCK_HEADER_BYTES }
  for (let i = 0; i < 8; i++) if (bytes[at + i] !== BLOCK_MAGIC[i]) return { damage: 'magic', need: 0 }
  const v = new DataView(bytes.buffer, bytes.byteOffset + at, have)
  const headerLength = v.getUint32(12, true)
  const sections = v.getUint8(11)
  if (headerLength < BLOCK_HEADER_BYTES || headerLength > BLOCK_HEADER_BYTES + 256 * SECTION_ENTRY_BYTES)
    return { damage: 'header', need: 0 }
  if (have < headerLength) return { damage: 'short', need: headerLength }
  if (headerCrc(bytes.subarray(at), headerLength) !== v.getUint32(124, true)) return { damage: 'header', need: 0 }
  if (v.getUint16(8, true) > BLOCK_VERSION) return { damage: 'version', need: 0 }
  if (headerLength !== BLOCK_HEADER_BYTES + SECTION_ENTRY_BYTES * sections) return { damage: 'header', need: 0 }
  const length = v.getUint32(16, true)
  const table: Section[] = []
  for (let i = 0; i < sections; i++) {
    const e = BLOCK_HEADER_BYTES + SECTION_ENTRY_BYTES * i
    const section = {
      id: v.getUint16(e, true),
      codec: v.getUint8(e + 2),
      offset: v.getUint32(e + 4, true),
      length: v.getUint32(e + 8, true),
      rawLength: v.getUint32(e + 12, true),
      crc: v.getUint32(e + 16, true),
    }
    if (section.offset < headerLength || section.offset + section.length > length || section.rawLength > BLOCK_BYTES)
      return { damage: 'header', need: 0 }
    table.push(section)
  }
  return {
    version: v.getUint16(8, true),
    kind: v.getUint8(10),
    length,
    headerLength,
    count: v.getUint32(20, true),
    epoch: v.getUint32(24, true),
    firstSeq: v.getFloat64(32, true),
    minTime: v.getFloat64(48, true),
    maxTime: v.getFloat64(56, true),
    minReceived: v.getFloat64(64, true),
    maxReceived: v.getFloat64(72, true),
    severityBits: v.getUint16(80, true),
    kindBits: v.getUint16(82, true),
    arenaBytes: v.getUint32(84, true),
    sections: table,
  }
}

/** True when {@link readBlockHeader} gave damage. */
export function isDamage(header: BlockHeader | BlockDamage): header is BlockDamage {
  return 'damage' in header
}

/** A section's bytes did not have the checksum that the header names. */
export function sectionDamaged(section: Section, header: BlockHeader): CodedError {
  return new CodedError(
    'BLOCK_SECTION_DAMAGED',
    `section ${section.id} of the block with records ${header.firstSeq}..${header.firstSeq + header.count - 1} has a wrong checksum`,
    {
      at: `bytes ${section.offset}..${section.offset + section.length} of the block`,
      hint: 'pullbox store fsck names the damage and moves it aside; all other blocks stay readable',
    },
  )
}
