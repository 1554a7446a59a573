import assert from 'node:assert/strict'
import test from 'node:test'
import koffi from 'koffi'
import { processes, withMark } from './processes.ts'
import { lines } from './index.ts'

const PR_SET_CHILD_SUBREAPER = 36

// As in a container whose first process fetches no orphans: here this process is their parent, and does not either.
test('zombies of others do not hold the end of a group', { timeout: 60_000 }, async () => {
  const prctl = koffi.load(null).func('int prctl(int option, unsigned long on, unsigned long, unsigned long, unsigned long)') as (
    ...values: number[]
  ) => number
  assert.equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0)
  const text = `9${process.pid}${Math.floor(performance.now() * 1000)}`
  const iterator = lines('sh', ['-c', `sleep ${text} & echo a; wait`], { grace: 600_000 })
  const { value } = await iterator.next()
  assert.equal(value?.toString(), 'a')
  const group = withMark(text)[0]!.group
  await iterator.return()
  const left = processes().filter((found) => found.group === group)
  assert.ok(left.length > 0, 'the grandchild is there as a zombie')
  assert.ok(left.every(({ state }) => state === 'Z'))
  prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
})
