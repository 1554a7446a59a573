import { FORMAT, Header, parseHeader, PROBLEMS, readStructuredData, zone } from '../wire/index.ts'
import type { BlockRows, FieldColumn } from './block-rows.ts'

/** Names of problems by number; the first is "none". */
export const PROBLEM_TEXTS: readonly string[] = PROBLEMS

/**
 * Fields that are not stored: they are read again from the bytes when somebody asks for them (law 1), row by row. A name that is
 * sent twice has its first value here; the bytes have both.
 */
export class Derived {
  private readonly rows: BlockRows
  private readonly header = new Header()
  private readonly context = { received: 0, zone: zone('UTC') }
  /** The row that was read last: its fields are mostly asked for one after another. */
  private row = -1
  private values = new Map<string, string>()
  /** Rows whose names were asked for: all of their fields are read next. */
  private readonly kept = new Map<number, Map<string, string>>()

  constructor(rows: BlockRows) {
    this.rows = rows
  }

  /** The fields of one row, none of them empty; valid until the next call. */
  of(i: number): ReadonlyMap<string, string> {
    if (i !== this.row) {
      this.values = this.kept.get(i) ?? this.read(i)
      this.row = i
    }
    return this.values
  }

  /** Names of the fields that the rows have; of all rows without `picked`. */
  names(picked?: Uint32Array): Set<string> {
    const names = new Set<string>()
    const many = picked?.length ?? this.rows.count
    for (let k = 0; k < many; k++) {
      const i = picked?.[k] ?? k
      for (const name of this.of(i).keys()) names.add(name)
      this.kept.set(i, this.values)
    }
    return names
  }

  private read(i: number): Map<string, string> {
    const values = new Map<string, string>()
    const { format, received } = this.rows.columns
    if (format[i] === FORMAT.raw) return values
    const bytes = this.rows.bytes(i)
    const { header } = this
    this.context.received = received[i]
    parseHeader(bytes, 0, bytes.length, this.context, header)
    const set = (name: string, value: string): void => {
      if (value !== '' && !values.has(name)) values.set(name, value)
    }
    set('msg_id', text(bytes, header.msgidStart, header.msgidEnd))
    set('tag', text(bytes, header.tagStart, header.tagEnd))
    if (header.sequence >= 0) set('sequence', String(header.sequence))
    if (header.dataEnd <= header.dataStart) return values
    for (const element of readStructuredData(bytes, header.dataStart, header.dataEnd)) {
      for (const [name, value] of element.params) set(`${element.id}.${name}`, value)
    }
    return values
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return end > start ? Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8') : ''
}

/** One derived field, read when a row of it is asked for; empty in all rows when none of them has it. */
export function derivedColumn(derived: Derived, name: string): FieldColumn {
  return { text: (i) => derived.of(i).get(name) ?? '' }
}
