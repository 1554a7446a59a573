import { FORMAT, Header, parseHeader, PROBLEMS, readStructuredData, zone } from '../wire/index.ts'
import type { BlockRows, FieldColumn } from './block-rows.ts'

/** Names of problems by number; the first is "none". */
export const PROBLEM_TEXTS: readonly string[] = PROBLEMS

/** Fields that are not stored: they are read again from the bytes when somebody asks for them (law 1). */
export class Derived {
  readonly values = new Map<string, string[]>()

  constructor(rows: BlockRows) {
    const header = new Header()
    const context = { received: 0, zone: zone('UTC') }
    const { format, received } = rows.columns
    for (let i = 0; i < rows.count; i++) {
      const bytes = rows.bytes(i)
      context.received = received[i]
      if (format[i] === FORMAT.raw) continue
      parseHeader(bytes, 0, bytes.length, context, header)
      this.set(rows.count, i, 'msg_id', text(bytes, header.msgidStart, header.msgidEnd))
      this.set(rows.count, i, 'tag', text(bytes, header.tagStart, header.tagEnd))
      if (header.sequence >= 0) this.set(rows.count, i, 'sequence', String(header.sequence))
      if (header.dataEnd <= header.dataStart) continue
      for (const element of readStructuredData(bytes, header.dataStart, header.dataEnd)) {
        for (const [name, value] of element.params) this.set(rows.count, i, `${element.id}.${name}`, value)
      }
    }
  }

  private set(count: number, i: number, name: string, value: string): void {
    if (value === '') return
    let column = this.values.get(name)
    if (column === undefined) {
      column = Array.from({ length: count }, () => '')
      this.values.set(name, column)
    }
    // A name that is sent twice keeps its first value here; the bytes have both.
    if (column[i] === '') column[i] = value
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return end > start ? Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8') : ''
}

/** One derived field of some rows, or null when none of them has it. */
export function derivedColumn(derived: Derived, name: string): FieldColumn | null {
  const values = derived.values.get(name)
  return values === undefined ? null : { text: (i) => values[i] }
}
