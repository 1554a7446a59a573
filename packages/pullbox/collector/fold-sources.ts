import type { Account, Checkpoint } from '@pullbox/log/ledger'
import { emptyAccount } from '@pullbox/log/ledger'

import { OTHER, OWN } from '../input/source-table.ts'

/** What earlier runs left of their accounts. */
export interface Resumed {
  readonly base: Checkpoint | null
  /** Records synced after the checkpoint, by source. */
  readonly since: ReadonlyMap<string, number>
}

/**
 * Keeps at most `most` accounts apart: each run may bring as many new sources as its listeners tell apart, and forged addresses cost
 * a sender nothing, so without a bound the ledger would grow with every restart. Those that were silent longest are added to the
 * account of `other`; every sum stays what it was.
 */
export function foldSources({ base, since }: Resumed, most: number): Resumed {
  const names = new Set([...Object.keys(base?.sources ?? {}), ...since.keys()])
  names.delete(OTHER)
  names.delete(OWN)
  if (names.size <= most) return { base, since }
  const accounts = base?.sources ?? {}
  // A source that has sent since the checkpoint is newer than any in it.
  const seen = (name: string) => (since.has(name) ? Number.POSITIVE_INFINITY : (accounts[name]?.lastSeen ?? 0))
  const silent = [...names].toSorted((a, b) => seen(a) - seen(b) || (a < b ? -1 : 1)).slice(0, names.size - most)
  const kept = { ...accounts }
  const later = new Map(since)
  const other = { ...emptyAccount(), ...accounts[OTHER], refused: { ...accounts[OTHER]?.refused } }
  for (const name of silent) {
    if (name in kept) add(other, kept[name])
    delete kept[name]
    later.set(OTHER, (later.get(OTHER) ?? 0) + (later.get(name) ?? 0))
    later.delete(name)
  }
  kept[OTHER] = other
  const empty = { version: 1 as const, at: 0, clean: false, sources: {}, listeners: {}, sequences: [] }
  return { base: { ...(base ?? empty), sources: kept }, since: later }
}

function add(to: Account, from: Account): void {
  to.stored += from.stored
  to.duplicate += from.duplicate
  to.missing += from.missing
  for (const [reason, count] of Object.entries(from.refused)) to.refused[reason] = (to.refused[reason] ?? 0) + count
  if (from.firstSeen !== 0 && (to.firstSeen === 0 || from.firstSeen < to.firstSeen)) to.firstSeen = from.firstSeen
  to.lastSeen = Math.max(to.lastSeen, from.lastSeen)
}
