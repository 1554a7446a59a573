import type { BlockHeader, BlockReader } from '@pullbox/log/record'
import { DICTIONARY, SECTION } from '@pullbox/log/record'

import type { BlockRows, Need, TimeRange, Unreadable, ValueCounts } from '../query/engine/source.ts'

// What all drivers that keep blocks have in common: judging a block for a query, and reading it without ever throwing for damage.

/** Fields that are columns of their own: a query that needs no others does not touch the bytes of the messages. */
const COLUMN_FIELDS: Record<string, number> = {
  _time: SECTION.columns,
  received: SECTION.columns,
  type: SECTION.columns,
  format: SECTION.columns,
  problem: SECTION.columns,
  severity: SECTION.columns,
  level: SECTION.columns,
  priority: SECTION.columns,
  facility: SECTION.columns,
  host: SECTION.hosts,
  hostname: SECTION.hosts,
  app: SECTION.apps,
  app_name: SECTION.apps,
  source: SECTION.sources,
}

/** True when a block of these times may hold rows of the range. */
export function overlaps(range: TimeRange, minTime: number, maxTime: number): boolean {
  return maxTime >= range.since && minTime < range.until
}

export function unreadable(h: BlockHeader, error: unknown, where: string): Unreadable {
  const at = (error as { at?: string }).at
  const reason = `${error instanceof Error ? error.message : String(error)}${at ? `, ${at}` : ''}${where === '' ? '' : ` in ${where}`}`
  return { unreadable: true, reason, count: h.count, minTime: h.minTime, maxTime: h.maxTime }
}

/**
 * The rows of a block, with every section that the needed fields lie in read and checked, so that damage is told now and does not
 * come up in the middle of a filter. Sections that aren't needed are not touched: damage in them costs this query nothing.
 */
export function openRows(reader: BlockReader, need: Need, where: string): BlockRows | Unreadable {
  try {
    reader.columns()
    let bytes = sectionBytes(reader, SECTION.columns)
    for (const id of sectionsOf(need)) {
      if (id === SECTION.arena) reader.arena()
      else if (id !== SECTION.columns) reader.dictionary(id)
      bytes += sectionBytes(reader, id)
    }
    return Object.assign(reader.rows(), { bytesRead: bytes })
  } catch (error) {
    return unreadable(reader.header, error, where)
  }
}

function sectionsOf(need: Need): Set<number> {
  const ids = new Set<number>()
  if (need.fields === null) for (const id of [SECTION.hosts, SECTION.apps, SECTION.sources, SECTION.arena]) ids.add(id)
  else for (const field of need.fields) ids.add(COLUMN_FIELDS[field] ?? SECTION.arena)
  return ids
}

function sectionBytes(reader: BlockReader, id: number): number {
  return reader.header.sections.find((s) => s.id === id)?.length ?? 0
}

const COUNTED: Record<string, number> = { host: DICTIONARY.host, hostname: DICTIONARY.host, app: DICTIONARY.app, app_name: DICTIONARY.app, source: DICTIONARY.source }

/** Counts of a field's values from the block's dictionary, or null when the field has none. */
export function countValues(reader: BlockReader, field: string): ValueCounts | null {
  const id = COUNTED[field]
  return id === undefined ? null : reader.dictionary(id)
}
