import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CodedError } from '@pullbox/log/errors'
import { FLAG, parseTimestamp, PROBLEMS, zone } from '@pullbox/log/wire'

import { randomOf } from './fuzz.fixture.ts'

function read(text: string, received: string, name = 'UTC'): { time: string | null; flags: number; problem: string } {
  const stamp = parseTimestamp(text, { received: Date.parse(received) * 1000, zone: zone(name) })
  assert.ok(stamp !== undefined, text)
  const time = Number.isNaN(stamp.time) ? null : new Date(stamp.time / 1000).toISOString()
  return { time, flags: stamp.flags, problem: PROBLEMS[stamp.problem] }
}

test('shapes', () => {
  const now = '2026-11-23T10:11:12Z'
  const shapes: [string, string][] = [
    ['Nov 23 10:11:12', '2026-11-23T10:11:12.000Z'],
    ['Nov 23 2026 10:11:12', '2026-11-23T10:11:12.000Z'],
    ['Mon Nov 23 10:11:12 2026', '2026-11-23T10:11:12.000Z'],
    ['Mon, 23 Nov 2026 10:11:12 +0100', '2026-11-23T09:11:12.000Z'],
    ['Nov 23 2026 10:11:12 PM.345 UTC :', '2026-11-23T22:11:12.345Z'],
    ['Nov 23 2026 12:11:12 AM UTC:', '2026-11-23T00:11:12.000Z'],
    ['2026-11-23 10:11:12,345', '2026-11-23T10:11:12.345Z'],
    ['2026-11-23 10:11:12 CET', '2026-11-23T09:11:12.000Z'],
    ['2026/11/23 10:11:12', '2026-11-23T10:11:12.000Z'],
    ['23/11/2026:10:11:12 GMT', '2026-11-23T10:11:12.000Z'],
    ['11/23/2026:10:11:12 GMT', '2026-11-23T10:11:12.000Z'],
    ['23-Nov-2026 10:11:12.5', '2026-11-23T10:11:12.500Z'],
    ['10:11:13.25 GMT', '2026-11-23T10:11:13.250Z'],
    ['Nov 23 10:11:12 (GMT+5:30)', '2026-11-23T04:41:12.000Z'],
    ['1990 Oct 22 10:52:01 TZ-6', '1990-10-22T16:52:01.000Z'],
    ['2026-11-23T10:11:12.123456789-03:30', '2026-11-23T13:41:12.123Z'],
  ]
  for (const [text, time] of shapes) assert.equal(read(text, now).time, time, text)
  for (const none of ['Nov', 'November 23 10:11:12', '23 10:11:12', '2026', 'Now 23 10:11:12', '1.2.3.4 5', '10:11']) {
    assert.equal(parseTimestamp(none, { received: 0, zone: zone('UTC') }), undefined, none)
  }
})

test('microseconds are kept', () => {
  const stamp = parseTimestamp('2026-11-23T10:11:12.345678Z', { received: 0, zone: zone('UTC') })
  assert.equal(stamp?.time, Date.UTC(2026, 10, 23, 10, 11, 12) * 1000 + 345_678)
  assert.equal(stamp?.flags, 0)
})

test('the year nearest to the receive time, whatever the day', () => {
  for (let year = 1999; year < 2030; year++) {
    for (const receivedAt of [`${year}-01-01T00:00:01Z`, `${year}-12-31T23:59:59Z`, `${year}-07-02T12:00:00Z`, `${year}-02-28T00:00:00Z`]) {
      for (const day of ['Jan  1 00:00:00', 'Dec 31 23:59:59', 'Jul  2 12:00:00', 'Mar  1 00:00:00']) {
        const got = Date.parse(read(day, receivedAt).time ?? '')
        const all = [year - 1, year, year + 1].map((y) => Date.parse(`${day.slice(0, 6)} ${y} ${day.slice(7)} UTC`))
        const distance = Math.min(...all.map((t) => Math.abs(t - Date.parse(receivedAt))))
        const nearest = all.find((t) => Math.abs(t - Date.parse(receivedAt)) === distance)
        assert.equal(got, nearest, `${day} received ${receivedAt}`)
      }
    }
  }
})

test('29 February lies in leap years alone, also around 2100', () => {
  assert.equal(read('Feb 29 12:00:00', '2101-06-01T00:00:00Z').time, '2104-02-29T12:00:00.000Z')
  assert.equal(read('Feb 29 12:00:00', '2099-06-01T00:00:00Z').time, '2096-02-29T12:00:00.000Z')
  assert.deepEqual(read('Feb 29 2023 12:00:00', '2023-06-01T00:00:00Z').problem, 'time_invalid')
  assert.deepEqual(read('Feb 30 12:00:00', '2023-06-01T00:00:00Z').time, null)
})

