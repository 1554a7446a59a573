import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { BlockRef, BlockRows, Need } from '@pullbox/store/query'
import { ListSource } from '@pullbox/store/query'

import { RecentBlocks } from './recent.ts'

const NEED: Need = { fields: null, requirements: { always: true } }

test('a block is read once for all who stand at it, and given back after the last of them', async () => {
  const list = new ListSource({ blocks: Array.from({ length: 9 }, (_, i) => [{ time: i, id: String(i), fields: {} }]), unreadable: [8] })
  const released: number[] = []
  const blocks = new RecentBlocks({
    plan: (range) => list.plan(range),
    read: async (ref, need) => Object.assign(await list.read(ref, need), { release: () => void released.push(ref.id as number) }),
  })
  const { blocks: refs } = list.plan({ since: -Infinity, until: Infinity })
  const read = async (i: number) => (await blocks.read(refs[i] as BlockRef, NEED)) as BlockRows
  const first = await read(0)
  assert.equal(await read(0), first)
  assert.deepEqual(list.log.read, [0])
  first.release!()
  for (const i of [1, 2, 3]) (await read(i)).release!()
  assert.deepEqual(released, [], 'kept for the next')
  for (const i of [4, 5]) (await read(i)).release!()
  assert.deepEqual(released, [1], 'the first is still in use')
  first.release!()
  assert.deepEqual(released, [1, 0])
  assert.ok('unreadable' in (await read(8)))
  await read(8)
  assert.deepEqual(list.log.read.slice(-2), [8, 8], 'what cannot be read is tried again')
})
