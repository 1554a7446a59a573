import { CodedError } from '../errors.ts'
import { Header } from './header.ts'
import { parseHeader } from './read.ts'
import type { Element } from './structured.ts'
import { Zone } from './zone.ts'

/** What a message in RFC 5424 form is made of; a field that is missing is sent as "-". */
export interface Rfc5424Fields {
  /** 0..191: facility * 8 + severity. */
  priority: number
  /** 1..999, 1 if not given. */
  version?: number
  /** Microseconds since 1970; sent in UTC with six digits. */
  time?: number
  hostname?: string
  appName?: string
  procId?: string
  msgId?: string
  structuredData?: readonly Pick<Element, 'id' | 'params'>[]
  message?: string | Uint8Array
  /** Put a UTF-8 byte order mark before the message (RFC 5424 6.4). */
  bom?: boolean
}

/** What a message in RFC 3164 form is made of. */
export interface Rfc3164Fields {
  priority: number
  /** Microseconds since 1970; sent as local time of `zone` in whole seconds, without its year. */
  time: number
  /** UTC if not given. */
  zone?: Zone
  hostname?: string
  appName: string
  procId?: string
  message: string | Uint8Array
}

function refuse(field: string, why: string): never {
  throw new CodedError('WIRE_FIELD_INVALID', `${field} ${why}`, { at: field, hint: 'Change the field; no message was made.' })
}

function checkPriority(priority: number): void {
  if (!Number.isInteger(priority) || priority < 0 || priority > 191) refuse('priority', 'is no whole number from 0 to 191')
}

function header(name: string, value: string | undefined, longest: number): string {
  if (value === undefined) return '-'
  if (value.length === 0 || value.length > longest) refuse(name, `is empty or longer than ${longest}`)
  if (!/^[!-~]+$/.test(value)) refuse(name, 'holds more than printable US-ASCII')
  return value
}

function sdName(what: string, name: string): string {
  if (!/^[!#-<>-\\^-~]{1,32}$/.test(name)) refuse(what, 'is no SD-NAME (RFC 5424 6.3)')
  return name
}

function structured(elements: readonly Pick<Element, 'id' | 'params'>[] | undefined): string {
  if (elements === undefined || elements.length === 0) return '-'
  const seen = new Set<string>()
  let out = ''
  for (const { id, params } of elements) {
    if (seen.has(id)) refuse('structuredData', `has the element ${id} twice`)
    seen.add(id)
    out += `[${sdName('structuredData', id)}`
    for (const [name, value] of params) out += ` ${sdName('structuredData', name)}="${value.replace(/["\\\]]/g, '\\$&')}"`
    out += ']'
  }
  return out
}

function stamp(time: number | undefined): string {
  if (time === undefined) return '-'
  if (!Number.isSafeInteger(time) || time < -62_167_219_200e6 || time >= 253_402_300_800e6)
    refuse('time', 'is outside of the years 0 to 9999')
  const seconds = Math.floor(time / 1e6)
  const micros = String(time - seconds * 1e6).padStart(6, '0')
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${micros}Z`
}

function join(head: string, message: string | Uint8Array | undefined): Uint8Array {
  if (message === undefined) return Buffer.from(head)
  return typeof message === 'string' ? Buffer.from(head + message) : Buffer.concat([Buffer.from(head), message])
}

/**
 * A message in the form of RFC 5424; reading it gives the same fields back.
 * @throws CodedError WIRE_FIELD_INVALID when a field breaks the rules of RFC 5424 6.
 */
export function formatRfc5424(fields: Rfc5424Fields): Uint8Array {
  checkPriority(fields.priority)
  const version = fields.version ?? 1
  if (!Number.isInteger(version) || version < 1 || version > 999) refuse('version', 'is no whole number from 1 to 999')
  const head = [
    `<${fields.priority}>${version}`,
    stamp(fields.time),
    header('hostname', fields.hostname, 255),
    header('appName', fields.appName, 48),
    header('procId', fields.procId, 128),
    header('msgId', fields.msgId, 32),
    structured(fields.structuredData),
  ].join(' ')
  const bom = fields.bom === true
  if (!bom && (fields.message === undefined || fields.message.length === 0)) return Buffer.from(head)
  return join(bom ? `${head} \ufeff` : `${head} `, fields.message)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * A message in the form of RFC 3164, `<PRI>Mmm dd hh:mm:ss host app[pid]: message`. The form cannot carry every field, so the
 * message is read again before it is given.
 * @throws CodedError WIRE_FIELD_INVALID when a field is out of range, or would be read as something else.
 */
export function formatRfc3164(fields: Rfc3164Fields): Uint8Array {
  checkPriority(fields.priority)
  if (!Number.isSafeInteger(fields.time)) refuse('time', 'is no whole number of microseconds')
  const zone = fields.zone ?? new Zone('UTC', 0, undefined)
  const seconds = Math.floor(fields.time / 1e6)
  const local = new Date((seconds + zone.offsetAt(seconds)) * 1000)
  if (Number.isNaN(local.getTime())) refuse('time', 'is out of range')
  const day = String(local.getUTCDate()).padStart(2, ' ')
  const date = `${MONTHS[local.getUTCMonth()]} ${day} ${local.toISOString().slice(-13, -5)}`
  const host = fields.hostname === undefined ? '' : `${fields.hostname} `
  const pid = fields.procId === undefined ? '' : `[${fields.procId}]`
  const head = `<${fields.priority}>${date} ${host}${fields.appName}${pid}: `
  const bytes = join(head, fields.message)
  check(bytes, Buffer.byteLength(head), fields, zone)
  return bytes
}

/** Reads the message as a receiver would; refuses what a receiver would take for something else. */
function check(bytes: Uint8Array, message: number, fields: Rfc3164Fields, zone: Zone): void {
  const out = new Header()
  parseHeader(bytes, 0, bytes.length, { received: fields.time, zone }, out)
  const text = (start: number, end: number): string | undefined =>
    end > start ? Buffer.from(bytes.subarray(start, end)).toString() : undefined
  if (text(out.hostStart, out.hostEnd) !== fields.hostname) refuse('hostname', 'would not be read as the host')
  if (text(out.appStart, out.appEnd) !== fields.appName) refuse('appName', 'would not be read as the tag')
  if (text(out.pidStart, out.pidEnd) !== fields.procId) refuse('procId', 'would not be read as the process id')
  const starts = out.tagEnd > out.tagStart ? message : Math.min(message, out.messageEnd)
  if (out.messageStart < starts) refuse('message', 'would not be read as the message')
}