test('zones: fixed, named by the data base, with gap and overlap', () => {
  assert.equal(read('Jul  1 12:00:00', '2026-07-01T10:00:00Z', 'Europe/Berlin').time, '2026-07-01T10:00:00.000Z')
  assert.equal(read('Jan  1 12:00:00', '2026-01-01T10:00:00Z', 'Europe/Berlin').time, '2026-01-01T11:00:00.000Z')
  assert.equal(read('Jan  1 12:00:00', '2026-01-01T10:00:00Z', '-03:30').time, '2026-01-01T15:30:00.000Z')
  assert.equal(read('Mar 31 02:30:00', '2024-03-31T01:30:01Z', 'Europe/Berlin').problem, 'time_skipped_by_zone')
  assert.equal(read('Oct 27 02:30:00', '2024-10-27T00:30:05Z', 'Europe/Berlin').time, '2024-10-27T00:30:00.000Z')
  assert.equal(read('Oct 27 02:30:00', '2024-10-27T01:30:05Z', 'Europe/Berlin').time, '2024-10-27T01:30:00.000Z')
  // Lord Howe moves its clocks by half an hour.
  assert.equal(read('Oct  4 02:15:00', '2026-10-03T15:45:00Z', 'Australia/Lord_Howe').problem, 'time_skipped_by_zone')
  assert.equal(read('Oct  4 02:45:00', '2026-10-03T15:45:00Z', 'Australia/Lord_Howe').time, '2026-10-03T15:45:00.000Z')
  assert.throws(
    () => zone('Middle/Earth'),
    (e) => e instanceof CodedError && e.code === 'WIRE_ZONE_UNKNOWN',
  )
})

test('a zone gives back the local time of every quarter of an hour of a year', () => {
  const berlin = zone('Europe/Berlin')
  for (let utc = Date.UTC(2026, 0, 1) / 1000; utc < Date.UTC(2027, 0, 1) / 1000; utc += 900) {
    assert.equal(berlin.toUtc(utc + berlin.offsetAt(utc), utc * 1e6), utc)
  }
})

test('abbreviations: contested ones count only when something decides', () => {
  const assumed = FLAG.zoneAssumed
  assert.deepEqual(read('Nov 23 10:11:12 EST:', '2026-11-23T15:11:12Z').time, '2026-11-23T15:11:12.000Z')
  assert.equal(read('Nov 23 10:11:12 IST:', '2026-11-23T04:41:12Z').time, '2026-11-23T04:41:12.000Z')
  assert.equal(read('Nov 23 10:11:12 IST:', '2026-11-23T04:41:12Z').flags & assumed, 0)
  assert.equal(read('Nov 23 10:11:12 IST:', '2026-12-23T04:41:12Z').flags & assumed, assumed)
  assert.equal(read('Nov 23 10:11:12 CST:', '2026-12-23T04:41:12Z', 'America/Chicago').time, '2026-11-23T16:11:12.000Z')
  assert.equal(read('Nov 23 10:11:12 CST:', '2026-12-23T04:41:12Z', 'Asia/Shanghai').time, '2026-11-23T02:11:12.000Z')
})

test('day and month that fit either way are told apart by the receive time, or not at all', () => {
  assert.equal(read('03/04/2026:10:11:12 GMT', '2026-04-03T10:11:13Z').time, '2026-04-03T10:11:12.000Z')
  assert.equal(read('03/04/2026:10:11:12 GMT', '2026-03-04T10:11:13Z').time, '2026-03-04T10:11:12.000Z')
  const open = read('03/04/2026:10:11:12 GMT', '2026-08-04T10:11:13Z')
  assert.equal(open.time, null)
  assert.equal(open.problem, 'time_ambiguous')
})

test('what was assumed is flagged', () => {
  const now = '2026-11-23T10:11:12Z'
  assert.equal(read('Nov 23 10:11:12', now).flags, FLAG.yearAssumed | FLAG.zoneAssumed)
  assert.equal(read('.Nov 23 10:11:12 GMT:', now).flags, FLAG.yearAssumed | FLAG.clockUnsure)
  assert.equal(read('2026-11-23 10:11:12', now).flags, FLAG.zoneAssumed)
})

const ZONE_NAMES = [
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Africa/Casablanca',
  'America/Asuncion',
  'UTC',
  '-03:30',
]
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The stamp of RFC 3164 that a clock `offset` seconds east of UTC shows. */
function bsd(seconds: number, offset: number): string {
  const d = new Date((seconds + offset) * 1000)
  return `${MONTHS[d.getUTCMonth()]} ${String(d.getUTCDate()).padStart(2, ' ')} ${d.toISOString().slice(11, 19)}`
}

