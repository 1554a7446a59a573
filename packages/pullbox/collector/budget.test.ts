import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ringBytes } from '../input/index.ts'
import { GATE_MOST, LONG_SLOTS, shareOut, SLOTS_LEAST, SLOTS_MOST } from './budget.ts'

const MiB = 2 ** 20
const message = 5 * MiB

/** What the parts may take together when all of it is used, without what encoding takes. */
function sum(memory: number, types: readonly ('udp' | 'tcp' | 'unix-datagram')[]): number {
  const budget = shareOut({ message, memory }, types.length)
  return budget.gate + types.reduce((n, type) => n + ringBytes(budget.ring(type)) + budget.share / 4, 0)
}

test('with the default memory every listener has its full ring', () => {
  const budget = shareOut({ message, memory: 512 * MiB }, 2)
  assert.equal(budget.gate, GATE_MOST)
  assert.equal(budget.blockWorkers, 2)
  assert.equal(budget.sources, 65_536)
  assert.deepEqual([budget.ring('udp').slots, budget.ring('tcp').slots], [SLOTS_MOST, SLOTS_MOST])
  assert.equal(budget.ring('tcp').longSlots, LONG_SLOTS)
  assert.equal(budget.ring('udp').longSlots, undefined, 'no datagram is that long')
})

test('the parts stay within the memory, also the smallest', () => {
  for (const memory of [64, 96, 128, 256, 512, 4096]) {
    assert.ok(sum(memory * MiB, ['udp', 'tcp']) <= memory * MiB, `${memory} MiB`)
  }
  assert.ok(sum(512 * MiB, ['udp', 'tcp', 'unix-datagram', 'tcp']) <= 512 * MiB)
  const least = shareOut({ message, memory: 64 * MiB }, 2)
  assert.equal(least.blockWorkers, 1)
  assert.ok(least.ring('tcp').slots >= SLOTS_LEAST)
  assert.equal(least.ring('tcp').longSlots, 1)
})

test('a message that fits into a usual batch needs no long one', () => {
  assert.equal(shareOut({ message: 65_536, memory: 64 * MiB }, 2).ring('tcp').longSlots, undefined)
})
