import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SOURCE_KEYS, SourceTable } from './source-table.ts'

test('keys keep their ids, long ones are cut, those beyond the table are "other"', () => {
  const table = SourceTable.create()
  const a = table.id(Buffer.from('10.0.0.1'))
  assert.equal(a, 2)
  assert.equal(table.id(Buffer.from('10.0.0.1')), a)
  const long = table.id(Buffer.alloc(300, 'x'))
  assert.equal(table.key(long).length, 255)
  assert.equal(table.id(Buffer.alloc(255, 'x')), long)
  assert.notEqual(table.id(Buffer.from([0xff])), table.id(Buffer.from([0xc3, 0xbf])))
  for (let i = 0; table.size < SOURCE_KEYS; i++) table.id(Buffer.from(`k${i}`))
  const other = table.id(Buffer.from('one too many'))
  assert.equal(Buffer.from(table.key(other)).toString(), 'other')
  assert.equal(table.id(Buffer.from('10.0.0.1')), a)
  table.add(a, 3)
  table.add(other, 2)
  const reader = SourceTable.open(table.shared)
  assert.equal(reader.size, SOURCE_KEYS)
  assert.equal(reader.received(a), 3)
  assert.equal(reader.received(other), 2)
  assert.equal(Buffer.from(reader.key(a)).toString(), '10.0.0.1')
})

test('a table for few sources: those beyond its capacity are counted together under `other`, and none is lost', () => {
  const table = SourceTable.create(4)
  const ids = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.1'].map((key) => table.id(Buffer.from(key)))
  assert.deepEqual(ids, [2, 3, 0, 0, 2])
  for (const id of ids) table.add(id, 1)
  const reader = SourceTable.open(table.shared)
  assert.equal(reader.capacity, 4)
  assert.equal(reader.size, 4)
  assert.deepEqual(
    [0, 1, 2, 3].map((id) => [Buffer.from(reader.key(id)).toString(), reader.received(id)]),
    [
      ['other', 2],
      ['pullbox', 0],
      ['10.0.0.1', 2],
      ['10.0.0.2', 1],
    ],
  )
})
