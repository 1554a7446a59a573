import assert from 'node:assert/strict'
import { test } from 'node:test'

import { highestRate, median, percentile, ratio } from './statistics.ts'

test('median, percentile and ratio', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.equal(median([10, 9]), 9.5)
  assert.ok(Number.isNaN(median([])))
  const hundred = Array.from({ length: 101 }, (_, i) => 100 - i)
  assert.equal(percentile(hundred, 99), 99)
  assert.equal(percentile(hundred, 0), 0)
  assert.equal(percentile([1, 2], 75), 1.75)
  assert.equal(ratio(6, 3), 2)
  for (const [a, b] of [
    [undefined, 1],
    [1, undefined],
    [1, 0],
    [1, NaN],
  ])
    assert.ok(Number.isNaN(ratio(a, b)))
})

test('the highest rate that holds is found to within what was asked, from below and from above', async () => {
  for (const truth of [21_000, 57_300, 299_000, 300_000, 301_000, 640_000, 2_500_000]) {
    const asked: number[] = []
    const found = await highestRate({ start: 300_000, least: 20_000, within: 1.04 }, async (rate) => {
      asked.push(rate)
      return { held: rate <= truth, rate }
    })
    assert.ok(found.rate <= truth && found.rate * 1.04 >= truth, `${truth}: ${found.rate} after ${asked.join(' ')}`)
    assert.equal(found.limited, false)
    assert.equal(found.probes, asked.length)
    assert.ok(asked.length < 16, `${asked.length} probes`)
  }
})

test('where nothing holds the search ends with 0; where the sender is the limit it says so', async () => {
  const search = { start: 300_000, least: 20_000, within: 1.04 }
  const none = await highestRate(search, (rate) => Promise.resolve({ held: false, rate }))
  assert.equal(none.rate, 0)
  const limit = await highestRate(search, (rate) => Promise.resolve({ held: true, rate: Math.min(rate, 700_000) }))
  assert.deepEqual({ rate: limit.rate, limited: limit.limited }, { rate: 700_000, limited: true })
})
