import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { corpus } from '../corpus.ts'

/** Files of the vectors whose inputs are messages of devices and programs. */
const FILES = ['devices_sc4s.jsonl', 'rfc3164.jsonl', 'rfc5424.jsonl']
/** Longer ones are cut by senders themselves. */
const LONGEST = 8000

/**
 * `count` messages that a sender can read as lines: first what devices really send (the vectors), then messages varied from such.
 * Left out are inputs with LF or NUL inside or CR at their end, as no sender reads them as one line, and those that begin with a digit: over TCP
 * such a line can be read as an octet count, which RFC 6587 leaves open.
 */
export function deviceLines(count: number, seed: number): Buffer[] {
  const out: Buffer[] = []
  for (const file of FILES) {
    for (const line of readFileSync(join(import.meta.dirname, '..', '..', 'vectors', file), 'utf8').split('\n')) {
      if (line === '' || out.length >= count / 2) continue
      const bytes = Buffer.from((JSON.parse(line) as { input_base64?: string }).input_base64 ?? '', 'base64')
      if (bytes.length === 0 || bytes.length > LONGEST || bytes.includes(10) || bytes.includes(0)) continue
      if (bytes.at(-1) === 13 || (bytes[0] >= 48 && bytes[0] <= 57)) continue
      out.push(bytes)
    }
  }
  const more = corpus(count - out.length, seed)
  for (let i = 0; i < more.count; i++) out.push(more.bytes.subarray(more.offset[i], more.offset[i + 1] - 1))
  return out
}
