import assert from 'node:assert/strict'

import type { Need } from '../query/engine/source.ts'
import type { RecordsStore } from './contract.ts'

// How the conformance suite looks into a store.

export const ALL: Need = { fields: null, requirements: { always: true } }
export const EVER = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }

export function plain(store: RecordsStore) {
  const { base, through, since, unreadable } = store.ledgerSnapshot()
  return { base: base === null ? null : Buffer.from(base).toString(), through, since: Object.fromEntries(since), unreadable }
}

export function raw(store: RecordsStore, seq: number): Buffer {
  const found = store.get(seq)
  assert.ok(found !== null && !('unreadable' in found), `record ${seq} is there`)
  return Buffer.from(found.rows.bytes(found.row))
}

export const text = (store: RecordsStore, seq: number) => raw(store, seq).toString()

/** All records by number, by the cursor. */
export function all(store: RecordsStore): Map<number, string> {
  const found = new Map<number, string>()
  for (let cursor = 0; ;) {
    const { blocks, next } = store.after(cursor, 100)
    for (const b of blocks) for (let i = b.from; i < b.to; i++) found.set(b.header.firstSeq + i, Buffer.from(b.rows.bytes(i)).toString())
    if (next === cursor) return found
    cursor = next
  }
}

/** Ids of the records in a range, by the source that queries use. */
export async function query(store: RecordsStore, since = EVER.since, until = EVER.until): Promise<string[]> {
  const source = store.source()
  const ids: string[] = []
  const plan = await source.plan({ since, until }, ALL)
  for (const ref of plan.blocks) {
    const rows = await source.read(ref, ALL)
    assert.ok(!('unreadable' in rows))
    assert.equal(rows.count, ref.count)
    for (let i = 0; i < rows.count; i++) if (rows.time[i] >= since && rows.time[i] < until) ids.push(rows.id(i))
  }
  return ids
}
