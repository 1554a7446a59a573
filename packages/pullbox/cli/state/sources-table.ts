import { formatTime } from '../../time/zone.ts'
import type { Zone } from '../../time/zone.ts'
import type { SourceView } from '../../api/index.ts'
import { usage } from '../exit.ts'
import type { TableColumn } from '../output/table.ts'

/** A source with how many records a second it sends, null where that is not known. */
export interface RatedSource extends SourceView {
  readonly rate: number | null
}

export const refusedOf = (source: Pick<SourceView, 'refused'>): number => Object.values(source.refused).reduce((a, b) => a + b, 0)

/** What a table of sources can be sorted by; texts go up, numbers down, so that what wants attention stands first. */
const ORDER = {
  source: (s: RatedSource) => s.source,
  host: (s: RatedSource) => s.host,
  seen: (s: RatedSource) => s.last_seen,
  rate: (s: RatedSource) => s.rate ?? -1,
  received: (s: RatedSource) => s.received,
  stored: (s: RatedSource) => s.stored,
  duplicate: (s: RatedSource) => s.duplicate,
  refused: refusedOf,
  held: (s: RatedSource) => s.held,
  missing: (s: RatedSource) => s.missing,
  check: (s: RatedSource) => Math.abs(s.check),
} as const satisfies Record<string, (s: RatedSource) => string | number>

export type SortBy = keyof typeof ORDER
export const SORTS = Object.keys(ORDER) as readonly SortBy[]

/** @throws CLI_USAGE */
export function sortOf(text: string | undefined, otherwise: SortBy): SortBy {
  if (text === undefined) return otherwise
  if ((SORTS as readonly string[]).includes(text)) return text as SortBy
  throw usage(`--sort is one of ${SORTS.join(', ')}, not "${text}"`)
}

/** A new list in that order; sources that are equal in it stay in the order of their names. */
export function sorted(sources: readonly RatedSource[], by: SortBy): RatedSource[] {
  const key = ORDER[by]
  const named = sources.toSorted((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : 0))
  return named.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)]
    if (typeof x === 'string' || typeof y === 'string') return x < y ? -1 : x > y ? 1 : 0
    return y - x
  })
}

export const SOURCE_COLUMNS: readonly TableColumn[] = [
  { title: 'SOURCE', cuts: true },
  { title: 'HOST', cuts: true },
  { title: 'LAST SEEN' },
  { title: 'RECEIVED', right: true },
  { title: 'STORED', right: true },
  { title: 'DUP', right: true },
  { title: 'REFUSED', right: true },
  { title: 'HELD', right: true },
  { title: 'MISSING', right: true },
  { title: 'CHECK', right: true },
]

/** The cells of one source under {@link SOURCE_COLUMNS}. */
export function sourceCells(s: SourceView, zone: Zone): (string | number | null)[] {
  const seen = s.last_seen === 0 ? null : `${formatTime(s.last_seen, zone, 0)}${s.silent ? ' SILENT' : ''}`
  return [nameOf(s.source), s.host || null, seen, s.received, s.stored, s.duplicate, refusedOf(s), s.held, s.missing, checkText(s.check)]
}

/** `= 0`, or by how much it does not add up. */
export function checkText(check: number): string {
  return check === 0 ? '= 0' : `${check > 0 ? '+' : ''}${check}`
}

/** Records whose source cannot be told stand under no name. */
export function nameOf(source: string): string {
  return source === '' ? '(unknown)' : source
}