test('property: what a device stamps is read back as that instant when it comes within a quarter of an hour, whatever zone and day', () => {
  const random = randomOf('instants')
  for (let n = 0; n < 6000; n++) {
    const rule = zone(ZONE_NAMES[n % ZONE_NAMES.length])
    const year = 1995 + random.below(42)
    // Half of them near New Year, the leap day and the changes of clocks in spring and autumn.
    const near = [Date.UTC(year, 0, 1), Date.UTC(year, 1, 28, 12), Date.UTC(year, 2, 31, 1), Date.UTC(year, 9, 27, 1), Date.UTC(year, 3, 5)]
    const base = random.below(2) === 0 ? Date.UTC(year, 0, 1) + random.below(365) * 86_400_000 : near[random.below(5)] - 86_400_000
    const sent = Math.floor(base / 1000) + random.below(2 * 86_400)
    const received = (sent + random.below(14 * 60)) * 1e6
    for (const text of [bsd(sent, rule.offsetAt(sent)), `${new Date(sent * 1000).toISOString().slice(0, 19)}Z`]) {
      const stamp = parseTimestamp(text, { received, zone: rule })
      assert.equal(stamp?.time, sent * 1e6, `${text} of ${rule.name}, sent ${new Date(sent * 1000).toISOString()}`)
      assert.equal(stamp?.problem, 0)
    }
  }
})

test('property: a local time is skipped, has one instant, or has two and is marked unless the receive time decides', () => {
  const random = randomOf('local times')
  let skipped = 0
  let marked = 0
  for (let n = 0; n < 6000; n++) {
    const rule = zone(ZONE_NAMES[n % 4])
    const change = [
      Date.UTC(2026, 2, 29),
      Date.UTC(2026, 9, 25),
      Date.UTC(2026, 2, 8),
      Date.UTC(2026, 10, 1),
      Date.UTC(2026, 9, 4),
      Date.UTC(2026, 3, 5),
    ]
    const local = change[random.below(6)] / 1000 + random.below(12 * 3600)
    const found = [-12, 0, 12].flatMap((h) => [local - rule.offsetAt(local + h * 3600)])
    const instants = [...new Set(found)].filter((utc) => utc + rule.offsetAt(utc) === local)
    const text = `${new Date(local * 1000).toISOString().slice(0, 19)}`
    const late = (instants[0] ?? local) + 86_400
    const stamp = parseTimestamp(text, { received: late * 1e6, zone: rule })
    assert.ok(stamp !== undefined)
    const problem = PROBLEMS[stamp.problem]
    assert.equal(problem, ['time_skipped_by_zone', '', 'time_ambiguous'][instants.length], `${text} of ${rule.name}`)
    if (instants.length === 0) skipped++
    else assert.ok(instants.includes(stamp.time / 1e6))
    if (instants.length < 2) continue
    marked++
    assert.equal(stamp.flags & FLAG.ambiguous, FLAG.ambiguous)
    for (const utc of instants) {
      const decided = parseTimestamp(text, { received: (utc + random.below(800)) * 1e6, zone: rule })
      assert.deepEqual([decided?.time, decided?.problem], [utc * 1e6, 0])
    }
  }
  assert.ok(skipped > 5 && marked > 5)
})

test('a fraction of any length, a mark of an unsure clock, and words that are no stamps', () => {
  const base = Date.UTC(2026, 10, 23, 10, 11, 12) * 1000
  for (let digits = 1; digits <= 12; digits++) {
    const fraction = '123456789012'.slice(0, digits)
    for (const mark of ['.', ',']) {
      for (const before of ['', '*', '.', '* ']) {
        for (const stem of ['Nov 23 10:11:12', '2026 Nov 23 10:11:12', '2026-11-23 10:11:12', 'Nov 23 2026 10:11:12']) {
          const stamp = parseTimestamp(`${before}${stem}${mark}${fraction} UTC`, { received: base, zone: zone('UTC') })
          assert.equal(stamp?.time, base + Number(fraction.slice(0, 6).padEnd(6, '0')))
          assert.equal((stamp.flags & FLAG.clockUnsure) !== 0, before !== '')
        }
      }
    }
  }
  // Time since start is no time of day.
  for (const none of ['1w2d', '1y23w', '2d03h', '00:01', '1w2d: %SYS-5-X', 'never', '1.2.3.4', '10.11.12.13 x', '1:2:3']) {
    assert.equal(parseTimestamp(none, { received: base, zone: zone('UTC') }), undefined, none)
  }
})
