import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Arrival } from './arrival.ts'
import type { BlockMessage, EmptyMessage } from './protocol.ts'

const block = (listener: string, turn: number): BlockMessage => ({
  type: 'block',
  block: new Uint8Array(1),
  listener,
  turn,
  canWait: true,
  raw: false,
  shares: [],
  missing: [],
})

test('blocks leave in the turn of their listener, whatever the order of the workers', () => {
  const item = fc.record({ listener: fc.constantFrom('a', 'b'), empty: fc.boolean(), key: fc.integer() })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), (items) => {
      const turns = new Map<string, number>()
      const messages = items.map(({ listener, empty, key }) => {
        const turn = turns.get(listener) ?? 0
        turns.set(listener, turn + 1)
        const message: BlockMessage | EmptyMessage = empty ? { type: 'empty', listener, turn } : block(listener, turn)
        return { message, key }
      })
      const seen: BlockMessage[] = []
      const arrival = new Arrival((one) => seen.push(one))
      for (const { message } of messages.toSorted((a, b) => a.key - b.key)) arrival.take(message)
      for (const listener of ['a', 'b']) {
        const expected = messages.flatMap(({ message: m }) => (m.type === 'block' && m.listener === listener ? [m.turn] : []))
        assert.deepEqual(
          seen.filter((one) => one.listener === listener).map((one) => one.turn),
          expected,
        )
      }
    }),
  )
})

test('what waits for a turn that never comes leaves at the end', () => {
  const seen: number[] = []
  const arrival = new Arrival((one) => seen.push(one.turn))
  for (const turn of [3, 0, 2]) arrival.take(block('a', turn))
  assert.deepEqual(seen, [0])
  arrival.end()
  assert.deepEqual(seen, [0, 2, 3])
})
