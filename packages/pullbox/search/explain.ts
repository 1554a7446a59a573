import { CodedError } from '@pullbox/log/errors'
import { formatTime, recordView } from '@pullbox/log/record'
import { FLAG, FORMAT_NAMES, Header, parseHeader, READER_VERSION, readStructuredData, zone } from '@pullbox/log/wire'
import type { StoredRecord } from '@pullbox/store/records'

/** One field of a record and whence it comes; `explainView` of the API. */
export interface ExplainedField {
  name: string
  value: string
  from: string
  /** `from <= b < to`, counted from the record's first byte. */
  bytes: [number, number] | null
  note?: string
}

/** A record with its bytes, and how each field came; `explainView` of the API. */
export interface Explanation {
  record: Record<string, unknown>
  bytes_base64: string
  fields: ExplainedField[]
  store: {
    seq: number
    segment: string | null
    block: { from: number; to: number; first_seq: number; last_seq: number } | null
  }
}

type Span = readonly [number, number]

/** What finds records by their number; stores and their readers are such. */
export interface Lookup {
  get(seq: number): StoredRecord | { readonly unreadable: true; readonly reason: string } | null
  /** Where the block that holds the record lies: name of the file and its bytes there. */
  place?(seq: number): { readonly segment: string; readonly from: number; readonly to: number } | null
}

const ASSUMED: readonly (readonly [number, string])[] = [
  [FLAG.timeReceived, 'the message has no time that can be read: this is when it was received'],
  [FLAG.yearAssumed, 'the year was not sent: it is the one nearest to the receive time'],
  [FLAG.zoneAssumed, 'the zone was not sent: it is the one of the source, or UTC'],
  [FLAG.clockUnsure, 'the device says that its clock is not synchronised'],
]

/**
 * A record with its bytes, and how each field came; null when there is none of that id. Offsets count from the record's first byte.
 * @throws STORE_BLOCK_DAMAGED when the record is there and can't be read
 */
export function explainRecord(store: Lookup, id: string): Explanation | null {
  const seq = Number(id)
  if (!/^[0-9]{1,16}$/.test(id) || !Number.isSafeInteger(seq)) return null
  const found = store.get(seq)
  if (found === null) return null
  if ('unreadable' in found)
    throw new CodedError('STORE_BLOCK_DAMAGED', found.reason, { at: `record ${id}`, hint: 'pullbox store fsck names all damage' })
  const bytes = Uint8Array.from(found.rows.bytes(found.row))
  const { header } = found
  const place = store.place?.(seq) ?? null
  return {
    record: recordOf(found, id),
    bytes_base64: Buffer.from(bytes).toString('base64'),
    fields: new Explained(found, bytes).fields(),
    store: {
      seq,
      segment: place?.segment ?? null,
      block: {
        from: place?.from ?? 0,
        to: place?.to ?? header.length,
        first_seq: header.firstSeq,
        last_seq: header.firstSeq + header.count - 1,
      },
    },
  }
}

function recordOf({ rows, row }: StoredRecord, id: string): Explanation['record'] {
  const fields = new Map<string, string>()
  for (const name of rows.names()) fields.set(name, rows.column(name)?.text(row) ?? '')
  return { ...recordView(id, fields) }
}

class Explained {
  private readonly stored: StoredRecord
  private readonly bytes: Uint8Array
  private readonly header = new Header()
  private readonly reader: string
  private readonly out: ExplainedField[] = []

  constructor(stored: StoredRecord, bytes: Uint8Array) {
    this.stored = stored
    this.bytes = bytes
    const { columns } = stored.rows
    // Positions do not depend on the zone; the time itself is taken from the columns.
    parseHeader(bytes, 0, bytes.length, { received: columns.received[stored.row], zone: zone('UTC') }, this.header)
    this.reader = `${FORMAT_NAMES[columns.format[stored.row]] ?? 'unknown'} v${READER_VERSION}`
  }

  fields(): ExplainedField[] {
    const { rows, row } = this.stored
    const { columns } = rows
    const h = this.header
    const offset = columns.offset[row]
    this.add('type', this.text('type'), 'received', null)
    this.add('received', formatTime(columns.received[row]), 'received', null, 'clock of this machine, or of its kernel')
    this.add('source', this.text('source'), 'received', null)
    this.add('_time', formatTime(columns.time[row]), ...this.timeOrigin(columns.flags[row]))
    this.parsed('host', [h.hostStart, h.hostEnd])
    this.parsed('app', [h.appStart, h.appEnd])
    this.parsed('pid', [h.pidStart, h.pidEnd])
    const priority = this.prioritySpan()
    for (const name of ['priority', 'facility', 'severity']) this.parsed(name, priority)
    this.parsed('msg_id', [h.msgidStart, h.msgidEnd])
    this.parsed('tag', [h.tagStart, h.tagEnd])
    this.parsed('sequence', this.sequenceSpan())
    const [from, to] = rows.messageSpan(row)
    this.parsed(
      '_msg',
      [from - offset, to - offset],
      (columns.flags[row] & FLAG.bom) === 0 ? undefined : 'a byte order mark before it is left out',
    )
    this.structured()
    this.limits(columns.flags[row])
    return this.out
  }

