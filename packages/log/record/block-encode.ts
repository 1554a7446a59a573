import { constants, zstdCompressSync } from 'node:zlib'

import type { Batch, Dictionary } from './batch.ts'
import { NO_PRIORITY } from './batch.ts'
import { assembleBlock, BLOCK_KIND, CODEC, SECTION } from './block-format.ts'
import { COLUMN, WIDTH } from './columns.ts'
import type { FilterBuilder } from './filter-builder.ts'

export interface EncodeOptions {
  /** zstd level of the arena and the columns, or 'raw' for no compression (under pressure). */
  level: number | 'raw'
  /** Builds the filters that let a search skip this block; null leaves them out. */
  filter: FilterBuilder | null
  /** Name of the listener that received the records, kept in the block. */
  listener: string
}

type Part = { id: number; codec: number; rawLength: number; bytes: Uint8Array }

const bytesOf = (a: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) =>
  Buffer.from(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength)

/** The most that zstd makes of so many bytes (ZSTD_compressBound): with room for all of it, it compresses in one pass and copies nothing. */
function bound(length: number): number {
  return length + (length >>> 8) + (length < 131_072 ? (131_072 - length) >>> 11 : 0)
}

function section(id: number, raw: Uint8Array, level: number | 'raw'): Part {
  if (level !== 'raw' && raw.length >= 256) {
    const bytes = zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: level }, chunkSize: bound(raw.length) })
    if (bytes.length < raw.length) return { id, codec: CODEC.zstd, rawLength: raw.length, bytes }
  }
  return { id, codec: CODEC.raw, rawLength: raw.length, bytes: raw }
}

/**
 * The block of a batch: self-describing bytes for disk, spool and wire (docs/formats/block.md). The batch is only read; the
 * result is memory of its own. An empty batch gives a block of no records.
 */
export function encodeBlock(batch: Batch, options: EncodeOptions): Uint8Array {
  const n = batch.count
  const arena = batch.arena.subarray(0, batch.arenaUsed)
  const { level } = options
  const parts: Part[] = [
    section(SECTION.meta, Buffer.from(JSON.stringify({ listener: options.listener })), 'raw'),
    section(SECTION.hosts, encodeDictionary(batch.hosts, batch.host, n), level),
    section(SECTION.apps, encodeDictionary(batch.apps, batch.app, n), level),
    section(SECTION.sources, encodeDictionary(batch.sources, batch.source, n), level),
    section(SECTION.columns, encodeColumns(batch), level),
    section(SECTION.arena, arena, level),
  ]
  if (options.filter !== null && n > 0) {
    const { trigrams, addresses } = options.filter.build(arena, textCuts(batch))
    parts.push(section(SECTION.trigrams, trigrams, 'raw'), section(SECTION.tokens, addresses, 'raw'))
  }
  const [minTime, maxTime] = extent(batch.time, n)
  const [minReceived, maxReceived] = extent(batch.received, n)
  let severityBits = 0
  let kindBits = 0
  for (let i = 0; i < n; i++) {
    severityBits |= batch.priority[i] === NO_PRIORITY ? 256 : 1 << (batch.priority[i] & 7)
    kindBits |= 1 << batch.kind[i]
  }
  const block = assembleBlock({
    kind: BLOCK_KIND.records,
    count: n,
    minTime,
    maxTime,
    minReceived,
    maxReceived,
    severityBits,
    kindBits,
    arenaBytes: arena.length,
    sections: parts,
  })
  for (const part of parts) letGo(part)
  return block
}

/**
 * Frees the compressor's result, which lies in a buffer as long as its input: left to the collector of garbage, many megabytes of
 * them would be dead before it looks. Small ones lie in the pool that all buffers share, and stay.
 */
function letGo({ codec, rawLength, bytes }: Part): void {
  const buffer = bytes.buffer as ArrayBuffer
  if (codec === CODEC.zstd && buffer.byteLength === bound(rawLength) && rawLength > Buffer.poolSize) buffer.transfer(0)
}

/** A block that carries the account of the sources instead of records; `payload` is the ledger's own encoding. */
export function encodeLedgerBlock(payload: Uint8Array, now: number): Uint8Array {
  return assembleBlock({
    kind: BLOCK_KIND.ledger,
    count: 0,
    minTime: now,
    maxTime: now,
    minReceived: now,
    maxReceived: now,
    severityBits: 0,
    kindBits: 0,
    arenaBytes: 0,
    sections: [section(SECTION.payload, payload, 3)],
  })
}

/** Where records and their messages begin: a number at a field's edge is whole there, whatever stands beside it in the arena. */
function textCuts({ offset, message, count, arenaUsed }: Batch): Uint32Array {
  const cuts = new Uint32Array(2 * count + 1)
  for (let i = 0; i < count; i++) {
    cuts[2 * i] = offset[i]
    cuts[2 * i + 1] = Math.min(offset[i] + message[i], offset[i + 1])
  }
  cuts[2 * count] = arenaUsed
  return cuts
}

