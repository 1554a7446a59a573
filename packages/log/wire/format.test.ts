import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { CodedError } from '@pullbox/log/errors'
import { describe, FLAG, formatRfc3164, formatRfc5424, Header, parseHeader, readStructuredData, zone } from '@pullbox/log/wire'

const printable = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.integer({ min: 33, max: 126 }).map((c) => String.fromCharCode(c)), minLength: 1, maxLength })
    .filter((s) => s !== '-')
const sdName = printable(32).filter((s) => !/[=\]"]/.test(s))
const value = fc.string({ unit: 'grapheme', maxLength: 20 }).map((s) => s.toWellFormed())
const message = fc.string({ unit: 'grapheme', maxLength: 60 }).map((s) => s.toWellFormed().replace(/[\0\r\n]+$/, ''))
const time = fc.integer({ min: 0, max: 4_000_000_000 }).chain((s) => fc.integer({ min: 0, max: 999_999 }).map((u) => s * 1e6 + u))

const rfc5424 = fc.record(
  {
    priority: fc.integer({ min: 0, max: 191 }),
    version: fc.integer({ min: 1, max: 999 }),
    time,
    hostname: printable(255),
    appName: printable(48).filter((s) => !s.endsWith(':')),
    procId: printable(128),
    msgId: printable(32),
    structuredData: fc.uniqueArray(
      fc.record({ id: sdName, params: fc.array(fc.tuple(sdName, value), { maxLength: 4 }) }, { noNullPrototype: true }),
      { selector: (e) => e.id, maxLength: 4 },
    ),
    message: message.filter((s) => !s.startsWith('\ufeff')),
    bom: fc.boolean(),
  },
  { requiredKeys: ['priority'], noNullPrototype: true },
)

test('what is written in RFC 5424 form is read back', () => {
  fc.assert(
    fc.property(rfc5424, (fields) => {
      const bytes = formatRfc5424(fields)
      const h = new Header()
      parseHeader(bytes, 0, bytes.length, { received: 0, zone: zone('UTC') }, h)
      const told = describe(bytes, h)
      assert.equal(told.parse.problem, undefined)
      assert.equal(told.priority, fields.priority)
      assert.equal(told.version, fields.version ?? 1)
      assert.equal(Number.isNaN(h.time) ? undefined : h.time, fields.time)
      assert.equal(told.hostname, fields.hostname)
      assert.equal(told.app_name, fields.appName)
      assert.equal(told.proc_id, fields.procId)
      assert.equal(told.msg_id, fields.msgId)
      assert.deepEqual(told.structured_data ?? [], fields.structuredData ?? [])
      assert.equal(told.message, fields.message ?? '')
      assert.equal((h.flags & FLAG.bom) !== 0, fields.bom === true)
    }),
    { numRuns: 500 },
  )
})

const word = fc.stringMatching(/^[a-z][a-z0-9._/-]{0,30}$/)
const rfc3164 = fc.record(
  {
    priority: fc.integer({ min: 0, max: 191 }),
    time: fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }).map((s) => s * 1e6),
    hostname: fc.stringMatching(/^[a-z][a-z0-9.-]{0,30}$/),
    appName: word,
    procId: fc.stringMatching(/^[0-9]{1,7}$/),
    message: message.filter((s) => !s.startsWith('%')),
  },
  { requiredKeys: ['priority', 'time', 'appName', 'message'] },
)

test('what is written in RFC 3164 form is read back', () => {
  let refused = 0
  fc.assert(
    fc.property(rfc3164, fc.constantFrom('UTC', '+05:30', 'America/New_York'), (fields, name) => {
      const rule = zone(name)
      let bytes: Uint8Array
      try {
        bytes = formatRfc3164({ ...fields, zone: rule })
      } catch (e) {
        // Refusal is the promise for what cannot be carried: a word that is a month, an address, a severity ...
        assert.ok(e instanceof CodedError && e.code === 'WIRE_FIELD_INVALID')
        refused++
        return
      }
      const h = new Header()
      parseHeader(bytes, 0, bytes.length, { received: fields.time, zone: rule }, h)
      const told = describe(bytes, h)
      assert.equal(h.time, fields.time)
      assert.equal(told.priority, fields.priority)
      assert.equal(told.hostname, fields.hostname)
      assert.equal(told.app_name, fields.appName)
      assert.equal(told.proc_id, fields.procId)
      assert.equal(told.message, fields.message)
    }),
    { numRuns: 1000 },
  )
  assert.ok(refused < 30, `${refused} refused`)
})

