import { systemClock } from './clock.ts'
import { SharedCounters } from './counters.ts'
import { Intake } from './intake.ts'
import { createRing, RingConsumer, RingProducer } from './ring.ts'
import { SourceTable } from './source-table.ts'
import { StopFlag } from './stop-flag.ts'
import { SourceZones } from './zones.ts'

const MESSAGE = 2048
const RUN = 512
/** Longest that it takes, in milliseconds. */
const MOST_MS = 250
const MESSAGES = 60_000

const SHAPES = [
  "<34>Oct 11 22:14:15 mymachine su[231]: 'su root' failed for lonvick on /dev/pts/8",
  '<165>1 2003-10-11T22:14:15.003Z host.example app 12 ID47 [meta sequenceId="1"] An application event log entry',
  '<189>29: *Oct 11 22:14:15.123: %LINEPROTO-5-UPDOWN: Line protocol on Interface Vlan1, changed state to up',
  '<13>2003-10-11T22:14:15.003123+02:00 host kernel: [12345.678901] usb 1-1: new device',
  'no header at all',
]

/**
 * Sends messages of the common shapes through an intake of its own, which nobody sees, so that the code is compiled before the
 * first real datagram: a socket that is opened in the middle of a flood would drop what comes in its first quarter second.
 */
export function warmUp(): void {
  const shared = createRing({ slots: 2, records: 4096, arenaBytes: 512 << 10 })
  const ring = new RingProducer(shared)
  const consumer = new RingConsumer(shared)
  const clock = systemClock()
  const parts = { ring, table: SourceTable.create(), counters: new SharedCounters(), stop: new StopFlag(), zones: new SourceZones(), clock }
  const intake = new Intake({ ...parts, message: MESSAGE })
  const sources = Array.from({ length: 16 }, (_, i) => intake.source(Buffer.from(`192.0.2.${i}`), `192.0.2.${i}`))
  const bytes = new Uint8Array(new ArrayBuffer(SHAPES.length * MESSAGE))
  const lengths = SHAPES.map((text, i) => new TextEncoder().encodeInto(text, bytes.subarray(i * MESSAGE)).written)
  const until = clock.steady() + MOST_MS
  for (let n = 0; n < MESSAGES && clock.steady() < until; n += RUN) {
    const now = clock.micros()
    for (let i = 0; i < RUN; i++) {
      const shape = i % SHAPES.length
      const start = shape * MESSAGE
      intake.append(bytes, start, start + lengths[shape], sources[i % sources.length], now, 0, lengths[shape])
    }
    intake.flush()
    for (let taken = consumer.tryTake(); taken !== null; taken = consumer.tryTake()) consumer.release(taken.slot)
  }
}
