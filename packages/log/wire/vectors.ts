import { describe, utf8 } from './describe.ts'
import type { Described } from './describe.ts'
import { Framer } from './framer.ts'
import type { FrameMode } from './framer.ts'
import { FLAG, FORMAT, Header } from './header.ts'
import { parseHeader } from './read.ts'
import { splitStamp } from './stamp-parts.ts'
import { parseTimestamp } from './stamp-loose.ts'
import { zone } from './zone.ts'
import type { Zone } from './zone.ts'

/** One line of a vector file without its expectation; vectors/README.md names the fields. */
export interface VectorCase {
  input_base64?: string
  input?: unknown
  given?: Record<string, unknown>
}

/** Fields named as vectors/README.md has them. */
export type Answer = Record<string, unknown>

/** The receive time of cases that give none. */
const RECEIVED = Date.UTC(2024, 0, 1) * 1000

function inputOf(one: VectorCase): Buffer {
  if (typeof one.input_base64 === 'string') return Buffer.from(one.input_base64, 'base64')
  return Buffer.from(typeof one.input === 'string' ? one.input : JSON.stringify(one.input ?? ''))
}

function read(bytes: Uint8Array, received = RECEIVED): { header: Header; fields: Described } {
  const header = new Header()
  parseHeader(bytes, 0, bytes.length, { received, zone: zone('UTC') }, header)
  return { header, fields: describe(bytes, header) }
}

/** These files know two formats; by RFC 3164 4.3.3 whatever has no readable header is one of its packets, all content. */
function format(header: Header): string {
  return header.format === FORMAT.rfc5424 ? 'rfc5424' : 'rfc3164'
}

function withData(fields: Described): Answer {
  const { priority, facility, severity, version, timestamp, hostname, app_name, proc_id, msg_id } = fields
  const data = fields.structured_data?.map(({ id, params }) => ({ id, params })) ?? null
  return { priority, facility, severity, version, timestamp, hostname, app_name, proc_id, msg_id, structured_data: data }
}

/** MSG with the trailing NUL, CR and LF that are a part of it by RFC 5424 6, though not of our message text. */
function wholeMessage(bytes: Buffer, header: Header): Answer {
  if (header.messageStart >= bytes.length) return { message: null }
  const message = bytes.subarray(header.messageStart)
  const text = utf8(message)
  return text === undefined ? { message: null, message_base64: message.toString('base64') } : { message: text }
}

/** True, false, or null where the header is sound but readers differ: two readings, or a byte order mark before what is not UTF-8. */
function validity(bytes: Buffer, header: Header, message: Answer): boolean | null {
  if ((header.flags & FLAG.ambiguous) !== 0) return null
  if (header.format !== FORMAT.rfc5424 || header.problem !== 0) return false
  if (header.dataEnd > header.dataStart && utf8(bytes.subarray(header.dataStart, header.dataEnd)) === undefined) return false
  // NUL or LF directly behind the data: a trailer to us, an error by the ABNF.
  if (header.messageEnd < bytes.length && header.messageStart === header.messageEnd && bytes[header.messageStart - 1] !== 32) {
    if ((header.flags & FLAG.bom) === 0) return false
  }
  return (header.flags & FLAG.bom) !== 0 && message.message_base64 !== undefined ? null : true
}

/** Answers one case of vectors/rfc5424.jsonl: whether it is valid, and the fields of a valid one. */
export function answerRfc5424(one: VectorCase): Answer {
  const bytes = inputOf(one)
  const { header, fields } = read(bytes)
  const message = wholeMessage(bytes, header)
  const valid = validity(bytes, header, message)
  const all = withData(fields)
  if (valid === true || (valid === null && (header.flags & FLAG.ambiguous) === 0)) {
    return { format: 'rfc5424', valid, ...all, ...message, message_had_bom: (header.flags & FLAG.bom) !== 0 || undefined }
  }
  const { priority, facility, severity, version } = all
  const problem = fields.parse.problem
  const lenient = header.format === FORMAT.rfc5424 ? { ...all, ...message } : undefined
  return { format: 'rfc5424', valid, priority, facility, severity, version, problem, problem_column: header.problemAt, lenient }
}

/** These files put an event into the tag alone, while our message keeps it, and drop blanks at the end. */
function behindEvent(bytes: Uint8Array, header: Header, message: string | undefined): string | undefined {
  const event = header.tagEnd > header.tagStart && header.tagStart === header.messageStart
  return (event ? utf8(bytes.subarray(header.tagEnd, header.messageEnd))?.replace(/^: ?/, '') : message)?.replace(/ +$/, '')
}

