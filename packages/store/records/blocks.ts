import type { BlockHeader, BlockRows, Fetch } from '@pullbox/log/record'
import { BlockReader, DICTIONARY, formatTime } from '@pullbox/log/record'

import type { TimeRange, Unreadable, ValueCounts } from '../query/engine/source.ts'
import type { RecordsStore } from './contract.ts'

// What all drivers that keep blocks have in common: judging a block for a query, and reading it without ever throwing for damage.

/** True when a block of these times may hold rows of the range. */
export function overlaps(range: TimeRange, minTime: number, maxTime: number): boolean {
  return maxTime >= range.since && minTime < range.until
}

/**
 * Why a range that begins before the oldest record cannot be answered whole: records went by retention. `first` is that record's
 * number. Without a beginning a query asks for what is there.
 */
export function goneBefore({ since }: TimeRange, first: number, get: RecordsStore['get']): { readonly reasons?: readonly string[] } {
  if (since === Number.NEGATIVE_INFINITY || first <= 1) return {}
  const oldest = get(first)
  if (oldest === null || !('header' in oldest) || since >= oldest.header.minReceived) return {}
  return { reasons: [`records received before ${formatTime(oldest.header.minReceived)} went by retention`] }
}

export function unreadable(h: BlockHeader, error: unknown, where: string): Unreadable {
  const at = (error as { at?: string }).at
  const reason = `${error instanceof Error ? error.message : String(error)}${at ? `, ${at}` : ''}${where === '' ? '' : ` in ${where}`}`
  return { unreadable: true, reason, count: h.count, minTime: h.minTime, maxTime: h.maxTime }
}

/** Reads a block by `fetch`, and knows how many bytes that took. */
export class CountingReader extends BlockReader {
  bytesRead = 0

  constructor(header: BlockHeader, fetch: Fetch) {
    super(header, (offset, length, passing) => {
      this.bytesRead += length
      return fetch(offset, length, passing)
    })
  }
}

/**
 * The rows of a block for a query. The columns are read and checked now; dictionaries and messages when a filter asks for them, so
 * that damage in what a query doesn't need costs it nothing. Damage found then is thrown, and the engine counts the block as unreadable.
 */
export function openRows(reader: CountingReader, where: string): BlockRows | Unreadable {
  try {
    reader.columns()
  } catch (error) {
    return unreadable(reader.header, error, where)
  }
  const rows = reader.rows()
  return Object.defineProperty(rows, 'bytesRead', { get: () => reader.bytesRead })
}

const COUNTED: Record<string, number> = {
  host: DICTIONARY.host,
  hostname: DICTIONARY.host,
  app: DICTIONARY.app,
  app_name: DICTIONARY.app,
  source: DICTIONARY.source,
}

/** Counts of the values that a field has in the block, from its dictionary, or null when the field has none. */
export function countValues(reader: BlockReader, field: string): ValueCounts | null {
  const id = COUNTED[field]
  if (id === undefined) return null
  const { values, counts } = reader.dictionary(id)
  // "absent" is listed also where every record has a value
  const present = values.map((_, i) => i).filter((i) => counts[i] > 0)
  return { values: present.map((i) => values[i]), counts: present.map((i) => counts[i]) }
}
