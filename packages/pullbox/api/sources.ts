import type { AccountLine } from '@pullbox/log/ledger'

import type { SourcesView } from './views.ts'

/** The account of each source as it is shown. `now` in microseconds; `silence` says after how many of them a source is silent, null = never. */
export function sourcesOf(lines: readonly AccountLine[], now: number, silence: (source: string) => number | null): SourcesView {
  const sources = lines.map((line) => ({
    source: line.source,
    host: line.host,
    received: line.received,
    stored: line.stored,
    duplicate: line.duplicate,
    refused: line.refused,
    held: line.held,
    missing: line.missing,
    first_seen: line.firstSeen,
    last_seen: line.lastSeen,
    check: line.check,
    silent: line.lastSeen > 0 && now - line.lastSeen > (silence(line.source) ?? Infinity),
  }))
  return { sources }
}
