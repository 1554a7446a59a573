import type { BlockReader } from '@pullbox/log/record'
import { DICTIONARY, KIND_NAMES } from '@pullbox/log/record'
import { SEVERITIES } from '@pullbox/log/wire'

import type { Need as Requirement } from '../query/filter/requirements.ts'

/** Fields whose values stand in the bytes of the records as they are, so that the filter over those bytes speaks for them. */
const IN_BYTES = new Set(['_msg', 'message', 'host', 'hostname', 'app', 'app_name', 'pid', 'proc_id', 'msg_id', 'tag'])

const LISTED: Record<string, number> = {
  host: DICTIONARY.host,
  hostname: DICTIONARY.host,
  app: DICTIONARY.app,
  app_name: DICTIONARY.app,
  source: DICTIONARY.source,
}

/**
 * False when no record of the block can meet what a filter requires (`requirements` of the query language). Answers from the
 * header, the filters and the lists of values; the bytes of the records are never read for it.
 */
export function mayHold(need: Requirement, reader: BlockReader): boolean {
  if ('all' in need) return need.all.every((part) => mayHold(part, reader))
  if ('any' in need) return need.any.some((part) => mayHold(part, reader))
  if ('equals' in need) return mayEqual(need.equals.field, need.equals.value, reader)
  if ('literal' in need) return mayContain(need, reader)
  return true
}

function mayEqual(field: string, value: string, reader: BlockReader): boolean {
  if (value === '') return true
  if (field === 'severity' || field === 'level') return hasBit(SEVERITIES, value, reader.header.severityBits)
  if (field === 'type') return hasBit(KIND_NAMES, value, reader.header.kindBits)
  const list = listOf(field, reader)
  return list === null || list.includes(value)
}

function hasBit(names: readonly string[], value: string, bits: number): boolean {
  const i = names.indexOf(value)
  return i >= 0 && (bits & (1 << i)) !== 0
}

function mayContain(need: { literal: Uint8Array; field: string; whole?: boolean }, reader: BlockReader): boolean {
  if (IN_BYTES.has(need.field) && !reader.mayContain(need.literal, need.whole === true)) return false
  const list = listOf(need.field, reader)
  if (list === null) return true
  const literal = Buffer.from(need.literal)
  return list.some((value) => Buffer.from(value.replaceAll(/[A-Z]/g, (c) => c.toLowerCase())).includes(literal))
}

/** All values of the field in the block, or null when it keeps no list of them. */
function listOf(field: string, reader: BlockReader): readonly string[] | null {
  const id = LISTED[field]
  if (id === undefined || !reader.header.sections.some((s) => s.id === id)) return null
  return reader.dictionary(id).values
}