test('fields that the forms cannot carry are refused', () => {
  const bad: (() => unknown)[] = [
    () => formatRfc5424({ priority: 192 }),
    () => formatRfc5424({ priority: 1, hostname: 'a b' }),
    () => formatRfc5424({ priority: 1, appName: 'x'.repeat(49) }),
    () => formatRfc5424({ priority: 1, time: 1.5 }),
    () => formatRfc5424({ priority: 1, version: 1000 }),
    () => formatRfc5424({ priority: 1, structuredData: [{ id: 'a b', params: [] }] }),
    () =>
      formatRfc5424({
        priority: 1,
        structuredData: [
          { id: 'a', params: [] },
          { id: 'a', params: [] },
        ],
      }),
    () => formatRfc3164({ priority: 1, time: 0, hostname: 'two words', appName: 'a', message: '' }),
    () => formatRfc3164({ priority: 1, time: 0, hostname: 'UTC', appName: 'a', message: '' }),
    () => formatRfc3164({ priority: 1, time: 0, hostname: 'h', appName: 'two words', message: '' }),
    () => formatRfc3164({ priority: 1, time: 0, hostname: 'h', appName: 'a', procId: '1]2', message: '' }),
  ]
  for (const make of bad) assert.throws(make, (e) => e instanceof CodedError && e.code === 'WIRE_FIELD_INVALID')
})

test('structured data: escapes, order, and what breaks the rule', () => {
  const read = (s: string): unknown => readStructuredData(Buffer.from(s))
  assert.deepEqual(read('[a b="x\\"\\\\\\]\\n" b="2"][c]'), [
    {
      id: 'a',
      params: [
        ['b', 'x"\\]\\n'],
        ['b', '2'],
      ],
    },
    { id: 'c', params: [] },
  ])
  assert.deepEqual(read('[Originator@6876 sub=Vpxa opID=WFU-1]'), [
    {
      id: 'Originator@6876',
      params: [
        ['sub', 'Vpxa'],
        ['opID', 'WFU-1'],
      ],
      lenient: true,
    },
  ])
  assert.deepEqual(read('[action:"Drop"; flags:"27"]'), [
    {
      id: '',
      params: [
        ['action', 'Drop'],
        ['flags', '27'],
      ],
      lenient: true,
    },
  ])
  assert.deepEqual(read('[a b= "c"]'), [{ id: 'a', params: [['b', 'c']], lenient: true }])
  assert.deepEqual(read('-'), [])
  assert.deepEqual(read('[a b="c'), [{ id: 'a', params: [['b', 'c']], lenient: true }])
})

test('a name that stands twice keeps both values in the flat view', () => {
  const bytes = formatRfc5424({
    priority: 1,
    structuredData: [
      {
        id: 'origin',
        params: [
          ['ip', '1'],
          ['ip', '2'],
        ],
      },
    ],
  })
  const h = new Header()
  parseHeader(bytes, 0, bytes.length, { received: 0, zone: zone('UTC') }, h)
  assert.deepEqual(describe(bytes, h)['origin.ip'], ['1', '2'])
})

test('hostile structured data takes time in proportion to its length', () => {
  for (const piece of ['[a]', 'a', '[a b="', '[a b=c ', '[', '=', '"', '[a b="c"]', '\\']) {
    const bytes = Buffer.from(`<14>1 - h a - - [${piece.repeat(400_000 / piece.length)}`)
    const h = new Header()
    parseHeader(bytes, 0, bytes.length, { received: 0, zone: zone('UTC') }, h)
    const elements = describe(bytes, h).structured_data ?? readStructuredData(bytes, h.messageStart, bytes.length)
    assert.ok(elements.length <= 400_000)
  }
})
