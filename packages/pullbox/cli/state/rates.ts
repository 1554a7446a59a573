import type { SourceView } from '../../api/index.ts'
import type { RatedSource } from './sources-table.ts'

/** The sources at a moment, milliseconds of a clock that never goes back. */
export interface Look {
  readonly at: number
  readonly sources: readonly SourceView[]
}

/** Each source with what it sent a second between two looks; 0 for one that was not there before and is there now without a message. */
export function rated(before: Look, now: Look): RatedSource[] {
  const received = new Map(before.sources.map((s) => [s.source, s.received]))
  const seconds = Math.max(1e-3, (now.at - before.at) / 1000)
  // A collector that was started again in between counts on; a count that fell is no rate.
  return now.sources.map((s) => ({ ...s, rate: Math.max(0, s.received - (received.get(s.source) ?? 0)) / seconds }))
}

/** `1,204/s`, with one digit behind the point below 10. */
export function rateText(rate: number | null): string {
  if (rate === null) return '-'
  const shown = rate > 0 && rate < 9.95 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en-US')
  return `${shown}/s`
}

/** `3 d 4 h`, `4 h 12 min`, `12 min 5 s`, `5 s`. */
export function durationText(us: number): string {
  const s = Math.max(0, Math.floor(us / 1e6))
  const [d, h, m] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60]
  if (d > 0) return `${d} d ${h} h`
  if (h > 0) return `${h} h ${m} min`
  return m > 0 ? `${m} min ${s % 60} s` : `${s} s`
}