  private timeOrigin(flags: number): [from: string, bytes: Span | null, note: string | undefined] {
    const notes = ASSUMED.filter(([bit]) => (flags & bit) !== 0).map(([, text]) => text)
    const sent = (flags & FLAG.timeReceived) === 0
    const span: Span = [this.header.timeStart, this.header.timeEnd]
    return [sent ? this.reader : 'received', span[1] > span[0] ? span : null, notes.length === 0 ? undefined : notes.join('; ')]
  }

  private limits(flags: number): void {
    const { rows, row } = this.stored
    const { columns } = rows
    this.add(
      'format',
      this.text('format'),
      this.reader,
      null,
      (flags & FLAG.ambiguous) === 0 ? undefined : 'can be read in more than one way: only what all readings share is given',
    )
    if (columns.problem[row] !== 0) {
      const at = columns.problemAt[row]
      this.add('parse.problem', this.text('parse.problem'), this.reader, [at, Math.min(at + 1, this.bytes.length)])
    }
    if ((flags & FLAG.truncated) === 0) return
    this.add(
      'truncated.total',
      this.text('truncated.total'),
      'received',
      null,
      `${this.bytes.length} bytes are kept: the limit for a message`,
    )
  }

  /** One line for each param; the record shows the first of those with the same name. */
  private structured(): void {
    const { dataStart, dataEnd } = this.header
    if (this.stored.rows.columns.format[this.stored.row] === 0 || dataEnd <= dataStart) return
    const seen = new Set<string>()
    const data = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, dataEnd)
    let at = dataStart
    for (const { id, params, lenient } of readStructuredData(this.bytes, dataStart, dataEnd)) {
      for (const [param, value] of params) {
        const name = `${id}.${param}`
        const span = lenient ? null : paramSpan(data, at, param)
        if (span !== null) at = span[1]
        const notes = [
          lenient ? 'the data breaks RFC 5424 6.3 and was read by a forgiving rule' : '',
          seen.has(name) ? 'sent again: the record shows the first' : '',
        ]
        seen.add(name)
        this.add(name, value, this.reader, span ?? [dataStart, dataEnd], notes.filter((n) => n !== '').join('; ') || undefined)
      }
    }
  }

  private prioritySpan(): Span {
    const start = Buffer.from(this.bytes.subarray(0, 16)).toString('latin1')
    const found = /<(\d{1,3})>/.exec(start)
    return found === null ? [0, 0] : [found.index, found.index + found[0].length]
  }

  private sequenceSpan(): Span {
    const { sequence, dataStart, dataEnd, messageStart } = this.header
    if (sequence < 0) return [0, 0]
    const bytes = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    if (dataEnd > dataStart) return paramSpan(bytes.subarray(0, dataEnd), dataStart, 'sequenceId') ?? [dataStart, dataEnd]
    const digits = String(sequence)
    const at = bytes.indexOf(digits, this.prioritySpan()[1])
    return at < 0 || at >= messageStart ? [0, 0] : [at, at + digits.length]
  }

  private parsed(name: string, span: Span, note?: string): void {
    const value = this.text(name)
    if (value !== '') this.add(name, value, this.reader, span[1] > span[0] ? span : null, note)
  }

  private text(name: string): string {
    return this.stored.rows.column(name)?.text(this.stored.row) ?? ''
  }

  private add(name: string, value: string, from: string, bytes: Span | null, note?: string): void {
    this.out.push({ name, value, from, bytes: bytes === null ? null : [bytes[0], bytes[1]], ...(note === undefined ? {} : { note }) })
  }
}

/** The value of the first ` name="value"` from `at` on, without its quotes. */
function paramSpan(data: Buffer, at: number, name: string): Span | null {
  const found = data.indexOf(` ${name}="`, at)
  if (found < 0) return null
  const from = found + Buffer.byteLength(name) + 3
  let to = from
  // A backslash before a quote, a backslash or a bracket escapes it (RFC 5424 6.3.3).
  while (to < data.length && data[to] !== 34) to += data[to] === 92 && [34, 92, 93].includes(data[to + 1]) ? 2 : 1
  return to < data.length ? [from, to] : null
}
