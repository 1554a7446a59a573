import type { Retained, Retention } from '../contract.ts'
import type { Disk } from '../disk.ts'
import { removeCatalogue } from './catalogue-file.ts'
import type { Catalogue } from './catalogue.ts'
import type { Places } from './names.ts'
import type { SegmentsView } from './view.ts'

const DAY = 86_400_000_000

/**
 * The oldest segments that the limits let go: those of which every record was received too long ago, and those by which the store is
 * too large. `through` is the last record that the newest checkpoint counts: what it does not count yet stays, or the totals of the
 * sources would be lost with it.
 */
export function beyondLimits(catalogues: readonly Catalogue[], active: Catalogue | null, limits: Retention, through: number): Catalogue[] {
  const gone: Catalogue[] = []
  let bytes = catalogues.reduce((n, c) => n + c.end, 0)
  for (const c of catalogues.slice(0, -1)) {
    const old = limits.days !== undefined && c.maxReceived < limits.now - limits.days * DAY
    const large = limits.bytes !== undefined && bytes > limits.bytes
    if (c === active || c.nextSeq - 1 > through || !(old || large)) break
    gone.push(c)
    bytes -= c.end
  }
  return gone
}

/** Deletes them one by one, each durably before the next, so that a crash never leaves a gap in the middle. */
export async function removeSegments(disk: Disk, places: Places, view: SegmentsView, gone: readonly Catalogue[]): Promise<Retained> {
  let records = 0
  let bytes = 0
  const segments: string[] = []
  for (const c of gone) {
    view.catalogues = view.catalogues.filter((other) => other !== c)
    view.forget(c.segment.name)
    await removeCatalogue(disk, places, c.segment.name)
    await disk.unlink(`${places.segments}/${c.segment.name}`)
    await disk.syncDirectory(places.segments)
    records += c.records
    bytes += c.end
    segments.push(c.segment.name)
  }
  return { segments, records, bytes }
}
