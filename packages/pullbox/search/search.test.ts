import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { openSegments } from '@pullbox/store/records'

import { recordsReader, recordsSource } from '../config/drivers.ts'
import type { Frame } from './index.ts'
import { createSearch } from './index.ts'
import { sampleBlock } from './testing/sample-store.ts'

const NOW = Date.UTC(2026, 10, 24, 12) * 1000

test('what is not synced is not shown, whoever plans the query, and what is synced later is', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-search-'))
  const options = { path: join(dir, 'store') }
  const store = await openSegments(options)
  const append = (...texts: string[]) =>
    store.append([
      sampleBlock(
        texts.map((bytes) => ({ bytes })),
        NOW,
      ),
    ])
  await append('one apple', 'two pears')
  const { lastSeq } = await append('three apples')
  await append('four apples, not synced')
  let bound = lastSeq
  const source = recordsSource('segments', options)!
  const reader = recordsReader('segments', options, bound)!
  const searches = [{}, { reader }].map((more) =>
    createSearch({ source, workers: 0, spillDir: join(dir, 'spill'), bound: () => bound, ...more }),
  )
  t.after(async () => {
    await Promise.all(searches.map((search) => search.close()))
    await reader.close()
    await store.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const all = async (search: (typeof searches)[number], q: string) => {
    const rows: unknown[] = []
    let end: Frame | null = null
    for await (const frame of search.query(q, { now: NOW })) {
      if (frame.type === 'rows') rows.push(...frame.rows.map((row) => row.n ?? row._msg))
      if (frame.type === 'end') end = frame
    }
    assert.ok(end?.type === 'end' && end.complete)
    return rows
  }
  const synced = ['one apple', 'two pears', 'three apples']
  for (const search of searches) {
    assert.deepEqual(await all(search, '*'), synced)
    assert.deepEqual(await all(search, '* | count() n'), ['3'])
  }
  bound++
  for (const search of searches) assert.deepEqual(await all(search, '*'), [...synced, 'four apples, not synced'])
})
