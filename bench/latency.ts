import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'

import { query, statusOf } from './collector.ts'
import type { Daemon, Ports } from './daemon.ts'
import { WARM_RATE, warm } from './ingest.ts'
import { startSender } from './load.ts'
import type { Section, Values } from './section.ts'
import { OURS, alternate, used } from './section.ts'
import { percentile } from './statistics.ts'
import { cpuSeconds, now } from './usage.ts'

const RATE = 100_000
const PROBES_PER_S = 100
/** What the probes are found by. */
const WORD = 'latencyprobe'
/** A tail that still has not shown all of them after this time will not. */
const CATCH_UP_MS = 10_000

export const latency: Section = {
  name: 'latency',
  says: 'UDP at 100,000 messages/s, and 100 probes/s among them that carry their send time: from send to visible in /api/v1/tail, which shows synced records only',
  main: 'p99 ms',
  run: (bench) => alternate(bench, [OURS], () => bench.with(OURS, (daemon) => measure(daemon, bench.sizes.seconds, bench.say))),
}

async function measure(daemon: Daemon, seconds: number, say: (text: string) => void): Promise<Values> {
  await warm(daemon, { kind: 'udp', port: daemon.ports.udp, count: 0, rate: 0 }, WARM_RATE)
  const before = cpuSeconds(daemon.pid)
  const tail = await openTail(daemon.ports)
  const load = startSender({ kind: 'udp', port: daemon.ports.udp, count: RATE * (seconds + 1), rate: RATE })
  await load.began
  let values: Values
  if (tail === null) {
    say('/api/v1/tail is not there: the mean wait before the sync is taken from status instead (held / rate), without percentiles')
    values = { 'mean ms': await meanWait(daemon.ports, seconds) }
  } else {
    const sent = await sendProbes(daemon.ports.udp, seconds)
    await load.done
    const [{ n }] = await query(daemon.ports, `${WORD} | stats count() as n`)
    const stored = Number(n)
    for (const until = now() + CATCH_UP_MS; tail.waits.length < stored && now() < until;) await sleep(50)
    tail.end()
    const { waits } = tail
    const lost = { 'lost by UDP': sent - stored, 'not shown': stored - waits.length }
    values = { 'p50 ms': percentile(waits, 50), 'p99 ms': percentile(waits, 99), 'worst ms': Math.max(...waits), probes: sent, ...lost }
  }
  const { sent } = await load.done
  return { ...values, ...used(daemon, before, sent) }
}

/** Follows the probes; null when there is no such route. */
async function openTail(ports: Ports): Promise<{ readonly waits: number[]; end: () => void } | null> {
  const stop = new AbortController()
  const answer = await fetch(`http://127.0.0.1:${ports.http}/api/v1/tail?q=${WORD}`, { signal: stop.signal })
  if (answer.status === 404) return null
  if (!answer.ok || answer.body === null) throw new Error(`tail: ${answer.status} ${await answer.text()}`)
  const waits: number[] = []
  const read = async (body: ReadableStream<Uint8Array>) => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const bytes of body) {
      const at = now()
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        // The text stands in the record once as the message, and may stand again in a field: one wait a line.
        const sentAt = /latencyprobe at=(\d+\.\d+)/.exec(line)?.[1]
        if (line.startsWith('data:') && sentAt !== undefined) waits.push(at - Number(sentAt))
      }
    }
  }
  const reading = read(answer.body as ReadableStream<Uint8Array>).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  return {
    waits,
    end() {
      stop.abort()
      void reading
    },
  }
}

async function sendProbes(port: number, seconds: number): Promise<number> {
  const socket = createSocket('udp4')
  const begin = now()
  let sent = 0
  while (sent < seconds * PROBES_PER_S) {
    const lead = begin + (sent * 1000) / PROBES_PER_S - now()
    if (lead > 0) await sleep(lead)
    const text = `<13>Nov 24 10:00:00 bench probe: ${WORD} at=${now().toFixed(3)}`
    await new Promise<void>((resolve, reject) => socket.send(text, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())))
    sent++
  }
  socket.close()
  return sent
}

/** Little's law: what waits, by the rate at which it comes, is how long it waits on average. */
async function meanWait(ports: Ports, seconds: number): Promise<number> {
  const held: number[] = []
  const begin = now()
  while (now() - begin < seconds * 1000) {
    held.push((await statusOf(ports)).held)
    await sleep(50)
  }
  return (held.reduce((a, b) => a + b, 0) / held.length / RATE) * 1000
}