function extent(values: Float64Array, n: number): [number, number] {
  let least = n > 0 ? values[0] : 0
  let greatest = least
  for (let i = 1; i < n; i++) {
    const t = values[i]
    if (t < least) least = t
    else if (t > greatest) greatest = t
  }
  return [least, greatest]
}

/** u32 entries, then per entry u32 records that have it, then per entry u16 length, then all bytes. Entry 0 is "absent". */
function encodeDictionary(dictionary: Dictionary, ids: Uint16Array, n: number): Uint8Array {
  const entries = dictionary.count
  let total = 4 + 6 * entries
  for (let i = 0; i < entries; i++) total += dictionary.length[i]
  const out = Buffer.allocUnsafe(total)
  const counts = new Uint32Array(entries)
  for (let i = 0; i < n; i++) counts[ids[i]]++
  out.writeUInt32LE(entries, 0)
  bytesOf(counts).copy(out, 4)
  bytesOf(dictionary.length.subarray(0, entries)).copy(out, 4 + 4 * entries)
  let at = 4 + 6 * entries
  for (let i = 0; i < entries; i++) {
    const start = dictionary.start[i]
    for (let k = 0; k < dictionary.length[i]; k++) out[at++] = dictionary.bytes[start + k]
  }
  return out
}

/** The columns one after another, each as u8 id, u8 width code, u16 0, u32 bytes, then its values. Constant columns take one value. */
function encodeColumns(batch: Batch): Uint8Array {
  const n = batch.count
  const columns: Buffer[] = []
  const put = (id: number, width: number, values: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) => {
    const head = Buffer.alloc(8)
    head[0] = id
    head[1] = width
    head.writeUInt32LE(values.byteLength, 4)
    columns.push(head, bytesOf(values))
  }
  const putIds = (id: number, ids: Uint16Array, entries: number) => {
    if (entries > 256) return putFixed(id, ids, WIDTH.u16)
    putFixed(id, Uint8Array.from(ids.subarray(0, n)), WIDTH.u8)
  }
  const putFixed = (id: number, values: Uint8Array | Uint16Array | Uint32Array, width: number) => {
    const used = values.subarray(0, n)
    if (n > 0 && constant(used)) put(id, width | WIDTH.constant, used.subarray(0, 1))
    else put(id, width, used)
  }
  const putLengths = (id: number, values: Uint32Array) => {
    let most = 0
    for (let i = 0; i < n; i++) if (values[i] > most) most = values[i]
    if (most < 256) putFixed(id, Uint8Array.from(values.subarray(0, n)), WIDTH.u8)
    else if (most < 65536) putFixed(id, Uint16Array.from(values.subarray(0, n)), WIDTH.u16)
    else putFixed(id, values, WIDTH.u32)
  }
  const lengths = new Uint32Array(n)
  let cut = false
  let odd = false
  for (let i = 0; i < n; i++) {
    lengths[i] = batch.offset[i + 1] - batch.offset[i]
    if (batch.trueLength[i] !== lengths[i]) cut = true
    if (batch.problem[i] !== 0) odd = true
  }
  put(COLUMN.time, ...encodeTimes(batch.time, n))
  put(COLUMN.received, ...encodeTimes(batch.received, n))
  putFixed(COLUMN.priority, batch.priority, WIDTH.u8)
  putFixed(COLUMN.kind, batch.kind, WIDTH.u8)
  putFixed(COLUMN.format, batch.format, WIDTH.u8)
  putFixed(COLUMN.flags, batch.flags, WIDTH.u16)
  putIds(COLUMN.host, batch.host, batch.hosts.count)
  putIds(COLUMN.app, batch.app, batch.apps.count)
  putIds(COLUMN.source, batch.source, batch.sources.count)
  putLengths(COLUMN.length, lengths)
  putLengths(COLUMN.message, batch.message)
  putLengths(COLUMN.pidAt, Uint32Array.from(batch.pidAt.subarray(0, n)))
  putFixed(COLUMN.pidLength, batch.pidLength, WIDTH.u8)
  if (odd) {
    putFixed(COLUMN.problem, batch.problem, WIDTH.u8)
    putLengths(COLUMN.problemAt, batch.problemAt)
  }
  if (cut) putFixed(COLUMN.trueLength, batch.trueLength, WIDTH.u32)
  return Buffer.concat(columns)
}

function constant(values: Uint8Array | Uint16Array | Uint32Array): boolean {
  const first = values[0]
  for (let i = 1; i < values.length; i++) if (values[i] !== first) return false
  return true
}

/** Differences as 32-bit integers after the first value as a double, where all fit; else doubles. */
function encodeTimes(times: Float64Array, n: number): [number, { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }] {
  const out = new ArrayBuffer(8 + 4 * n)
  new Float64Array(out, 0, 1)[0] = n > 0 ? times[0] : 0
  const deltas = new Int32Array(out, 8, n)
  let last = n > 0 ? times[0] : 0
  for (let i = 0; i < n; i++) {
    const d = times[i] - last
    const whole = d | 0
    if (whole !== d) return [WIDTH.f64, times.subarray(0, n)]
    deltas[i] = whole
    last = times[i]
  }
  return [WIDTH.delta32, { buffer: out, byteOffset: 0, byteLength: out.byteLength }]
}
