import { setTimeout as sleep } from 'node:timers/promises'

import type { Daemon } from './daemon.ts'
import { untilKept } from './daemon.ts'
import { send } from './load.ts'
import type { Bench, Section, Values } from './section.ts'
import { alternate, rawBlocks, used } from './section.ts'
import type { Load } from './sender.ts'
import { highestRate } from './statistics.ts'
import { cpuSeconds, peakMemory } from './usage.ts'

/** Sent at this rate, no daemon loses a datagram. */
export const WARM_RATE = 40_000

/**
 * Daemons run for weeks: each is sent `count` messages before it is measured, so that what is done once is done and what is compiled
 * on the way is compiled. Gives how many it has kept of them.
 */
export async function warm(daemon: Daemon, load: Load, count: number): Promise<number> {
  const { sent } = await send({ ...load, count, seconds: 0, seed: 2, rate: load.kind === 'udp' ? WARM_RATE : 0 })
  return (await untilKept(daemon, sent)).kept
}

/** Sends a load that is never refused, and waits until all of it is kept. */
async function complete(daemon: Daemon, load: Load): Promise<Values> {
  const base = await warm(daemon, load, load.count / 20)
  const before = cpuSeconds(daemon.pid)
  const { sent, started } = await send(load)
  const { kept: all, at } = await untilKept(daemon, base + sent)
  const kept = all - base
  const usage = used(daemon, before, kept)
  const values = { 'messages/s': kept / ((at - started) / 1000), ...usage, 'disk MB': daemon.diskBytes() / 1e6 }
  return { ...values, lost: sent - kept, ...(await rawBlocks(daemon)) }
}

function stream(name: string, says: string, share: number, sync: boolean): Section {
  return {
    name,
    says,
    main: 'messages/s',
    run: (bench) => {
      const daemons = bench.daemons.filter((d) => sync || d !== 'rsyslog-sync')
      return alternate(bench, daemons, (d) =>
        bench.with(d, (daemon) => complete(daemon, { kind: 'tcp', port: daemon.ports.tcp, count: bench.sizes.messages * share, rate: 0 })),
      )
    },
  }
}

export const tcp = stream('tcp', 'one TCP connection at full speed until all messages are in the file, or stored and synced', 1, true)
export const tcpBurst = stream('tcp-burst', 'the same with a quarter of the messages: a burst', 0.25, false)

/** The daemons that are compared where a synced file makes no difference of kind. */
const plain = (bench: Bench) => bench.daemons.filter((d) => d !== 'rsyslog-sync')

export const unix: Section = {
  name: 'unix',
  says: 'one unix datagram socket at full speed until all messages are in the file, or stored and synced',
  main: 'messages/s',
  run: (bench) =>
    alternate(bench, plain(bench), (d) =>
      bench.with(
        d,
        (daemon) => complete(daemon, { kind: 'unix-datagram', path: daemon.ports.unix, count: bench.sizes.messages / 2, rate: 0 }),
        true,
      ),
    ),
}

export const udpOverload: Section = {
  name: 'udp-overload',
  says: 'UDP at full speed of the sender: what is kept per second of sending',
  main: 'kept/s',
  run: (bench) =>
    alternate(bench, plain(bench), (d) =>
      bench.with(d, async (daemon) => {
        const load = datagrams(daemon, 0, bench.sizes.seconds)
        const base = await warm(daemon, load, WARM_RATE)
        const before = cpuSeconds(daemon.pid)
        const { sent, seconds, started } = await send(load)
        const { kept: all, at } = await untilKept(daemon, base + sent)
        const kept = all - base
        return {
          'kept/s': kept / seconds,
          'sent/s': sent / seconds,
          'lost %': (100 * (sent - kept)) / sent,
          'complete after s': (at - started) / 1000,
          ...used(daemon, before, kept),
          'disk MB': daemon.diskBytes() / 1e6,
          ...(await rawBlocks(daemon)),
        }
      }),
    ),
}

/** Given to a daemon after its start to come to rest. */
const REST_MS = 3000

export const memory: Section = {
  name: 'memory',
  says: 'the most memory that was ever resident: 3 s after the start, then after UDP at 100,000/s, then after a TCP stream at full speed',
  main: 'peak MB',
  run: (bench) =>
    alternate(bench, plain(bench), (d) =>
      bench.with(d, async (daemon) => {
        await sleep(REST_MS)
        const rested = peakMemory(daemon.pid)
        await send(datagrams(daemon, 100_000, bench.sizes.seconds))
        const paced = peakMemory(daemon.pid)
        const base = await daemon.kept()
        const { sent } = await send({ kind: 'tcp', port: daemon.ports.tcp, count: bench.sizes.messages / 2, rate: 0 })
        await untilKept(daemon, base + sent)
        return { 'started MB': rested, 'UDP MB': paced, 'peak MB': peakMemory(daemon.pid) }
      }),
    ),
}

function datagrams(daemon: Daemon, rate: number, seconds: number): Load {
  return { kind: 'udp', port: daemon.ports.udp, count: Number.MAX_SAFE_INTEGER, distinct: 100_000, rate, seconds }
}

export const udpNoLoss: Section = {
  name: 'udp-no-loss',
  says: 'UDP at an even rate: the highest rate (found by bisection, to 4 %) of which not one message is lost',
  main: 'messages/s',
  run: (bench) => alternate(bench, plain(bench), (d) => search(bench, d)),
}

async function search(bench: Bench, name: string): Promise<Values> {
  let best: Values = {}
  const wanted = { start: 300_000, least: 20_000, within: 1.04 }
  const { rate, limited, probes } = await highestRate(wanted, (asked) =>
    bench.with(name, async (daemon) => {
      const load = datagrams(daemon, asked, bench.sizes.seconds)
      const base = await warm(daemon, load, WARM_RATE)
      const before = cpuSeconds(daemon.pid)
      const { sent, seconds } = await send(load)
      const kept = (await untilKept(daemon, base + sent)).kept - base
      const values = { ...used(daemon, before, kept), ...(await rawBlocks(daemon)) }
      bench.say(`${name}: ${Math.round(sent / seconds)}/s sent, ${sent - kept} of ${sent} lost`)
      if (kept === sent) best = values
      return { held: kept === sent, rate: sent / seconds }
    }),
  )
  return { 'messages/s': rate, 'limit of the sender': limited ? 1 : 0, probes, ...best }
}
