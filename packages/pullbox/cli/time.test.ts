import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTime } from '../time/time.ts'
import { resolveTime, timeRange } from './time-range.ts'
import { findZone, formatTime, UTC } from '../time/zone.ts'

const NOW = Date.UTC(2026, 10, 24, 10, 0, 0) * 1000
const base = (zone = 'UTC') => ({ now: NOW, zone: findZone(zone, 'UTC'), local: 'UTC' })
const at = (text: string, zone = 'UTC') => formatTime(parseTime(text, base(zone)), UTC, null)

test('each form of the contract gives its instant', () => {
  const cases: [string, string, string?][] = [
    ['2h', '2026-11-24T08:00:00.000Z'],
    ['-2h', '2026-11-24T08:00:00.000Z'],
    ['1d6h', '2026-11-23T04:00:00.000Z'],
    ['90min', '2026-11-24T08:30:00.000Z'],
    ['1h 30m', '2026-11-24T08:30:00.000Z'],
    ['1.5h', '2026-11-24T08:30:00.000Z'],
    ['250us', '2026-11-24T09:59:59.999750Z'],
    ['now', '2026-11-24T10:00:00.000Z'],
    ['today', '2026-11-24T00:00:00.000Z'],
    ['today', '2026-11-23T23:00:00.000Z', 'Europe/Berlin'],
    ['yesterday', '2026-11-22T23:00:00.000Z', 'Europe/Berlin'],
    ['10:30', '2026-11-24T10:30:00.000Z'],
    ['10:30', '2026-11-24T09:30:00.000Z', 'Europe/Berlin'],
    ['09:43:10.114', '2026-11-24T09:43:10.114Z'],
    ['2026-11-23', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23', '2026-11-23T05:00:00.000Z', 'America/New_York'],
    ['2026-11-23T10:30', '2026-11-23T10:30:00.000Z'],
    ['2026-11-23 10:30', '2026-11-23T10:30:00.000Z'],
    ['2026-11-23T10:30:00.123', '2026-11-23T10:30:00.123Z'],
    ['2026-11-23T10:30:00.123456789Z', '2026-11-23T10:30:00.123456Z'],
    ['2026-11-23T10:30Z', '2026-11-23T10:30:00.000Z', 'Europe/Berlin'],
    ['2026-11-23T10:30+01:00', '2026-11-23T09:30:00.000Z'],
    ['2026-11-23T10:30-0530', '2026-11-23T16:00:00.000Z'],
    ['2026-11-23T10:30[Europe/Berlin]', '2026-11-23T09:30:00.000Z'],
    ['2026-11-23T10:30+01:00[Europe/Berlin]', '2026-11-23T09:30:00.000Z'],
    ['2026-11-23T10:30Z[Europe/Berlin]', '2026-11-23T10:30:00.000Z'],
    ['@1795429800', '2026-11-23T10:30:00.000Z'],
    ['@1795429800.25', '2026-11-23T10:30:00.250Z'],
    ['@-1', '1969-12-31T23:59:59.000Z'],
    ['Nov 23 10:30:00', '2026-11-23T10:30:00.000Z'],
    ['Nov  3 10:30:00', '2026-11-03T10:30:00.000Z'],
    ['Jan  1 00:00:00', '2027-01-01T00:00:00.000Z'],
    ['Jun 30 10:30:00', '2026-06-30T10:30:00.000Z'],
    ['Feb 29 12:00:00', '2028-02-29T12:00:00.000Z'],
    ['Nov 23 2025 10:30:00.5', '2025-11-23T10:30:00.500Z'],
    ['Tue Nov 24 07:52:43 UTC 2026', '2026-11-24T07:52:43.000Z', 'Asia/Tokyo'],
    ['Tue Nov 24 07:52:43 2026', '2026-11-24T07:52:43.000Z'],
    ['Mon 2026-11-23 10:30:00 UTC', '2026-11-23T10:30:00.000Z', 'Asia/Tokyo'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
  ]
  for (const [text, wanted, zone] of cases) assert.equal(at(text, zone), wanted, `${text} in ${zone ?? 'UTC'}`)
})

test('what this program prints is read back to the same instant, in any zone', () => {
  const zones = ['UTC', '+05:30', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'].map((z) =>
    findZone(z, 'UTC'),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e9 * 1e6 }), fc.constantFrom(...zones), (us, zone) => {
      assert.equal(parseTime(formatTime(us, zone, null), base('Asia/Tokyo')), us)
    }),
    { numRuns: 300 },
  )
})

