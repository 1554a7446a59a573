import assert from 'node:assert/strict'
import { describe as suite, test } from 'node:test'

import { describe, FLAG, Header, parseHeader, PROBLEM, PROBLEMS, zone } from '@pullbox/log/wire'
import type { Described, HeaderContext } from '@pullbox/log/wire'

import { bench } from './wire.bench.ts'

const RECEIVED = Date.UTC(2026, 10, 23, 10, 11, 12) * 1000
const context: HeaderContext = { received: RECEIVED, zone: zone('UTC') }

function read(text: string | Uint8Array, more: Partial<HeaderContext> = {}): Described & { header: Header; time: string } {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const header = new Header()
  parseHeader(bytes, 0, bytes.length, { ...context, ...more }, header)
  const time = Number.isNaN(header.time) ? '' : new Date(header.time / 1000).toISOString()
  return { ...describe(bytes, header), header, time }
}

/** Checks the fields named, '' for one that must be missing. */
function reads(text: string, expected: Record<string, unknown>): void {
  const told = read(text)
  const seen: Record<string, unknown> = { ...told, format: told.parse.format, problem: told.parse.problem ?? '' }
  for (const [field, value] of Object.entries(expected)) assert.equal(seen[field] ?? '', value, `${field} of ${text}`)
}

