import type { Results } from './results.ts'
import { OURS } from './section.ts'

/** A number that the design asks for. */
export interface Goal {
  readonly says: string
  /** The sections it is read from. */
  readonly from: readonly string[]
  /** As measured; NaN when it was not. */
  measured(results: Results): number
  met(value: number): boolean
}

const PEER = 'rsyslog'
const INGEST = ['udp-no-loss', 'udp-overload', 'tcp', 'tcp-burst', 'unix', 'memory', 'latency']

function atLeast(factor: number, section: string, value: string, what: string): Goal {
  return {
    says: `${what}: at least ${factor} x ${PEER}`,
    from: [section],
    measured: (results) => results.ratio(section, value, OURS, PEER),
    met: (n) => n >= factor,
  }
}

/** The greatest of what was measured; NaN of nothing. */
function greatest(values: readonly number[]): number {
  const known = values.filter((n) => !Number.isNaN(n))
  return known.length === 0 ? NaN : Math.max(...known)
}

function atMost(limit: number, says: string, from: readonly string[], measured: (results: Results) => number): Goal {
  return { says, from, measured, met: (n) => n <= limit }
}

/** The goals of the design for ingest, and those of the store that need no other program beside it. */
export const GOALS: readonly Goal[] = [
  atLeast(1.3, 'udp-no-loss', 'messages/s', 'UDP without loss'),
  atLeast(1.2, 'udp-overload', 'kept/s', 'UDP in overload, kept'),
  atLeast(2, 'tcp', 'messages/s', 'TCP'),
  atLeast(3.5, 'tcp-burst', 'messages/s', 'TCP in a burst'),
  atLeast(3, 'unix', 'messages/s', 'unix datagram socket'),
  ...['udp-no-loss', 'tcp', 'unix'].map((section) =>
    atMost(0.7, `CPU per message, ${section}: at most 0.7 x ${PEER}`, [section], (r) => r.ratio(section, 'CPU us/msg', OURS, PEER)),
  ),
  atMost(250, 'peak memory of the collector, all ingest sections: at most 250 MB', INGEST, (r) =>
    greatest(INGEST.flatMap((section) => r.rounds(section, OURS, 'peak MB'))),
  ),
  atMost(60, 'visible in a tail at 100,000/s, p99: at most 60 ms', ['latency'], (r) => r.median('latency', OURS, 'p99 ms')),
  atMost(0, 'acknowledged and lost by kill -9: 0', ['kill9'], (r) => greatest(r.rounds('kill9', OURS, 'lost'))),
  {
    says: 'store, load: at least 800,000 records/s synced',
    from: ['store'],
    measured: (r) => r.median('store', 'load', 'records/s'),
    met: (n) => n >= 800_000,
  },
  ...['needle', 'address'].map((what) => atMost(15, `store, ${what}: at most 15 ms`, ['store'], (r) => r.median('store', what, 'ms'))),
  ...['host =', 'count by host', 'count by minute'].map((what) =>
    atMost(3, `store, ${what}: at most 3 ms`, ['store'], (r) => r.median('store', what, 'ms')),
  ),
  atMost(5, 'store, last 100: at most 5 ms', ['store'], (r) => r.median('store', 'last 100', 'ms')),
  {
    says: 'store, export: at least 400 MB/s',
    from: ['store'],
    measured: (r) => r.median('store', 'export', 'MB/s'),
    met: (n) => n >= 400,
  },
]

/** The goals that the sections which ran speak to: what was asked, what was measured, met or not. */
export function goalRows(results: Results): { says: string; measured: number; met: boolean | null }[] {
  const ran = new Set(results.all.map((r) => r.section))
  return GOALS.filter((goal) => goal.from.some((section) => ran.has(section))).map((goal) => {
    const measured = goal.measured(results)
    return { says: goal.says, measured, met: Number.isNaN(measured) ? null : goal.met(measured) }
  })
}
