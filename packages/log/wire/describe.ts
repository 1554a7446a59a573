import { FLAG, FORMAT_NAMES } from './header.ts'
import type { Header } from './header.ts'
import { FACILITIES, SEVERITIES } from './names.ts'
import { PROBLEMS } from './problems.ts'
import { readStructuredData } from './structured.ts'
import type { Element } from './structured.ts'

/** The name of this reader, as records carry it beside what was derived by it. */
export const READER_NAME = 'syslog'
/** Grows whenever the same bytes would be read differently. */
export const READER_VERSION = 1

/** What a header says, for people and for JSON. Fields that the message does not have are missing. */
export interface Described {
  /** 0..191 */
  priority?: number
  facility?: number
  facility_name?: string
  severity?: number
  severity_name?: string
  version?: number
  /** As it was sent. */
  timestamp?: string
  hostname?: string
  app_name?: string
  proc_id?: string
  msg_id?: string
  /** FACILITY-SEVERITY-MNEMONIC of Cisco and others, without percent sign, or the event of Junos. */
  tag?: string
  sequence?: number
  structured_data?: Element[]
  /** The text of the message, if it is UTF-8 ... */
  message?: string
  /** ... else its bytes. */
  message_base64?: string
  parse: { reader: string; version: number; format: string; flags: string[]; problem?: string; column?: number }
  /** Structured data once more, as `<sd-id>.<name>`; a name that stands twice has its values in order. */
  [field: string]: unknown
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text that bytes are in UTF-8, or undefined when they are not. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

function loose(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

/**
 * Everything that a header says, as a plain object; allocates, so it is made only where somebody looks. `header` was filled
 * from the same `bytes`. Bytes in header fields that are not UTF-8 show as U+FFFD; the message is given exactly.
 */
export function describe(bytes: Uint8Array, header: Header): Described {
  const h = header
  const parse: Described['parse'] = { reader: READER_NAME, version: READER_VERSION, format: FORMAT_NAMES[h.format], flags: [] }
  for (const [name, bit] of Object.entries(FLAG)) if ((h.flags & bit) !== 0) parse.flags.push(name)
  if (h.problem !== 0) {
    parse.problem = PROBLEMS[h.problem]
    parse.column = h.problemAt
  }
  const out: Described = { parse }
  if (h.priority >= 0) {
    out.priority = h.priority
    out.facility = h.priority >> 3
    out.facility_name = FACILITIES[h.priority >> 3]
    out.severity = h.priority & 7
    out.severity_name = SEVERITIES[h.priority & 7]
  }
  if (h.version > 0) out.version = h.version
  const set = (name: string, start: number, end: number): void => {
    if (end > start) out[name] = loose(bytes, start, end)
  }
  set('timestamp', h.timeStart, h.timeEnd)
  set('hostname', h.hostStart, h.hostEnd)
  set('app_name', h.appStart, h.appEnd)
  set('proc_id', h.pidStart, h.pidEnd)
  set('msg_id', h.msgidStart, h.msgidEnd)
  set('tag', h.tagStart, h.tagEnd)
  if (h.sequence >= 0) out.sequence = h.sequence
  if (h.dataEnd > h.dataStart) {
    out.structured_data = readStructuredData(bytes, h.dataStart, h.dataEnd)
    flatten(out.structured_data, out)
  }
  const message = bytes.subarray(h.messageStart, h.messageEnd)
  const text = utf8(message)
  if (text === undefined) out.message_base64 = Buffer.from(message).toString('base64')
  else out.message = text
  return out
}

function flatten(elements: Element[], out: Described): void {
  for (const { id, params } of elements) {
    for (const [name, value] of params) {
      const field = `${id}.${name}`
      const before = out[field]
      if (Array.isArray(before)) before.push(value)
      else out[field] = before === undefined ? value : [before, value]
    }
  }
}
