import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import type { Need as Requirement } from '../query/filter/requirements.ts'
import { SampleBlocks } from './sample.ts'
import { openSegments } from './segments/index.ts'

// Load rate with every append synced, opening, and a needle that the filters find; on the disk under the directory for temporary files.

const EVER = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }
const PER_BLOCK = 4000
const milliseconds = (since: number) => Math.round((performance.now() - since) * 100) / 100

function makeBlocks(count: number, level: number): Uint8Array[] {
  const sample = new SampleBlocks({ level, filtered: true, records: PER_BLOCK })
  return Array.from({ length: count }, (_, b) =>
    sample.block(
      Array.from({ length: PER_BLOCK }, (_unused, i) => {
        const n = b * PER_BLOCK + i
        const host = `sw${n % 374}`
        const text = `${host} app${n % 30}[${n % 9999}]: session ${(n * 2654435761) >>> 0} closed after ${n % 1000} ms, ${'state ok '.repeat(20)}`
        return { bytes: n === 123_456 ? `${host} needle-in-the-stack` : text, host, time: 1.79e15 + n * 1000, priority: n % 192 }
      }),
    ),
  )
}

/** Measures and gives back the figures; `records` is rounded up to whole blocks. */
export async function bench(records = 400_000): Promise<Record<string, number>> {
  const path = mkdtempSync(join(tmpdir(), 'pullbox-bench-'))
  try {
    const blocks = makeBlocks(Math.ceil(records / PER_BLOCK), 1)
    const bytes = blocks.reduce((n, b) => n + b.length, 0)
    const store = await openSegments({ path })
    const began = performance.now()
    await Promise.all(blocks.map((b) => store.append([b])))
    const load = performance.now() - began
    const stored = store.stats().records
    await store.close()

    const opening = performance.now()
    const again = await openSegments({ path })
    const open = milliseconds(opening)

    const requirements: Requirement = { literal: Buffer.from('needle-in-the-stack'), field: '_msg' }
    const times: number[] = []
    let found = 0
    for (let i = 0; i < 5; i++) {
      const start = performance.now()
      const source = again.source()
      const plan = await source.plan(EVER, { fields: null, requirements })
      found = 0
      for (const ref of plan.blocks) {
        const rows = await source.read(ref, { fields: null, requirements })
        const arena = 'unreadable' in rows ? undefined : rows.column('_msg')?.arena
        if (
          arena !== undefined &&
          Buffer.from(arena.bytes.buffer, arena.bytes.byteOffset, arena.bytes.length).includes('needle-in-the-stack')
        )
          found++
      }
      times.push(milliseconds(start))
    }
    await again.close()
    return {
      records: stored,
      disk_mb: Math.round(bytes / 1e4) / 100,
      load_records_per_s: Math.round((stored / load) * 1000),
      load_mb_per_s: Math.round(bytes / load / 1000),
      open_ms: open,
      needle_ms: Math.min(...times),
      needle_blocks: found,
      rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
    }
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { records: { type: 'string' } } })
  console.log(JSON.stringify(await bench(values.records === undefined ? undefined : Number(values.records))))
}
