import { RelpDecoder } from './frame.ts'
import type { RelpFrame } from './frame.ts'
import { encodeResponse, readOffers, readResponse } from './response.ts'
import { RelpServer } from './server.ts'

/** One line of vectors/relp.jsonl without its expectation; vectors/README.md names the fields. */
export interface RelpCase {
  kind?: unknown
  input_base64?: unknown
  input?: unknown
}

type Fields = Record<string, unknown>

/** Answers one case of vectors/relp.jsonl: what a decoder, an encoder or a server session makes of the input. */
export function answerRelp(one: RelpCase): Fields {
  const given = typeof one.input === 'object' && one.input !== null ? (one.input as Fields) : {}
  if (one.kind === 'write') return written(given)
  if (one.kind === 'response_code') return responseCode(given)
  const text = typeof one.input === 'string' ? one.input : ''
  const bytes = typeof one.input_base64 === 'string' ? Buffer.from(one.input_base64, 'base64') : Buffer.from(text)
  return one.kind === 'session' ? session(bytes) : stream(bytes)
}

function stream(bytes: Uint8Array): Fields {
  const decoder = new RelpDecoder()
  const frames: Fields[] = []
  const messages: unknown[] = []
  decoder.push(bytes, 0, bytes.length, (frame) => {
    const data = textOrBytes(frame.bytes.subarray(frame.start, frame.end))
    if (frame.command === 'syslog') messages.push(data)
    frames.push({ txnr: frame.txnr, command: frame.command, data, ...offersOf(frame) })
  })
  return { frames, rest: textOrBytes(bytes.subarray(decoder.settled)), error: decoder.error?.kind ?? null, messages }
}

function offersOf(frame: RelpFrame): Fields {
  if (frame.command !== 'open' || frame.end === frame.start) return {}
  return { offers: Object.fromEntries(readOffers(frame.bytes, frame.start, frame.end)) }
}

function written({ txnr, code, message, data }: Fields): Fields {
  try {
    const frame = encodeResponse(Number(txnr), Number(code), asText(message), asText(data))
    return { frame: textOrBytes(frame) }
  } catch {
    return { error: true }
  }
}

function responseCode({ response_data: data }: Fields): Fields {
  const bytes = Buffer.from(asText(data))
  const response = readResponse(bytes, 0, bytes.length)
  return response === null ? { error: true } : { code: response.code }
}

/** The whole of the client's bytes, each message settled once it is taken. */
function session(bytes: Uint8Array): Fields {
  const server = new RelpServer({ window: Number.MAX_SAFE_INTEGER })
  const messages: unknown[] = []
  const replies: Fields[] = []
  const answers = new RelpDecoder()
  let p = 0
  for (;;) {
    const before = p
    p = server.receive(bytes, p, bytes.length, (_number, data, start, end) => void messages.push(textOrBytes(data.subarray(start, end))))
    server.settleBefore(server.messages)
    const out = server.takeOutput()
    answers.push(out, 0, out.length, (frame) => {
      const response = readResponse(frame.bytes, frame.start, frame.end)
      replies.push({ txnr: frame.txnr, command: frame.command, ...(response === null ? {} : { code: response.code }) })
    })
    if (p === before || p === bytes.length) break
  }
  return { replies, messages }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textOrBytes(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const decoded = text.toString()
  return Buffer.from(decoded).equals(text) ? decoded : { $bytes: text.toString('base64') }
}
