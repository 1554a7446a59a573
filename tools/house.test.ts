import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHECKS } from './check.ts'
import { ROOT } from './files.ts'

for (const [name, check] of Object.entries(CHECKS)) {
  test(`the house: ${name}`, () => {
    const problems = check(ROOT)
    assert.equal(problems.length, 0, `${problems.length} problems\n${problems.join('\n')}`)
  })
}
