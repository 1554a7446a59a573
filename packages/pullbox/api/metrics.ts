import { refusedSum } from '@pullbox/log/ledger'

import type { CollectorStatus } from '../collector/index.ts'

/** Sources that have series of their own; the others are counted in `pullbox_sources_unlisted`. */
export const MOST_SOURCES = 1000

export interface ProcessState {
  /** Resident memory in bytes. */
  readonly rss: number
  /** When the last sync of this run ended, microseconds since 1970. */
  readonly lastSync: number | null
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]
type Line = CollectorStatus['lines'][number]
type ListenerNow = CollectorStatus['listenersNow'][number]
type Family<T> = readonly [name: string, type: 'counter' | 'gauge', help: string, read: (one: T) => number]

const PER_SOURCE: readonly Family<Line>[] = [
  ['pullbox_source_received_total', 'counter', 'Records read from a source.', (line) => line.received],
  ['pullbox_source_stored_total', 'counter', 'Records of a source that are synced.', (line) => line.stored],
  ['pullbox_source_duplicate_total', 'counter', 'Records of a source that were known already.', (line) => line.duplicate],
  ['pullbox_source_refused_total', 'counter', 'Records of a source that were refused.', (line) => refusedSum(line)],
  ['pullbox_source_held', 'gauge', 'Records of a source that are read and neither synced nor refused.', (line) => line.held],
  ['pullbox_source_missing', 'gauge', 'Records of a source that never came, by its sequence numbers.', (line) => line.missing],
  ['pullbox_source_last_seen_seconds', 'gauge', 'When a record of a source was last stored, since 1970.', (line) => line.lastSeen / 1e6],
]

const PER_LISTENER: readonly Family<ListenerNow>[] = [
  ['pullbox_listener_received_total', 'counter', 'Records that a listener took in.', (one) => one.counters.received],
  ['pullbox_listener_bytes_total', 'counter', 'Bytes of these records.', (one) => one.counters.bytes],
  ['pullbox_listener_kernel_drops_total', 'counter', 'Datagrams that the kernel dropped, in all runs.', (one) => one.kernelDrops],
  ['pullbox_listener_connections', 'gauge', 'Open connections.', (one) => one.counters.connectionsOpen],
  ['pullbox_listener_connections_total', 'counter', 'Connections taken.', (one) => one.counters.connectionsTotal],
  ['pullbox_listener_connections_refused_total', 'counter', 'Connections beyond the limit.', (one) => one.counters.connectionsRefused],
  [
    'pullbox_listener_connections_failed_total',
    'counter',
    'Connections that ended with an error.',
    (one) => one.counters.connectionsFailed,
  ],
  ['pullbox_listener_frames_damaged_total', 'counter', 'Damaged frames.', (one) => one.counters.framesDamaged],
  ['pullbox_listener_truncated_total', 'counter', 'Records cut at the limit.', (one) => one.counters.truncated],
  [
    'pullbox_listener_ring_full_total',
    'counter',
    'Times that reading stopped because blocks could not follow.',
    (one) => one.counters.ringFull,
  ],
]

/** The status as Prometheus text, format 0.0.4. */
export function metricsText(status: CollectorStatus, process: ProcessState): string {
  const { totals, lines, listenersNow } = status
  const states = (['received', 'stored', 'duplicate', 'refused', 'held', 'missing'] as const).map((state): Sample => [
    { state },
    totals[state],
  ])
  const refused = new Map<string, number>()
  for (const line of lines) for (const [reason, n] of Object.entries(line.refused)) refused.set(reason, (refused.get(reason) ?? 0) + n)
  // those that send most keep their series, however many senders come once
  const listed = lines.toSorted((a, b) => b.received - a.received).slice(0, MOST_SOURCES)
  return [
    family('pullbox_records', 'gauge', 'Records by state; received = stored + duplicate + refused + held.', states),
    family(
      'pullbox_refused_total',
      'counter',
      'Records refused, by reason.',
      [...refused].map(([reason, n]): Sample => [{ reason }, n]),
    ),
    ...PER_LISTENER.map(([name, type, help, read]) =>
      family(
        name,
        type,
        help,
        listenersNow.map((one): Sample => [{ listener: one.name }, read(one)]),
      ),
    ),
    ...PER_SOURCE.map(([name, type, help, read]) =>
      family(
        name,
        type,
        help,
        listed.map((line): Sample => [{ source: line.source }, read(line)]),
      ),
    ),
    single('pullbox_sources', 'Sources that ever sent.', lines.length),
    single('pullbox_sources_unlisted', `Sources beyond ${MOST_SOURCES}, without series of their own.`, lines.length - listed.length),
    ...storeFamilies(status, process.lastSync),
    single('pullbox_start_time_seconds', 'When the collector started, since 1970.', status.started / 1e6),
    single('process_resident_memory_bytes', 'Resident memory.', process.rss),
  ].join('')
}

function storeFamilies({ stats, rawBlocks, waitingBytes, trouble, balanced }: CollectorStatus, lastSync: number | null): string[] {
  return [
    single('pullbox_store_bytes', 'Bytes that the store takes.', stats.bytes),
    single('pullbox_store_free_bytes', 'Bytes that may still be written.', stats.freeBytes),
    single('pullbox_store_records', 'Records in the store.', stats.records),
    single('pullbox_store_blocks', 'Blocks in the store.', stats.blocks),
    single('pullbox_store_segments', 'Segments in the store.', stats.segments),
    single('pullbox_store_damages', 'Places in the store that cannot be read.', stats.damages),
    single('pullbox_store_waiting_bytes', 'Bytes of blocks that wait for the disk.', waitingBytes),
    single('pullbox_store_trouble', '1 while the store cannot write.', trouble === null ? 0 : 1),
    family('pullbox_store_raw_blocks_total', 'counter', 'Blocks written without compression, to keep up.', [[{}, rawBlocks]]),
    family(
      'pullbox_store_last_sync_seconds',
      'gauge',
      'When the last sync of this run ended, since 1970.',
      lastSync === null ? [] : [[{}, lastSync / 1e6]],
    ),
    single('pullbox_balanced', '1 while the account of every source balances.', balanced ? 1 : 0),
  ]
}

function single(name: string, help: string, value: number): string {
  return family(name, 'gauge', help, [[{}, value]])
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${numberText(value)}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
