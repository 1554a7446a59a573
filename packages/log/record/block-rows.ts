import { isUtf8 } from 'node:buffer'

import { FLAG, FORMAT_NAMES } from '../wire/header.ts'
import { SEVERITIES } from '../wire/index.ts'
import { KIND_NAMES, NO_PRIORITY } from './batch.ts'
import type { BlockReader } from './block-read.ts'
import { DICTIONARY } from './block-read.ts'
import type { Columns } from './columns.ts'
import { Derived, derivedColumn, PROBLEM_TEXTS } from './derived.ts'
import { formatTime } from './time-text.ts'

/** One field of a block's records; see `Column` of the query engine, whose form this has. */
export interface FieldColumn {
  text(i: number): string
  readonly dictionary?: { readonly values: readonly string[]; readonly ids: Uint8Array | Uint16Array | Uint32Array }
  readonly arena?: { readonly bytes: Uint8Array; readonly start: Uint32Array; readonly end: Uint32Array }
}

/** Other products' names for our fields, so that their queries work here. They are not listed among the names. */
const ALIASES: Record<string, string> = { hostname: 'host', app_name: 'app', proc_id: 'pid', level: 'severity', message: '_msg' }

const BASE_NAMES = ['_time', '_msg', 'type', 'received', 'source', 'host', 'app', 'pid', 'severity', 'priority', 'facility', 'format']

/** The records of one block as rows with named fields. Columns and arena are decoded when a field needs them. */
export class BlockRows {
  readonly count: number
  private readonly reader: BlockReader
  private derivedFields: Derived | undefined
  private readonly made = new Map<string, FieldColumn | null>()

  constructor(reader: BlockReader) {
    this.reader = reader
    this.count = reader.header.count
  }

  get time(): Float64Array {
    return this.columns.time
  }

  get columns(): Columns {
    return this.reader.columns()
  }

  /** Gives the memory of the block back at once. Nothing that these rows gave may be used afterwards. */
  release(): void {
    this.reader.release()
  }

  /** The record's id: its sequence number in the store, in decimal. */
  id(i: number): string {
    return String(this.reader.header.firstSeq + i)
  }

  /** The record's bytes as they came: a view, valid as long as the reader is. */
  bytes(i: number): Uint8Array {
    const { offset } = this.columns
    return this.reader.arena().subarray(offset[i], offset[i + 1])
  }

  /** Where the record's message text stands in the arena. */
  messageSpan(i: number): [number, number] {
    const c = this.columns
    const end = messageEnd(this.reader.arena(), c, i)
    return [Math.min(c.offset[i] + c.message[i], end), end]
  }

  /** Names of the fields that a row may have; with `picked` one of these rows. */
  names(picked?: Uint32Array): Iterable<string> {
    return [...BASE_NAMES, ...this.rareNames(picked), ...this.derived().names(picked)]
  }

  /** Names of fields that hardly any record has, where one of the rows has them. */
  private rareNames(picked?: Uint32Array): string[] {
    const { problem, flags } = this.columns
    const any = (test: (i: number) => boolean): boolean => {
      const many = picked?.length ?? this.count
      for (let k = 0; k < many; k++) if (test(picked?.[k] ?? k)) return true
      return false
    }
    const names: string[] = []
    if (any((i) => problem[i] !== 0)) names.push('parse.problem', 'parse.column')
    if (any((i) => (flags[i] & FLAG.truncated) !== 0)) names.push('truncated.kept', 'truncated.total')
    if (!isUtf8(this.reader.arena()) && any((i) => !isUtf8(this.bytes(i)))) names.push('bytes_base64')
    return names
  }

  private cut(i: number): boolean {
    return (this.columns.flags[i] & FLAG.truncated) !== 0
  }

  column(name: string): FieldColumn | null {
    const key = ALIASES[name] ?? name
    const known = this.made.get(key)
    if (known !== undefined) return known
    const column = this.make(key)
    this.made.set(key, column)
    return column
  }

