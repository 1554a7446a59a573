import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import {
  answerDevices,
  answerFraming,
  answerLoose,
  answerRfc3164,
  answerRfc5424,
  answerTimestamps,
  describe,
  FLAG,
  FORMAT_NAMES,
  Header,
  parseHeader,
  parseTimestamp,
  PROBLEMS,
  readStructuredData,
  zone,
} from '@pullbox/log/wire'

import { randomOf } from './fuzz.fixture.ts'
import type { Random } from './fuzz.fixture.ts'

const RECEIVED = Date.UTC(2026, 10, 23, 10, 11, 12) * 1000
const ROUNDS = process.env.PULLBOX_PROVE === '1' ? 2_000_000 : 30_000
const ZONES = [zone('UTC'), zone('Europe/Berlin'), zone('-03:30')]

/** One message of each shape that the readers know. */
const SEEDS = [
  '<86>Nov 23 10:11:13 db-primary sshd[20711]: Accepted publickey for backup',
  '<165>1 2026-11-23T10:11:12.003Z app.example.net orders 8710 ID47 [meta sequenceId="7"][a@1 b="c\\"d"] \ufeffhello',
  '<189>1179: core-sw-03: *Nov 23 10:11:12.743 CET: %LINK-5-CHANGED: Interface',
  '<149>2647599: vmx01 RP/0/RSP1/CPU0:Mar 28 15:08:30.941 UTC: bgp[1051]: %ROUTING-BGP-5-MAXPFX : No.',
  '<189>Nov 23 10:11:12 10.1.1.1 4321: sw1: 004322: Nov 23 10:11:11.999: %LINK-3-UPDOWN: x',
  '<189>Nov 23 10:11:12 relay Nov 23 10:11:11 inner app[1]: x',
  '<189>2026 Nov 23 10:11:12.123 n9k %$ VDC-1 %$ %ETHPORT-5-IF_UP: x',
  '<166>Nov 23 10:11:12 sw1 Ebra: 432: %LINEPROTO-5-UPDOWN: x',
  '<28>Nov 23 10:11:12 re0.mx1 rpd[2902]: RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer',
  '<28>Nov 23 10:11:12 mx1 (FPC Slot 1, PIC Slot 0) fpc0 /kernel: tcp_auth_ok:12: x',
  '<28>Nov 23 10:11:12 mx1 alarmd[1]: Alarm set: x',
  '<189>date=2026-11-23 time=10:11:12 devname="fw01" devid="FG0" tz="+0100" srcip=192.0.2.4',
  '<30>device="SFW" date=2026-11-23 time=10:11:12 timezone="CEST" device_name="XG"',
  '<134>id=firewall sn=0017 time="2026-11-23 10:11:12 UTC" fw=10.1.1.1 pri=6',
  '<29>2018-7-23 01:00:34.270.1 sw %%01IFNET/4/IF_STATE(l)[4997]:Interface',
  '<190>%Nov 23 10:11:12:123 2026 H3C SHELL/5/SHELL_LOGIN: VTY',
  '<134> 11/23/2026:10:11:12 GMT ns 0-PPE-0 : default TCP 1 0 : Source',
  'time=1795428672|hostname=cp1|product=Firewall',
  '<165>1 - h a - - [x a:"b"; c=d] [y] z',
  '<30>ztp port02 2018-Nov- 9 15:38:25.341 RXDATA: x',
  '<6> CEF:0|A|b|1|2|n|3|rt=x dvchost=there cs=1',
  '<189>17: Nov 23 2026 10:11:12 AM.345 UTC : %UC_AUDITLOG-5-X: %[ UserID =a][Node ID=cm1]: y',
  '<37>Nov 23 10:11:12 Message forwarded from aix1: sshd[1]: x',
  '<13>Mon Nov 23 10:11:12 CET 2026 host app: m',
  '<13>23.11.2026 1:11:12 host app: m',
]

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]
}

function contextOf(random: Random): { received: number; zone: (typeof ZONES)[number] } {
  const received = pick(random, [RECEIVED, RECEIVED, RECEIVED, random.below(2 ** 31) * 1e6, Number.NaN, -1e18, 1e300])
  return { received, zone: pick(random, ZONES) }
}

test('headers: nothing throws, positions stay inside, a reused header is like a new one, bytes around the message do not matter', () => {
  const random = randomOf('header')
  const used = new Header()
  for (let n = 0; n < ROUNDS; n++) {
    const message = random.mutate(Buffer.from(n % 7 === 0 ? pick(random, SEEDS) + pick(random, SEEDS) : pick(random, SEEDS)))
    const before = random.below(4)
    const context = contextOf(random)
    // What follows goes on as if it belonged to the message.
    const behind = Buffer.from(pick(random, SEEDS)).subarray(random.below(20))
    const around = Buffer.concat([Buffer.alloc(before, 60), message, behind])
    const copy = Buffer.from(around)
    const end = before + message.length
    parseHeader(around, before, end, context, used)
    checkBounds(used, before, end)
    assert.ok(around.equals(copy), 'bytes are never changed')
    const fresh = new Header()
    parseHeader(around, before, end, context, fresh)
    assert.deepEqual(used, fresh)
    if (n % 4 !== 0) continue
    parseHeader(message, 0, message.length, context, fresh)
    assert.deepEqual(describe(message, fresh), describe(around, used), message.toString('latin1'))
  }
})

