import type { CollectorStatus } from '../collector/index.ts'

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

/** The status as Prometheus text, format 0.0.4. `rss`: resident memory of the process in bytes. */
export function metricsText(status: CollectorStatus, rss: number): string {
  const { totals, stats, lines, listenersNow } = status
  const refused = new Map<string, number>()
  for (const line of lines) for (const [reason, n] of Object.entries(line.refused)) refused.set(reason, (refused.get(reason) ?? 0) + n)
  const states = (['received', 'stored', 'duplicate', 'held', 'missing'] as const).map((state): Sample => [{ state }, totals[state]])
  const perListener = (read: (one: CollectorStatus['listenersNow'][number]) => number): Sample[] =>
    listenersNow.map((one) => [{ listener: one.name }, read(one)])
  return [
    family('pullbox_records', 'gauge', 'Records by state; received = stored + duplicate + refused + held.', states),
    family(
      'pullbox_refused_total',
      'counter',
      'Records refused, by reason.',
      [...refused].map(([reason, n]): Sample => [{ reason }, n]),
    ),
    family(
      'pullbox_listener_received_total',
      'counter',
      'Records that a listener took in.',
      perListener((one) => one.counters.received),
    ),
    family(
      'pullbox_listener_bytes_total',
      'counter',
      'Bytes of these records.',
      perListener((one) => one.counters.bytes),
    ),
    family(
      'pullbox_listener_kernel_drops_total',
      'counter',
      'Datagrams that the kernel dropped.',
      perListener((one) => one.kernelDrops),
    ),
    family(
      'pullbox_listener_connections',
      'gauge',
      'Open connections.',
      perListener((one) => one.counters.connectionsOpen),
    ),
    family(
      'pullbox_listener_frames_damaged_total',
      'counter',
      'Damaged frames.',
      perListener((one) => one.counters.framesDamaged),
    ),
    family(
      'pullbox_listener_truncated_total',
      'counter',
      'Records cut at the limit.',
      perListener((one) => one.counters.truncated),
    ),
    family('pullbox_store_bytes', 'gauge', 'Bytes that the store takes.', [[{}, stats.bytes]]),
    family('pullbox_store_blocks', 'gauge', 'Blocks in the store.', [[{}, stats.blocks]]),
    family('pullbox_store_segments', 'gauge', 'Segments in the store.', [[{}, stats.segments]]),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [[{}, rss]]),
  ].join('')
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
