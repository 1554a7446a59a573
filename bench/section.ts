import type { Daemon } from './daemon.ts'
import { cpuSeconds, peakMemory } from './usage.ts'

/** How much is measured. */
export interface Sizes {
  /** Each measurement is made so many times; the daemons take turns. */
  readonly rounds: number
  /** Messages of a stream. */
  readonly messages: number
  /** Seconds of a load with a rate. */
  readonly seconds: number
  /** Records of the store that is searched. */
  readonly records: number
}

export const FULL: Sizes = { rounds: 3, messages: 2_000_000, seconds: 10, records: 4_000_000 }
export const QUICK: Sizes = { rounds: 1, messages: 100_000, seconds: 1, records: 100_000 }

/** Numbers of one measurement by what they are, the unit in the name. */
export type Values = Readonly<Record<string, number>>

export interface Bench {
  readonly sizes: Sizes
  /** Names of the daemons that are there, ours first. */
  readonly daemons: readonly string[]
  /** A fresh daemon with an empty store, for the length of `use`; with `unix`, ours listens on its unix socket and nowhere else. */
  with<T>(name: string, use: (daemon: Daemon) => Promise<T>, unix?: boolean): Promise<T>
  /** As above; `use` may kill the daemon and start it again on the same folder. */
  folder<T>(use: (dir: string) => Promise<T>): Promise<T>
  record(daemon: string, round: number, values: Values): void
  readonly say: (text: string) => void
}

export interface Section {
  readonly name: string
  /** One line: what is measured and how. */
  readonly says: string
  /** The value whose ratio to the peers is shown. */
  readonly main: string
  run(bench: Bench): Promise<void>
}

/** Name of the collector under test. */
export const OURS = 'pullbox'

/** Runs `measure` for each daemon in turn, as many rounds as the sizes say, and records what it gives. */
export async function alternate(
  bench: Bench,
  daemons: readonly string[],
  measure: (name: string, round: number) => Promise<Values>,
): Promise<void> {
  for (let round = 1; round <= bench.sizes.rounds; round++)
    for (const name of daemons) bench.record(name, round, await measure(name, round))
}

/** Processor time since `before` per message, and the most memory, of a daemon. */
export function used(daemon: Daemon, before: number, messages: number): Values {
  return { 'CPU us/msg': ((cpuSeconds(daemon.pid) - before) * 1e6) / messages, 'peak MB': peakMemory(daemon.pid) }
}

/** How many blocks went to disk raw, where there are blocks. */
export async function rawBlocks(daemon: Daemon): Promise<Values> {
  const blocks = await daemon.blocks()
  return blocks === null ? {} : { 'raw blocks': blocks.raw, blocks: blocks.all }
}
