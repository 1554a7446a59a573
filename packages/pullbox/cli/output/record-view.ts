import type { RecordView } from '@pullbox/log/record'
import { readMicros } from '../../time/micros.ts'
import type { PrintedRecord } from './record.ts'

/**
 * A record of a search as the printer takes it. Where the bytes are not UTF-8, the message is taken from them, so that a
 * terminal shows each such byte as an escape and not as U+FFFD. For `--raw` the received bytes can be given; without them those
 * of `bytes_base64` are used, and the text of the message where there are none.
 */
export function printedView(view: RecordView, received?: Uint8Array): PrintedRecord {
  const { type, ...rest } = view
  const own = view.bytes_base64 === undefined ? undefined : Buffer.from(view.bytes_base64, 'base64')
  const gap = type === 'gap'
  return {
    type,
    time: readMicros(view._time) ?? Number.NaN,
    host: view.host,
    source: view.source,
    app: view.app,
    severity: view.severity,
    message: own === undefined ? view._msg : (messageBytes(own, view._msg) ?? view._msg),
    json: () => rest,
    raw: () => (gap ? null : (received ?? own ?? Buffer.from(view._msg))),
  }
}

/** The end of the record's bytes that reads as that text, less what trails it; null when none does. */
function messageBytes(bytes: Buffer, text: string): Uint8Array | null {
  let end = bytes.length
  for (;;) {
    const found = suffix(bytes, end, text)
    if (found !== null) return found
    const last = bytes[end - 1]
    if (end === 0 || (last !== 0 && last !== 10 && last !== 13) || bytes.length - end > 64) return null
    end--
  }
}

/** The longer the piece, the longer its text: the start is found by halving, and is exact but for letters cut in the middle. */
function suffix(bytes: Buffer, end: number, text: string): Uint8Array | null {
  let low = 0
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (bytes.toString('utf8', middle, end).length > text.length) low = middle + 1
    else high = middle
  }
  for (let start = Math.max(0, low - 4); start <= Math.min(end, low + 4); start++) {
    if (bytes.toString('utf8', start, end) === text) return bytes.subarray(start, end)
  }
  return null
}
