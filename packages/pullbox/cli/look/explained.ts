import type { ExplainView } from '../../api/index.ts'
import type { Client } from '../../client/index.ts'
import { EXIT, ExitError } from '../exit.ts'
import { hostile } from '../output/hostile.ts'

/** @throws CLI_NO_RECORD */
export async function explained(client: Pick<Client, 'explain'>, id: string): Promise<ExplainView> {
  const found = await client.explain(id)
  if (found !== null) return found
  throw new ExitError(EXIT.usage, 'CLI_NO_RECORD', `there is no record ${JSON.stringify(id)}`, {
    hint: 'ids are numbers, as search --json prints them; this one is not synced yet, went by retention, or never was',
  })
}

/** `record 4 of 3..4, bytes 96..842 of 00000000000000000001.seg`. */
export function placeText({ store: { seq, segment, block } }: ExplainView): string {
  if (block === null) return `record ${seq}`
  const where = segment === null ? '' : `, bytes ${block.from}..${block.to - 1} of ${hostile(segment, false)}`
  return `record ${seq} in the block of ${block.first_seq}..${block.last_seq}${where}`
}

/** The record's fields, one line each: those of objects by their path. */
export function flatFields(record: Readonly<Record<string, unknown>>): [name: string, value: string][] {
  const out: [string, string][] = []
  for (const [name, value] of Object.entries(record)) {
    if (name === 'bytes_base64') continue
    if (typeof value === 'object' && value !== null) {
      for (const [inner, text] of flatFields(value as Record<string, unknown>)) out.push([`${name}.${inner}`, text])
    } else out.push([name, String(value)])
  }
  return out
}

const LINE = 16
const LINES = 512

/** Offset, sixteen bytes in hexadecimal, and those of them that are printable ASCII; some lines at a time. */
export function* hexdump(bytes: Uint8Array): Generator<string> {
  let out = ''
  for (let at = 0; at < bytes.length; at += LINE) {
    const part = bytes.subarray(at, at + LINE)
    const hex = Array.from(part, (b) => b.toString(16).padStart(2, '0'))
    const left = hex.slice(0, 8).join(' ')
    const right = hex.slice(8).join(' ')
    const text = Array.from(part, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.')).join('')
    out += `${at.toString(16).padStart(8, '0')}  ${left.padEnd(23)}  ${right.padEnd(23)}  |${text}|\n`
    if ((at / LINE) % LINES !== LINES - 1) continue
    yield out
    out = ''
  }
  if (out !== '') yield out
}
