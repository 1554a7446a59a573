import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Batch, BatchWriter, encodeBlock, KIND } from '@pullbox/log/record'
import { FLAG, Header, parseHeader, zone } from '@pullbox/log/wire'
import { openSegments } from '@pullbox/store/records'

/** When the first record of a sample store was received: 2026-11-24T09:00:00Z; each next one a second later. */
export const SAMPLE_TIME = Date.UTC(2026, 10, 24, 9) * 1000

export interface SampleMessage {
  readonly bytes: string | Uint8Array
  readonly kind?: keyof typeof KIND
  /** The length that was sent, where it is more than what is kept. */
  readonly sent?: number
  readonly source?: string
}

/** A folder that goes with the test. */
export function sampleFolder(t: { after(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'pullbox-store-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A store of segments at the path, one block for each list; the messages are read as the collector reads them. */
export async function sampleStore(
  path: string,
  blocks: readonly (readonly (SampleMessage | string)[])[],
  segmentBytes = 1 << 20,
): Promise<void> {
  const store = await openSegments({ path, segmentBytes })
  const writer = new BatchWriter(Batch.alloc(4096, 8 << 20))
  const header = new Header()
  let received = SAMPLE_TIME
  for (const block of blocks) {
    writer.use(writer.batch)
    for (const given of block) {
      const message = typeof given === 'string' ? { bytes: given } : given
      const bytes = typeof message.bytes === 'string' ? Buffer.from(message.bytes) : message.bytes
      parseHeader(bytes, 0, bytes.length, { received, zone: zone('UTC') }, header)
      if (message.sent !== undefined) header.flags |= FLAG.truncated
      const source = writer.source(Buffer.from(message.source ?? '192.0.2.1'))
      writer.append(bytes, 0, bytes.length, header, source, received, message.sent ?? bytes.length)
      writer.batch.kind[writer.batch.count - 1] = KIND[message.kind ?? 'record']
      received += 1_000_000
    }
    await store.append([encodeBlock(writer.batch, { level: 1, filter: null, listener: 'sample' })])
  }
  await store.close()
}

/** Changes one byte of the store's first segment, at the `nth` place where these bytes stand, `offset` bytes behind its start. */
export function spoil(path: string, at: string | Uint8Array, offset = 0, nth = 0): void {
  const name = readdirSync(join(path, 'segments')).sort()[0]
  const file = join(path, 'segments', name)
  const bytes = readFileSync(file)
  let found = -1
  for (let i = 0; i <= nth; i++) found = bytes.indexOf(Buffer.from(at), found + 1)
  if (found < 0) throw new RangeError('these bytes stand nowhere in the segment')
  bytes[found + offset] ^= 1
  writeFileSync(file, bytes)
}
