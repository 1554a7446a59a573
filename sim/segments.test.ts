import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Life, newTally } from './life.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
const SEEDS = PROVE ? 10_000 : 300
const FIRST = Number(process.env.PULLBOX_SEED ?? 1)

test(`what append promised is there after any power cut (${SEEDS} seeds from ${FIRST})`, async (t) => {
  const tally = newTally()
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      await new Life(seed, tally).run()
    } catch (error) {
      throw new Error(`seed ${seed}: PULLBOX_SEED=${seed} repeats it`, { cause: error })
    }
  }
  t.diagnostic(JSON.stringify(tally))
  // The test is worth nothing if the disk was too kind.
  for (const [what, n] of Object.entries(tally)) assert.ok(n > SEEDS / 100, `${what}: ${n}`)
})
