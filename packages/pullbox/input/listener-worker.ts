// The thread of one listener: opens it, says so, reads until it is asked to stop.
import { parentPort, workerData } from 'node:worker_threads'

import { systemClock } from './clock.ts'
import { SharedCounters } from './counters.ts'
import { Intake } from './intake.ts'
import { loadObserver } from './observer.ts'
import { RingProducer } from './ring.ts'
import { loadLibc } from './socket/libc.ts'
import { SourceTable } from './source-table.ts'
import { StopFlag } from './stop-flag.ts'
import { LONGEST_DATAGRAM } from './task.ts'
import type { Input, InputParts, ListenerMessage, ListenerTask, ListenerType } from './task.ts'
import { SourceZones } from './zones.ts'

/** Each thread loads the code of its own type alone. */
const OPEN: Record<ListenerType, (parts: InputParts) => Promise<Input>> = {
  udp: async (parts) => (await import('./udp.ts')).openUdp(parts),
  tcp: async (parts) => (await import('./tcp.ts')).openTcp(parts),
  'unix-datagram': async (parts) => (await import('./unix-datagram.ts')).openUnixDatagram(parts),
  'unix-stream': async (parts) => (await import('./unix-stream.ts')).openUnixStream(parts),
}

function say(message: ListenerMessage): void {
  parentPort?.postMessage(message)
}

async function main(task: ListenerTask): Promise<void> {
  const ring = new RingProducer(task.ring)
  // First, as it may add keys to the table, which the intake then finds there.
  const observer = await loadObserver(task.observer, task.table)
  const intake = new Intake({
    ring,
    table: SourceTable.open(task.table),
    counters: new SharedCounters(task.counters),
    stop: new StopFlag(task.stop),
    zones: new SourceZones(task.rules, task.zone),
    clock: systemClock(),
    message: task.type === 'udp' ? Math.min(task.limits.message, LONGEST_DATAGRAM) : task.limits.message,
    batchMs: task.batchMs,
    observer,
  })
  const input = await OPEN[task.type]({ task, intake, libc: task.native ? loadLibc() : undefined })
  say({ type: 'listening', address: input.address, receiveBuffer: input.receiveBuffer, native: input.native, nice: input.nice ?? 0 })
  try {
    await input.run()
  } finally {
    intake.flush()
    ring.close()
  }
  say({ type: 'stopped', observed: observer?.places?.() })
}

main(workerData as ListenerTask).catch((error: unknown) => {
  const { code, message, at, hint } = error as { code?: string; message?: string; at?: string; hint?: string }
  say({ type: 'failed', error: { code: code ?? 'INPUT_FAILED', message: message ?? String(error), at: at ?? '', hint: hint ?? '' } })
})