test('a clock time that comes twice or never is refused; a day still starts', () => {
  assert.throws(() => at('2026-10-25T02:30', 'Europe/Berlin'), {
    code: 'CLI_TIME',
    message: /twice.*02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00/,
  })
  assert.throws(() => at('2026-03-29T02:30', 'Europe/Berlin'), { code: 'CLI_TIME', message: /left that time out/ })
  assert.equal(at('2026-10-25T02:30+01:00', 'Europe/Berlin'), '2026-10-25T01:30:00.000Z')
  // Midnight of 2018-11-04 was left out in Sao Paulo.
  assert.equal(at('2018-11-04', 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z')
  assert.throws(() => at('2026-11-23T10:30+02:00[Europe/Berlin]'), { code: 'CLI_TIME', message: /offset/ })
})

test('an error says how far the text was understood', () => {
  const cases: [string, RegExp][] = [
    ['', /empty/],
    ['tomorow', /no part/],
    ['2h5', /"2h" was understood, "5" was not/],
    ['3x', /"x" is no unit/],
    ['1M', /"M" is no unit/],
    ['2026-11-23T25:00', /hours go from 0 to 23/],
    ['2026-11-23T10:61', /minutes/],
    ['2026-13-01', /months/],
    ['2026-02-29', /feb 2026 has 28 days/],
    ['2026-11-23T10:30foo', /"2026-11-23T10:30" was understood, "foo" was not/],
    ['2026-11-23Tfoo', /"2026-11-23" was understood/],
    ['Foo 3 10:00:00', /no month/],
    ['Nov 31 10:00:00', /no day 31/],
    ['Nov 23', /clock time is missing/],
    ['@12x', /seconds since 1970/],
    ['@1795429800123', /outside the years/],
    ['10:30[Europe/Berlinn]', /no zone/],
  ]
  for (const [text, why] of cases) {
    assert.throws(
      () => at(text),
      (e: Error & { code: string }) => e.code.startsWith('CLI_TIME') && why.test(e.message),
      text,
    )
  }
})

test('nothing typed makes it throw anything else, or loop', () => {
  const pieces = fc.constantFrom(
    '2026-',
    '11',
    '-',
    'T',
    ':',
    '10',
    '.5',
    'Z',
    '[',
    ']',
    '+',
    'h',
    'd',
    ' ',
    'Nov',
    '@',
    '\u0000',
    'é',
    '9'.repeat(40),
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      try {
        assert.ok(Number.isFinite(parseTime(parts.join(''), base('Europe/Berlin'))))
      } catch (e) {
        assert.match((e as { code: string }).code, /^CLI_TIME/)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a range: inclusive, exclusive, by record id, and never silently empty', async () => {
  const ctx = { zone: 'Europe/Berlin', now: () => NOW }
  const given = (options: Record<string, string>) => ({ text: (n: string) => options[n] })
  const range = await timeRange(ctx, given({ since: '10:30', until: '10:31', tz: 'UTC' }))
  assert.equal(range.until! - range.since!, 60e6)
  assert.deepEqual(await timeRange(ctx, given({})).then((r) => [r.since, r.until, r.zone.name]), [null, null, 'Europe/Berlin'])
  await assert.rejects(timeRange(ctx, given({ since: '10:30', until: '10:30' })), { code: 'CLI_TIME_RANGE' })
  assert.equal(await resolveTime('01J8ABC', base(), (id) => (id === '01J8ABC' ? 42 : null)), 42)
  await assert.rejects(
    resolveTime('01J8ABD', base(), () => null),
    { code: 'CLI_TIME' },
  )
})
