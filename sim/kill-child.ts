// Appends under load and prints each promise as soon as it is given, until it is killed: one line of number and text for each record.
import { writeSync } from 'node:fs'

import { openSegments } from '@pullbox/store/records'
import { SampleBlocks } from '@pullbox/store/records/suite'

const [path, run] = process.argv.slice(2)
const store = await openSegments({ path, segmentBytes: 256 << 10 })
const blocks = new SampleBlocks({ records: 64, arenaBytes: 1 << 16 })
let n = 0

async function writer(): Promise<never> {
  for (;;) {
    const texts = Array.from({ length: 1 + (n % 20) }, () => `${run}.${n++} ${'x'.repeat(n % 300)}`)
    const { firstSeq } = await store.append([blocks.block(texts.map((bytes) => ({ bytes, time: Date.now() * 1000 })))])
    writeSync(1, texts.map((text, i) => `${firstSeq + i} ${text}\n`).join(''))
  }
}

await Promise.all([writer(), writer(), writer(), writer(), writer(), writer()])
