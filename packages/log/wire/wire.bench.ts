import { Header } from './header.ts'
import { parseHeader } from './read.ts'
import { zone } from './zone.ts'

/** Lines like those that programs and devices send; made up. */
const LINES = {
  rfc3164: [
    '<30>Nov 23 10:11:12 web-frontend-01 systemd[1]: Started Session 4242 of user deploy.',
    '<86>Nov 23 10:11:13 db-primary sshd[20711]: Accepted publickey for backup from 192.0.2.17 port 51522 ssh2: ED25519 SHA256:abc',
    '<78>Nov 23 10:11:14 mail-relay CRON[991]: (root) CMD (run-parts --report /etc/cron.hourly)',
    '<6>Nov 23 10:11:15 fw2 kernel: IN=eth0 OUT= MAC=00:11 SRC=198.51.100.7 DST=192.0.2.1 LEN=60 TTL=54 PROTO=TCP SPT=4242 DPT=22',
  ],
  rfc5424: [
    '<165>1 2026-11-23T10:11:12.003Z app-7.example.net orders 8710 ID47 - payment accepted for order 4711 after 212 ms',
    '<134>1 2026-11-23T10:11:12.345678+01:00 edge-3 proxy - - [meta sequenceId="231559791"][http@32473 status="200"] GET /index',
  ],
  cisco: [
    '<189>1179: core-sw-03: Nov 23 10:11:12.743 CET: %LINK-5-CHANGED: Interface GigabitEthernet2, changed state to down',
    '<166>Nov 23 10:11:12 asa-edge : %ASA-6-302013: Built inbound TCP connection 17 for outside:192.0.2.1/4242',
  ],
  fortinet: ['<189>date=2026-11-23 time=10:11:12 devname="fw01" devid="FG0" logid="0000000013" type="traffic" tz="+0100" srcip=192.0.2.4'],
}

/** Nanoseconds of CPU a message that the header reader takes, by kind of line; the median of `runs` runs. */
export function bench(rounds = 400_000, runs = 5): Record<string, number> {
  const context = { received: Date.UTC(2026, 10, 23, 10, 11, 12) * 1000, zone: zone('UTC') }
  const out = new Header()
  const result: Record<string, number> = {}
  for (const [kind, lines] of Object.entries({ ...LINES, mixed: Object.values(LINES).flat() })) {
    const bytes = Buffer.from(lines.join('\n'))
    const starts: number[] = []
    for (let at = 0, i = 0; i < lines.length; at += lines[i].length + 1, i++) starts.push(at)
    const times: number[] = []
    for (let run = 0; run < runs; run++) {
      const before = process.cpuUsage()
      for (let n = 0; n < rounds; n++) {
        const i = n % lines.length
        context.received += 100
        parseHeader(bytes, starts[i], starts[i] + lines[i].length, context, out)
      }
      times.push((process.cpuUsage(before).user * 1000) / rounds)
    }
    times.sort((a, b) => a - b)
    result[kind] = Math.round(times[runs >> 1])
  }
  return result
}

if (import.meta.main) console.table(bench())