  private make(name: string): FieldColumn | null {
    switch (name) {
      case '_time':
        return { text: (i) => formatTime(this.columns.time[i]) }
      case 'received':
        return { text: (i) => formatTime(this.columns.received[i]) }
      case '_msg':
        return this.message()
      case 'host':
        return this.stored(DICTIONARY.host, this.columns.host)
      case 'app':
        return this.stored(DICTIONARY.app, this.columns.app)
      case 'source':
        return this.stored(DICTIONARY.source, this.columns.source)
      case 'type':
        return named(KIND_NAMES, this.columns.kind)
      case 'format':
        return named(FORMAT_NAMES, this.columns.format)
      case 'parse.problem':
        return named(PROBLEM_TEXTS, this.columns.problem)
      case 'parse.column':
        return { text: (i) => (this.columns.problem[i] === 0 ? '' : String(this.columns.problemAt[i])) }
      case 'truncated.kept':
        return { text: (i) => (this.cut(i) ? String(this.columns.offset[i + 1] - this.columns.offset[i]) : '') }
      case 'truncated.total':
        return { text: (i) => (this.cut(i) ? String(this.columns.trueLength[i]) : '') }
      case 'bytes_base64':
        return { text: (i) => (isUtf8(this.bytes(i)) ? '' : Buffer.from(this.bytes(i)).toString('base64')) }
      // Not among the names: it is there for whoever asks for the exact bytes.
      case '_bytes':
        return { text: (i) => Buffer.from(this.bytes(i)).toString('base64') }
      case 'severity':
        return named(
          ['', ...SEVERITIES],
          this.columns.priority.map((p) => (p === NO_PRIORITY ? 0 : (p & 7) + 1)),
        )
      case 'facility':
        return named(
          NUMBERS,
          this.columns.priority.map((p) => (p === NO_PRIORITY ? 0 : (p >> 3) + 1)),
        )
      case 'priority':
        return named(
          NUMBERS,
          this.columns.priority.map((p) => (p === NO_PRIORITY ? 0 : p + 1)),
        )
      case 'pid':
        return this.pid()
      default:
        return derivedColumn(this.derived(), name)
    }
  }

  /** The fields that are read from the bytes anew. */
  derived(): Derived {
    this.derivedFields ??= new Derived(this)
    return this.derivedFields
  }

  private stored(dictionary: number, ids: Uint16Array): FieldColumn {
    const { values } = this.reader.dictionary(dictionary)
    return { text: (i) => values[ids[i]] ?? '', dictionary: { values, ids } }
  }

  private pid(): FieldColumn {
    const { offset, pidAt, pidLength } = this.columns
    return {
      text: (i) => {
        if (pidLength[i] === 0) return ''
        const start = offset[i] + pidAt[i]
        return Buffer.from(this.reader.arena().subarray(start, start + pidLength[i])).toString('utf8')
      },
    }
  }

  private message(): FieldColumn {
    const bytes = this.reader.arena()
    const c = this.columns
    const start = new Uint32Array(this.count)
    const end = new Uint32Array(this.count)
    for (let i = 0; i < this.count; i++) {
      end[i] = messageEnd(bytes, c, i)
      start[i] = Math.min(c.offset[i] + c.message[i], end[i])
    }
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    return { text: (i) => buffer.toString('utf8', start[i], end[i]), arena: { bytes: buffer, start, end } }
  }
}

const NUMBERS = ['', ...Array.from({ length: 192 }, (_, i) => String(i))]

/** Trailing NUL and line ends that belong to the bytes are no part of the text. */
function messageEnd(arena: Uint8Array, c: Columns, i: number): number {
  let end = c.offset[i + 1]
  if ((c.flags[i] & FLAG.trailer) !== 0) {
    const least = c.offset[i] + c.message[i]
    while (end > least && (arena[end - 1] === 0 || arena[end - 1] === 10 || arena[end - 1] === 13)) end--
  }
  return end
}

function named(values: readonly string[], ids: Uint8Array): FieldColumn {
  return { text: (i) => values[ids[i]] ?? '', dictionary: { values, ids } }
}
