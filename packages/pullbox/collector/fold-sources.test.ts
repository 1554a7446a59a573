import assert from 'node:assert/strict'
import { test } from 'node:test'

import { emptyAccount, Ledger } from '@pullbox/log/ledger'

import { foldSources } from './fold-sources.ts'

const account = (stored: number, lastSeen: number) => ({
  ...emptyAccount(),
  stored,
  missing: 1,
  refused: { disk_full: 2 },
  firstSeen: lastSeen,
  lastSeen,
})
const base = {
  version: 1 as const,
  at: 5,
  clean: true,
  listeners: {},
  sequences: [],
  sources: { a: account(10, 100), b: account(20, 50), c: account(30, 75), pullbox: account(1, 1), other: account(5, 60) },
}
const since = new Map([
  ['b', 3],
  ['d', 4],
])

test('the sources that were silent longest go into `other`, and every sum stays', () => {
  const folded = foldSources({ base, since }, 2)
  assert.deepEqual(Object.keys(folded.base?.sources ?? {}).toSorted(), ['b', 'other', 'pullbox'])
  const before = new Ledger(() => [])
  before.resume(base, since)
  const after = new Ledger(() => [])
  after.resume(folded.base, folded.since)
  assert.deepEqual(after.totals(), before.totals())
  assert.deepEqual(
    after.lines().map((line) => [line.source, line.stored, line.held]),
    [
      ['b', 23, 0],
      ['d', 4, 0],
      ['other', 45, 0],
      ['pullbox', 1, 0],
    ],
  )
  assert.equal(after.account('other').firstSeen, 60)
  assert.equal(after.account('other').lastSeen, 100)
})

test('nothing is folded while there is room', () => {
  const given = { base, since }
  assert.deepEqual(foldSources(given, 4), given)
  assert.deepEqual(foldSources({ base: null, since: new Map() }, 1), { base: null, since: new Map() })
})