suite('shapes of devices', () => {
  test('the common one', () => {
    reads('<86>Nov 23 10:11:13 db-primary sshd[20711]: Accepted publickey', {
      format: 'rfc3164',
      priority: 86,
      time: '2026-11-23T10:11:13.000Z',
      hostname: 'db-primary',
      app_name: 'sshd',
      proc_id: '20711',
      message: 'Accepted publickey',
      problem: '',
    })
  })

  test('IPv6 and odd host names, tags with odd characters', () => {
    reads('<13>Nov 23 10:11:12 2001:db8::17 app: x', { hostname: '2001:db8::17', app_name: 'app', message: 'x' })
    reads('<13>Nov 23 10:11:12 [2001:db8::17] app: x', { hostname: '[2001:db8::17]', app_name: 'app' })
    reads('<13>Nov 23 10:11:12 fe80::1%eth0 app[1]: x', { hostname: 'fe80::1%eth0', proc_id: '1' })
    reads('<85>Nov 23 10:11:12 h sudo:   deploy : TTY=pts/0', { app_name: 'sudo', message: '  deploy : TTY=pts/0' })
    reads('<85>Nov 23 10:11:12 h postfix/smtpd[1]: connect', { app_name: 'postfix/smtpd', message: 'connect' })
    reads('<85>Nov 23 10:11:12 h (sd-pam)[77]: x', { app_name: '(sd-pam)', proc_id: '77' })
    reads('<85>Nov 23 10:11:12 h a@b#c[1-2.3]: x', { app_name: 'a@b#c', proc_id: '1-2.3' })
    reads('<85>Nov 23 10:11:12 h see http://example.net/ now', { app_name: '', message: 'see http://example.net/ now' })
  })

  test('Cisco: sequence, clock marks, uptime, zones, host before and after', () => {
    reads('<189>42: sw1: 7: .Nov 23 10:11:12.345 CET: %SYS-5-CONFIG_I: Configured', {
      sequence: 42,
      hostname: 'sw1',
      tag: 'SYS-5-CONFIG_I',
      time: '2026-11-23T09:11:12.345Z',
      message: 'Configured',
    })
    assert.equal(read('<189>42: sw1: *Nov 23 10:11:12: %SYS-5-X: y').header.flags & FLAG.clockUnsure, FLAG.clockUnsure)
    reads('<189>7: 1w2d: %LINK-3-UPDOWN: down', { sequence: 7, time: '', tag: 'LINK-3-UPDOWN', problem: 'time_missing' })
    reads('<190>2026 Nov 23 10:11:12 n9k %ETHPORT-5-IF_UP: up', { hostname: 'n9k', tag: 'ETHPORT-5-IF_UP', message: 'up' })
    reads('<166>%ASA-6-302013: Built', { tag: 'ASA-6-302013', message: 'Built', time: '' })
    reads('<166>Nov 23 2026 10:11:12 fw : %FTD-6-430003: a', { hostname: 'fw', tag: 'FTD-6-430003', message: 'a' })
    reads('<1>Nov 23 10:11:12.001 XYZ: %SYS-5-X: own name of a zone', { hostname: '', tag: 'SYS-5-X', time: '2026-11-23T10:11:12.001Z' })
  })

  test('pairs: Fortinet and Check Point', () => {
    reads('<189>date=2026-11-23 time=11:11:12 devname="fw 1" devid="x" tz="+0100"', { hostname: 'fw 1', time: '2026-11-23T10:11:12.000Z' })
    reads('time=1795428672|hostname=cp1|product=Firewall', { hostname: 'cp1', time: '2026-11-23T10:11:12.000Z', format: 'rfc3164' })
  })

  test('relays and rests', () => {
    reads('<13>Nov 23 10:11:12 last message repeated 3 times', { hostname: '', message: 'last message repeated 3 times' })
    reads('<13>Nov 23 10:11:12 h last message repeated 3 times', { hostname: 'h', message: 'last message repeated 3 times' })
    reads('<13>', { priority: 13, message: '', problem: 'time_missing' })
    reads('', { format: 'raw', problem: 'empty' })
    reads('plain text: with a colon', { format: 'raw', app_name: '', message: 'plain text: with a colon', problem: 'no_header' })
    reads('<13>2026-11-23T10:11:12.5+01:00 h app: m', { time: '2026-11-23T09:11:12.500Z', hostname: 'h', app_name: 'app' })
  })

  test('RFC 5424 with faults keeps what can be read', () => {
    reads('<14>1 1795428672.25 MX84 urls src=1.2.3.4:1', {
      hostname: 'MX84',
      app_name: 'urls',
      message: 'src=1.2.3.4:1',
      problem: 'time_form',
    })
    reads('<14>1 2026-11-23T10:11:12Z h CEF:0|a|b|c|d|e|1|x=y z', {
      app_name: '',
      message: 'CEF:0|a|b|c|d|e|1|x=y z',
      problem: 'header_incomplete',
    })
    reads('<14>1 2026-11-23T10:11:12Z h a 77 - no data here', { proc_id: '77', message: 'no data here', problem: 'sd_missing' })
    reads('<14>1 2026-02-30T10:11:12Z h a - - - m', { hostname: 'h', time: '', message: 'm', problem: 'time_invalid' })
    reads('<14>1 - h a - - [x y="1"', { message: '[x y="1"', problem: 'sd_not_closed' })
    reads('<14>1 - h a - - [x y="1" z] m', { message: 'm', problem: 'sd_malformed' })
    const two = read('<14>1 - h app: [x] y - z')
    assert.equal(two.header.flags & FLAG.ambiguous, FLAG.ambiguous)
    assert.equal(two.app_name, 'app')
    assert.equal(two.message, '[x] y - z')
  })

  test('the number of meta sequenceId', () => {
    assert.equal(read('<14>1 - h a - - [meta sequenceId="231559791"][x y="1"] m').header.sequence, 231_559_791)
    assert.equal(read('<14>1 - h a - - [x y="1"][meta sysUpTime="3" sequenceId="7" language="en"] m').header.sequence, 7)
    assert.equal(read('<14>1 - h a - - [metal sequenceId="7"] m').header.sequence, -1)
    assert.equal(read('<14>1 - h a - - [meta x="sequenceId"] m').header.sequence, -1)
  })

  test('the trailer is left out of the message, other control bytes are not', () => {
    for (const end of ['\n', '\r\n', '\0', '\n\0', '\r']) {
      const told = read(`<14>app: hel\0lo${end}`)
      assert.equal(told.message, 'hel\0lo')
      assert.equal(told.header.flags & FLAG.trailer, FLAG.trailer)
    }
    assert.equal(read('<14>app: x').header.flags & FLAG.trailer, 0)
  })

  test('a message that is not UTF-8 is given by its bytes', () => {
    const told = read(Buffer.concat([Buffer.from('<14>app: '), Buffer.of(0xfc)]))
    assert.equal(told.message_base64, '/A==')
    assert.equal(told.message, undefined)
  })

  test('names of problems keep their numbers', () => {
    assert.equal(PROBLEMS.indexOf('time_missing'), 8)
    assert.equal(PROBLEMS.indexOf('sd_malformed'), 24)
    assert.equal(PROBLEMS.indexOf('empty'), 29)
    assert.equal(PROBLEM.no_header, 28)
  })
})

test('the bench runs', () => {
  const result = bench(1000, 1)
  assert.deepEqual(Object.keys(result), ['rfc3164', 'rfc5424', 'cisco', 'fortinet', 'mixed'])
})