function checkBounds(h: Header, start: number, end: number): void {
  const spans = [
    [h.timeStart, h.timeEnd],
    [h.hostStart, h.hostEnd],
    [h.appStart, h.appEnd],
    [h.pidStart, h.pidEnd],
    [h.msgidStart, h.msgidEnd],
    [h.dataStart, h.dataEnd],
    [h.tagStart, h.tagEnd],
    [h.messageStart, h.messageEnd],
  ]
  for (const [from, to] of spans) assert.ok(from >= start && to >= from && to <= end, JSON.stringify(h))
  assert.ok(h.priority >= -1 && h.priority <= 191 && Number.isInteger(h.sequence) && h.sequence >= -1)
  assert.ok(FORMAT_NAMES[h.format] !== undefined && PROBLEMS[h.problem] !== undefined)
  assert.ok(h.problemAt >= 0 && h.problemAt <= end - start)
  assert.equal((h.flags & FLAG.timeReceived) !== 0, Number.isNaN(h.time))
}

test('a message that ends anywhere is read the same, whatever stands behind it', () => {
  const context = { received: RECEIVED, zone: zone('UTC') }
  const behind = [':x', ' : %x', '%x', '0x', ']: x', ' UTC 2026 ', '=x', '-x'].map((text) => Buffer.from(text))
  const alone = new Header()
  const within = new Header()
  for (const seed of SEEDS.map((text) => Buffer.from(text))) {
    for (let end = 0; end <= seed.length; end++) {
      const message = Buffer.from(seed.subarray(0, end))
      parseHeader(message, 0, end, context, alone)
      for (const more of [...behind, seed.subarray(end)]) {
        parseHeader(Buffer.concat([message, more]), 0, end, context, within)
        for (const key of Object.keys(alone) as (keyof Header)[]) {
          if (!Object.is(alone[key], within[key])) assert.fail(`${key} of ${message.toString()} with ${more.toString()}`)
        }
      }
    }
  }
})

test('stamps and zones: nothing throws, the length lies inside, a time is a number or NaN with a problem', () => {
  const random = randomOf('stamp')
  const stamps = SEEDS.map((s) => s.replace(/^<\d+>\D{0,3}/, ''))
  for (let n = 0; n < ROUNDS; n++) {
    const text = random.mutate(Buffer.from(pick(random, stamps))).toString('latin1')
    const context = contextOf(random)
    const stamp = parseTimestamp(text, context)
    if (stamp === undefined) continue
    assert.ok(stamp.length > 0 && stamp.length <= text.length, text)
    // A receive time that no calendar has gives no year.
    if (!(Math.abs(context.received) < 8e18)) continue
    assert.ok(!Number.isNaN(stamp.time) || PROBLEMS[stamp.problem].startsWith('time_'), text)
  }
  for (let n = 0; n < 2000; n++) {
    const name = random.mutate(Buffer.from(pick(random, ['UTC', '+01:00', 'Europe/Berlin']))).toString('latin1')
    let rule
    try {
      rule = zone(name)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'WIRE_ZONE_UNKNOWN', name)
      continue
    }
    const local = random.below(2 ** 32)
    const utc = rule.toUtc(local, RECEIVED)
    assert.ok(Number.isNaN(utc) || Math.abs(utc - local) <= 26 * 3600)
  }
})

test('structured data: nothing throws', () => {
  const random = randomOf('structured data')
  const data = ['[a@1 b="c\\"d" e="\\]"][x]', '[x a:"b"; c=d] [y]', '[meta sequenceId="1" x="y"]']
  for (let n = 0; n < ROUNDS; n++) {
    const bytes = random.mutate(Buffer.from(pick(random, data)))
    for (const { id, params } of readStructuredData(bytes, 0, bytes.length)) {
      assert.equal(typeof id, 'string')
      for (const [name, value] of params) assert.ok(typeof name === 'string' && typeof value === 'string')
    }
  }
})

test('answers to cases: whatever a case holds, there is an answer that JSON can carry', () => {
  const random = randomOf('answers')
  const answers = [answerRfc5424, answerRfc3164, answerDevices, answerLoose, answerFraming, answerTimestamps]
  const odd: unknown[] = [undefined, null, 7, '', 'x', [], {}, '!', Buffer.from('<13>x').toString('base64')]
  const givens: unknown[] = [
    undefined,
    null,
    7,
    'x',
    {},
    { mode: 'nul' },
    { mode: 'no such' },
    { max_frame: -1 },
    { max_frame: 'x' },
    { year_rule: 'received 9Z' },
  ]
  const cases = ['rfc5424', 'rfc3164', 'framing', 'timestamps'].flatMap((file) =>
    readFileSync(new URL(`../../../vectors/${file}.jsonl`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  )
  for (let n = 0; n < 6000; n++) {
    const { expected: _, ...one } = pick(random, cases)
    if (random.below(2) === 0 && typeof one['input_base64'] === 'string') {
      one['input_base64'] = random.mutate(Buffer.from(one['input_base64'], 'base64')).toString('base64')
    }
    if (random.below(8) === 0) one['input_base64'] = pick(random, odd)
    if (random.below(8) === 0) one['input'] = pick(random, odd)
    if (random.below(4) === 0) one['given'] = pick(random, givens)
    for (const answer of answers) {
      const told = answer(one as Parameters<typeof answer>[0])
      assert.ok(typeof told === 'object' && JSON.stringify(told) !== undefined)
    }
  }
})
