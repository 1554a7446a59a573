import type { TimeRange } from '../../query/engine/source.ts'
import type { Place, Span } from '../contract.ts'
import type { Catalogue } from './catalogue.ts'
import { holeUnreadable } from './view.ts'

/** How a block is named in a plan: enough for another thread to read it from the file without a catalogue of its own. */
export interface BlockId {
  readonly segment: string
  readonly at: number
  readonly seq: number
}

/** Whether the block, which is the `i`th of its catalogue, may hold what is wanted. */
type Judge = (id: BlockId, c: Catalogue, i: number) => boolean

/**
 * Blocks that hold records above `seq`, in write order, and the numbers between them that can't be read. `judge` says whether a
 * block of the range may hold what is wanted.
 */
export function* spansAfter(catalogues: readonly Catalogue[], seq: number, range: TimeRange, judge: Judge): Generator<Span> {
  let next = seq
  for (const [s, c] of catalogues.entries()) {
    if (s + 1 < catalogues.length && catalogues[s + 1].segment.firstSeq <= seq + 1) continue
    for (let i = c.find(seq + 1); i < c.blocks; i++) {
      if (c.count[i] === 0) continue
      yield* holesBetween(c, next, c.firstSeq(i))
      const span = spanOf(c, i, range, judge)
      next = span.lastSeq
      yield span
    }
    // Numbers missing at a segment's end are known to be lost only once another segment follows.
    const following = catalogues[s + 1]?.segment.firstSeq
    if (following !== undefined) {
      yield* holesBetween(c, next, following)
      next = following - 1
    }
  }
}

/** Blocks that hold records up to `seq`, from the last to the first. */
export function* spansBefore(catalogues: readonly Catalogue[], seq: number, range: TimeRange, judge: Judge): Generator<Span> {
  for (const c of catalogues.toReversed()) {
    if (c.segment.firstSeq > seq) continue
    for (let i = Math.min(c.find(seq), c.blocks - 1); i >= 0; i--) {
      if (c.count[i] > 0 && c.firstSeq(i) <= seq) yield spanOf(c, i, range, judge)
    }
  }
}

function spanOf(c: Catalogue, i: number, range: TimeRange, judge: Judge): Span {
  const firstSeq = c.firstSeq(i)
  const id: BlockId = { segment: c.segment.name, at: c.offset[i], seq: firstSeq }
  const wanted = c.maxTime[i] >= range.since && c.minTime[i] < range.until && judge(id, c, i)
  const ref = wanted ? { id, minTime: c.minTime[i], maxTime: c.maxTime[i], count: c.count[i], bytes: c.length[i] } : null
  return { firstSeq, lastSeq: firstSeq + c.count[i] - 1, ref, unreadable: null }
}

function* holesBetween(c: Catalogue, after: number, before: number): Generator<Span> {
  for (const hole of c.holes) {
    const { firstSeq, lastSeq } = hole
    if (firstSeq === null || lastSeq === null || lastSeq <= after || firstSeq >= before) continue
    yield { firstSeq: Math.max(firstSeq, after + 1), lastSeq: Math.min(lastSeq, before - 1), ref: null, unreadable: holeUnreadable(hole) }
  }
}

/** Where the block of that record lies; null when no block holds it. */
export function placeOf(catalogues: readonly Catalogue[], seq: number): Place | null {
  const c = catalogues.findLast(({ segment }) => segment.firstSeq <= seq)
  const i = c?.find(seq) ?? 0
  if (c === undefined || i === c.blocks || c.firstSeq(i) > seq) return null
  const firstSeq = c.firstSeq(i)
  return { segment: c.segment.name, from: c.offset[i], to: c.offset[i] + c.length[i], firstSeq, lastSeq: firstSeq + c.count[i] - 1 }
}