/** Answers one case of vectors/rfc3164.jsonl. */
export function answerRfc3164(one: VectorCase): Answer {
  const bytes = inputOf(one)
  const given = one.given?.year_rule
  const rule = typeof given === 'string' ? /received (\S+Z)/.exec(given) : null
  const { header, fields } = read(bytes, rule === null ? RECEIVED : Date.parse(rule[1]) * 1000)
  const { priority, facility, severity, hostname, app_name, proc_id, tag, message_base64 } = fields
  const message = behindEvent(bytes, header, fields.message)
  const cisco = /^(.+)-([0-7])-([^-]+)$/.exec(tag ?? '')
  const stamp = splitStamp(fields.timestamp)
  const kv = /^(date|time)=/.test(message ?? '')
  // Pairs name their zone apart from date and time.
  const offset = kv && stamp.timezone === undefined ? /\btz="?([+-]\d\d):?(\d\d)\b/.exec(message ?? '') : null
  if (offset !== null && stamp.timestamp !== undefined) stamp.timestamp += `${offset[1]}:${offset[2]}`
  const raw = header.messageStart > 0 && bytes[header.messageStart - 1] === 32 ? header.messageStart - 1 : header.messageStart
  return {
    format: format(header),
    priority,
    facility,
    severity,
    hostname,
    app_name,
    program: app_name,
    proc_id,
    tag,
    message,
    message_raw: utf8(bytes.subarray(raw, header.messageEnd)),
    message_base64,
    ...stamp,
    sequence: header.sequence < 0 ? undefined : String(header.sequence),
    cisco: cisco === null ? undefined : { facility: cisco[1], severity: Number(cisco[2]), mnemonic: cisco[3] },
    priority_missing: bytes[0] !== 60 || undefined,
    trailing_nul: bytes.at(-1) === 0 || undefined,
    kv: kv || undefined,
    problem: fields.parse.problem,
  }
}

/** Answers one case of vectors/devices_sc4s.jsonl. */
export function answerDevices(one: VectorCase): Answer {
  const { header, fields } = read(inputOf(one))
  const { priority, facility, severity, hostname } = fields
  return { format: format(header), priority, facility, severity, hostname }
}

/** Answers one case of vectors/loose_readers.jsonl. */
export function answerLoose(one: VectorCase): Answer {
  const { header, fields } = read(inputOf(one), Date.UTC(2024, 5, 1) * 1000)
  return { format: format(header), ...withData(fields), message: fields.message, message_base64: fields.message_base64 }
}

/** The object that a text is in JSON; an empty one for anything else. */
function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** UTC where none is named; undefined where the name is none. */
function zoneOf(name: unknown): Zone | undefined {
  try {
    return zone(typeof name === 'string' ? name : 'UTC')
  } catch {
    return undefined
  }
}

/** Answers one case of vectors/timestamps.jsonl: UTC with `Z`, the fraction as it was sent; null when the time does not exist. */
export function answerTimestamps(one: VectorCase): Answer {
  const { text, received, device_tz } = objectOf(inputOf(one).toString())
  if (typeof text !== 'string') return { timestamp: null }
  const rule = zoneOf(device_tz)
  if (rule === undefined) return { timestamp: null }
  const stamp = parseTimestamp(text, { received: typeof received === 'string' ? Date.parse(received) * 1000 : RECEIVED, zone: rule })
  if (stamp === undefined || Number.isNaN(stamp.time)) return { timestamp: null }
  const fraction = /:\d\d(?: [AP]M)?[.,](\d+)/i.exec(text)
  const seconds = new Date(Math.floor(stamp.time / 1e6) * 1000).toISOString().slice(0, 19)
  return { timestamp: `${seconds}${fraction === null ? '' : `.${fraction[1]}`}Z` }
}

const MODES: readonly FrameMode[] = ['auto', 'lf', 'nul', 'octet']

/** Answers one case of vectors/framing.jsonl: a whole stream, stopped at the first damage. */
export function answerFraming(one: VectorCase): Answer {
  const bytes = inputOf(one)
  const given = one.given ?? {}
  const limit = typeof given.max_frame === 'number' && given.max_frame > 0 ? given.max_frame : undefined
  const mode: FrameMode = MODES.find((m) => m === given.mode) ?? 'auto'
  const framer = new Framer({ mode, limit, strict: true })
  const frames: string[] = []
  const kept: number[] = []
  const truncated: boolean[] = []
  const take = (chunk: Uint8Array, start: number, end: number, flags: number, total: number): void => {
    // The whole stream is one chunk, so the part that was cut off still stands behind the part that was kept.
    const whole = chunk.buffer === bytes.buffer ? chunk.subarray(start, start + total) : chunk.subarray(start, end)
    frames.push(Buffer.from(whole).toString('base64'))
    kept.push(end - start)
    truncated.push((flags & FLAG.truncated) !== 0)
  }
  framer.push(bytes, 0, bytes.length, take)
  framer.end(take)
  const rest = bytes.subarray(framer.settled).toString('base64')
  const cut = limit === undefined ? {} : { truncated, truncated_to: kept }
  return { mode, frames_base64: frames, rest_base64: rest, error: framer.error, ...cut }
}
