/** Columns in a block's columns section, by number. */
export const COLUMN = {
  time: 1,
  received: 2,
  priority: 3,
  kind: 4,
  format: 5,
  flags: 6,
  host: 7,
  app: 8,
  source: 9,
  length: 10,
  message: 11,
  pidAt: 12,
  pidLength: 13,
  problem: 14,
  problemAt: 15,
  trueLength: 16,
} as const

/** How a column's values are stored. `constant` is a bit beside the others: one value stands for all. */
export const WIDTH = { u8: 1, u16: 2, u32: 4, f64: 8, delta32: 16, constant: 128 } as const

/** The decoded columns of a block; those that a block leaves out are filled with what leaving out means. */
export interface Columns {
  readonly time: Float64Array
  readonly received: Float64Array
  readonly priority: Uint8Array
  readonly kind: Uint8Array
  readonly format: Uint8Array
  readonly flags: Uint16Array
  readonly host: Uint16Array
  readonly app: Uint16Array
  readonly source: Uint16Array
  /** Where each record starts in the arena; one more than there are records. */
  readonly offset: Uint32Array
  readonly message: Uint32Array
  readonly pidAt: Uint16Array
  readonly pidLength: Uint8Array
  readonly problem: Uint8Array
  readonly problemAt: Uint32Array
  readonly trueLength: Uint32Array
}

type Values = Uint8Array | Uint16Array | Uint32Array

/** Decodes a columns section; null when its structure is not sound (the checksum was right, so: written by a bug or an attacker). */
export function decodeColumns(raw: Uint8Array, n: number): Columns | null {
  const found = new Map<number, { width: number; at: number; bytes: number }>()
  let at = 0
  while (at + 8 <= raw.length) {
    const bytes = raw[at + 4] | (raw[at + 5] << 8) | (raw[at + 6] << 16) | (raw[at + 7] * 0x1000000)
    if (bytes < 0 || at + 8 + bytes > raw.length) return null
    found.set(raw[at], { width: raw[at + 1], at: at + 8, bytes })
    at += 8 + bytes
  }
  if (at !== raw.length) return null
  let sound = true
  const read = <T extends Values>(id: number, out: T): T => {
    const column = found.get(id)
    if (column !== undefined && !fill(raw, column, out)) sound = false
    return out
  }
  const times = (id: number) => {
    const column = found.get(id)
    const out = new Float64Array(n)
    if (column === undefined || !fillTimes(raw, column, out)) sound = false
    return out
  }
  const lengths = read(COLUMN.length, new Uint32Array(n))
  const offset = new Uint32Array(n + 1)
  for (let i = 0; i < n; i++) offset[i + 1] = offset[i] + lengths[i]
  const columns: Columns = {
    time: times(COLUMN.time),
    received: times(COLUMN.received),
    priority: read(COLUMN.priority, new Uint8Array(n)),
    kind: read(COLUMN.kind, new Uint8Array(n)),
    format: read(COLUMN.format, new Uint8Array(n)),
    flags: read(COLUMN.flags, new Uint16Array(n)),
    host: read(COLUMN.host, new Uint16Array(n)),
    app: read(COLUMN.app, new Uint16Array(n)),
    source: read(COLUMN.source, new Uint16Array(n)),
    offset,
    message: read(COLUMN.message, new Uint32Array(n)),
    pidAt: read(COLUMN.pidAt, new Uint16Array(n)),
    pidLength: read(COLUMN.pidLength, new Uint8Array(n)),
    problem: read(COLUMN.problem, new Uint8Array(n)),
    problemAt: read(COLUMN.problemAt, new Uint32Array(n)),
    trueLength: found.has(COLUMN.trueLength) ? read(COLUMN.trueLength, new Uint32Array(n)) : lengths,
  }
  return sound ? columns : null
}

function fill(raw: Uint8Array, column: { width: number; at: number; bytes: number }, out: Values): boolean {
  const width = column.width & 127
  const constant = (column.width & WIDTH.constant) !== 0
  if (width !== 1 && width !== 2 && width !== 4) return false
  if (column.bytes !== width * (constant ? 1 : out.length)) return false
  if (!constant && width === out.BYTES_PER_ELEMENT) {
    new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(raw.subarray(column.at, column.at + column.bytes))
    return true
  }
  const value = (i: number) => {
    const at = column.at + i * width
    if (width === 1) return raw[at]
    if (width === 2) return raw[at] | (raw[at + 1] << 8)
    return (raw[at] | (raw[at + 1] << 8) | (raw[at + 2] << 16) | (raw[at + 3] << 24)) >>> 0
  }
  if (constant) out.fill(value(0))
  else for (let i = 0; i < out.length; i++) out[i] = value(i)
  return true
}

function fillTimes(raw: Uint8Array, column: { width: number; at: number; bytes: number }, out: Float64Array): boolean {
  const v = new DataView(raw.buffer, raw.byteOffset + column.at, column.bytes)
  if (column.width === WIDTH.f64) {
    if (column.bytes !== 8 * out.length) return false
    for (let i = 0; i < out.length; i++) out[i] = v.getFloat64(8 * i, true)
    return true
  }
  if (column.width !== WIDTH.delta32 || column.bytes !== 8 + 4 * out.length) return false
  let last = v.getFloat64(0, true)
  for (let i = 0; i < out.length; i++) {
    last += v.getInt32(8 + 4 * i, true)
    out[i] = last
  }
  return true
}
