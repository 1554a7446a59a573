// A collector in a process of its own that says on stdout each rise of `stored`, with the bytes that the store had written for
// it: what durability.test.ts compares with the trace of its system calls. Ends on SIGTERM or when stdin closes.
import { writeSync } from 'node:fs'

import { Collector } from '../collector.ts'

const path = process.argv[2]
const collector = await Collector.start({
  listeners: [
    { type: 'udp', at: '127.0.0.1:0' },
    { type: 'tcp', at: '127.0.0.1:0' },
  ],
  store: { type: 'segments', options: { path } },
  limits: { message: 1 << 20, memory: 128 << 20 },
  version: 'test',
})
let stored = 0
collector.events.on('synced', (_lastSeq: number, records: number) => {
  stored += records
  if (records > 0) writeSync(1, `stored ${stored}\n`)
})
writeSync(1, `listening ${collector.addresses.map((l) => l.address.split(':').at(-1)).join(' ')}\n`)
const stop = () =>
  void collector.stop().then((status) => {
    writeSync(1, `stopped ${status.totals.stored}\n`)
    process.exit(0)
  })
process.on('SIGTERM', stop)
process.stdin.on('end', stop).resume()
