import type { BlockHeader } from '@pullbox/log/record'
import { DICTIONARY, KIND_NAMES } from '@pullbox/log/record'
import { SEVERITIES } from '@pullbox/log/wire'

import type { Need as Requirement } from '../query/filter/requirements.ts'

/** Stored fields whose values stand in the bytes of the records as they are, so that the filter over those bytes speaks for them. */
const IN_BYTES = new Set(['_msg', 'message', 'host', 'hostname', 'app', 'app_name', 'pid', 'proc_id', 'msg_id', 'tag'])

/** Fields that are made of other things than the bytes of the record. */
const MADE =
  /^(?:_time|_stream|_stream_id|type|received|source|severity|level|priority|facility|format|sequence|bytes_base64|(?:parse|truncated)\..*)$/

const LISTED: Record<string, number> = {
  host: DICTIONARY.host,
  hostname: DICTIONARY.host,
  app: DICTIONARY.app,
  app_name: DICTIONARY.app,
  source: DICTIONARY.source,
}

/** What a block can be judged by, without its records. */
export interface Judged {
  readonly header: Pick<BlockHeader, 'severityBits' | 'kindBits'>
  /** As `BlockReader` has them. */
  mayContain(literal: Uint8Array): boolean
  mayContainAddress(address: Uint8Array): boolean
  /** All values of a dictionary column, or null when the block keeps no list of them. */
  valuesOf(dictionary: number): readonly string[] | null
}

/**
 * False when no record of the block can meet what a filter requires (`requirements` of the query language). Answers from the
 * header, the filters and the lists of values; the bytes of the records are never read for it.
 */
export function mayHold(need: Requirement, block: Judged): boolean {
  if ('all' in need) return need.all.every((part) => mayHold(part, block))
  if ('any' in need) return need.any.some((part) => mayHold(part, block))
  if ('equals' in need) return mayEqual(need.equals.field, need.equals.value, block)
  if ('literal' in need) return mayContain(need.literal, need.field, block)
  if ('address' in need) return !hasWholeNumbers(need.field) || block.mayContainAddress(need.address)
  if ('severity' in need) return maySeverity(need.severity, block)
  return true
}

/** Fields that begin and end where the bytes have no number, or where a number is cut for the filter: messages and quoted parameters. */
function hasWholeNumbers(field: string): boolean {
  return field === '_msg' || field === 'message' || !(IN_BYTES.has(field) || MADE.test(field))
}

function maySeverity({ field, min, max }: { field: string; min: number; max: number }, { header }: Judged): boolean {
  if (!isSeverity(field)) return true
  for (let rank = min; rank <= max; rank++) if ((header.severityBits & (1 << rank)) !== 0) return true
  return false
}

function mayEqual(field: string, value: string, block: Judged): boolean {
  const list = value === '' ? null : listOf(field, block)
  return list === null || list.includes(value)
}

function mayContain(literal: Uint8Array, field: string, block: Judged): boolean {
  if (IN_BYTES.has(field)) {
    if (!block.mayContain(literal)) return false
  } else if (!MADE.test(field) && !unescapedParts(literal).every((part) => block.mayContain(part))) return false
  const list = listOf(field, block)
  if (list === null) return true
  const bytes = Buffer.from(literal)
  return list.some((value) => Buffer.from(value.replaceAll(/[A-Z]/g, (c) => c.toLowerCase())).includes(bytes))
}

/** Values of structured data stand in the bytes with `"`, `\` and `]` escaped (RFC 5424 6.3.3); what lies between stands there as it is. */
function unescapedParts(literal: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  let from = 0
  for (let i = 0; i <= literal.length; i++) {
    if (i < literal.length && literal[i] !== 0x22 && literal[i] !== 0x5c && literal[i] !== 0x5d) continue
    if (i - from >= 3) parts.push(literal.subarray(from, i))
    from = i + 1
  }
  return parts
}

function isSeverity(field: string): boolean {
  return field === 'severity' || field === 'level'
}

/** All values of the field in the block that are not empty, or null when that is not known. */
function listOf(field: string, block: Judged): readonly string[] | null {
  if (isSeverity(field)) return SEVERITIES.filter((_, i) => (block.header.severityBits & (1 << i)) !== 0)
  if (field === 'type') return KIND_NAMES.filter((_, i) => (block.header.kindBits & (1 << i)) !== 0)
  const dictionary = LISTED[field]
  return dictionary === undefined ? null : block.valuesOf(dictionary)
}
