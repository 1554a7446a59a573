import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import {
  answerDevices,
  answerFraming,
  answerLoose,
  answerRfc3164,
  answerRfc5424,
  answerTimestamps,
  describe as describeHeader,
  Header,
  parseHeader,
  zone,
} from '@pullbox/log/wire'

type Fields = Record<string, unknown>

interface Case {
  expected: Fields
  input_base64: string
}

function load(file: string): Case[] {
  const text = readFileSync(new URL(`../../../vectors/${file}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
}

function answerOf(one: Case, answer: (one: Case) => Fields): Fields {
  const { expected: _, ...input } = one
  return answer(input as Case)
}

/** Equal as vectors/README.md counts it: null, missing and '' are the same. */
function same(a: unknown, b: unknown): boolean {
  const plain = (v: unknown): string => JSON.stringify(v === undefined || v === '' ? null : v)
  return plain(a) === plain(b)
}

function differing(one: Case, actual: Fields, fields: readonly string[]): string[] {
  return fields.filter((f) => f in one.expected && !same(one.expected[f], actual[f]))
}

/** Runs a file and asserts that just the cases listed differ. */
function agree(file: string, differ: (one: Case) => string[], reasons: Readonly<Record<string, readonly number[]>>): void {
  const listed = new Set(Object.values(reasons).flat())
  const wrong: string[] = []
  for (const [i, one] of load(file).entries()) {
    const fields = differ(one)
    if (fields.length > 0 !== listed.has(i)) wrong.push(`${i}: ${fields.length > 0 ? fields.join(', ') : 'agrees, but is listed'}`)
  }
  assert.deepEqual(wrong, [])
}

const HEADER = ['priority', 'facility', 'severity', 'version', 'timestamp', 'hostname', 'app_name', 'proc_id', 'msg_id']

describe('vectors', () => {
  test('rfc5424: every case', () => {
    const fields = ['valid', 'format', ...HEADER, 'structured_data', 'message', 'message_base64', 'message_had_bom']
    agree(
      'rfc5424.jsonl',
      (one) => {
        // Advisory fields of contested cases are not looked at, their validity is.
        return differing(one, answerOf(one, answerRfc5424), fields)
      },
      {},
    )
  })

  test('rfc5424: what a forgiving reader should give of broken structured data', () => {
    let seen = 0
    for (const one of load('rfc5424.jsonl')) {
      const lenient = one.expected.lenient as Fields | undefined
      if (lenient === undefined) continue
      seen++
      const actual = answerOf(one, answerRfc5424).lenient as Fields
      const { raw_sd: raw, ...rest } = lenient
      for (const [field, value] of Object.entries(rest)) assert.ok(same(actual[field], value), `${field} of case ${seen}`)
      if (raw === undefined) continue
      const bytes = Buffer.from(one.input_base64, 'base64')
      const h = new Header()
      parseHeader(bytes, 0, bytes.length, { received: 0, zone: zone('UTC') }, h)
      assert.equal(bytes.toString('utf8', h.dataStart, h.dataEnd), raw)
    }
    assert.ok(seen >= 3)
  })

  test('rfc3164', () => {
    agree('rfc3164.jsonl', differ3164, {
      'The source takes a value of the message for the name (`type=traffic`), and cuts what it used out of the message.': [12],
      'The source takes `Process 1`, the number of an OSPF process in the sentence, for a process id.': [17],
      'The "-" is the nil value of RFC 5424: these messages are not RFC 3164, and README.md has null for it.': [84, 85],
      'No colon and no process id behind the word. Cases 98 and 100 are of the same form and want no name there.': [86, 88],
      'Case 13, from another source, splits off this very tag; one rule holds for both.': [117],
    })
  })

  test('devices_sc4s', () => {
    agree(
      'devices_sc4s.jsonl',
      (one) => differing(one, answerOf(one, answerDevices), ['format', 'priority', 'facility', 'severity', 'hostname']),
      {
        'The name stands in the sentence (`from X`, `user X not found`, behind its end), to find the test line again; no host was sent.': [
          45, 46, 91, 94, 95, 100, 101, 102, 104, 120, 138, 222, 223, 345, 348,
        ],
        'The same, where the header has another host: it is the one that was sent.': [16, 365, 366],
        'A user, a customer or the host of a web request in pairs or JSON; the sender does not name itself.': [
          343, 391, 392, 393, 394, 395, 396,
        ],
        'The text has a longer name, with a prefix; the expectation lost it.': [148, 150, 332, 367],
        'Log server with suffix; the gateway is in the SIC name. Case 33 has such a name too and wants `hostname`.': [22, 23, 24],
        'The header has a host; the expectation is a field of the body that belongs to the reader of that product.': [162, 316],
        'The device or the computer that the message is about, and not who sent it.': [209, 292],
        'By RFC 5424 this is APP-NAME, or a parameter of another product.': [339, 346],
        '`word: text` is a program by RFC 3164 4.1.3, as in case 345 of the same test; nothing in it tells a host.': [344],
      },
    )
  })

  test('timestamps and framing: every case', () => {
    agree('timestamps.jsonl', (one) => differing(one, answerOf(one, answerTimestamps), ['timestamp']), {})
    const fields = ['frames_base64', 'rest_base64', 'error', 'mode', 'truncated', 'truncated_to']
    agree('framing.jsonl', (one) => differing(one, answerOf(one, answerFraming), fields), {})
  })

  test('loose readers: second opinions', () => {
    const fields = ['facility', 'severity', 'hostname', 'app_name', 'proc_id', 'msg_id', 'structured_data', 'message', 'version']
    agree(
      'loose_readers.jsonl',
      (one) => {
        const flat = one.expected.victorialogs_fields as Fields | undefined
        return flat === undefined ? differing(one, answerOf(one, answerLoose), fields) : differingFlat(one, flat)
      },
      {
        'Brackets in a message of RFC 3164 are text, not structured data.': [2],
        'A blank before the message is a part of it: only one stands for the place of the tag.': [6],
        'A lone "-" is no name of a program.': [17],
        'A word without colon is no tag.': [26, 28],
        'Elements that break the ABNF are read leniently and keep their element ids.': [20],
      },
    )
  })

  test('no message of any file is dropped: header and message lie within its bytes', () => {
    let count = 0
    for (const file of ['rfc5424', 'rfc3164', 'devices_sc4s', 'loose_readers']) {
      for (const one of load(`${file}.jsonl`)) {
        const bytes = Buffer.from(one.input_base64, 'base64')
        const h = new Header()
        parseHeader(bytes, 0, bytes.length, { received: 0, zone: zone('UTC') }, h)
        assert.ok(h.messageStart >= 0 && h.messageStart <= h.messageEnd && h.messageEnd <= bytes.length)
        for (let i = h.messageEnd; i < bytes.length; i++) assert.ok([0, 10, 13].includes(bytes[i]))
        const told = describeHeader(bytes, h)
        assert.ok(told.message !== undefined || told.message_base64 !== undefined)
        count++
      }
    }
    assert.ok(count >= 740)
  })
})

/** The rule for rfc3164 in vectors/README.md. */
function differ3164(one: Case): string[] {
  const actual = answerOf(one, answerRfc3164)
  const { expected } = one
  const out = differing(one, actual, ['priority', 'facility', 'severity', 'hostname', 'proc_id', 'priority_missing', 'trailing_nul', 'kv'])
  const text = (v: unknown): string => (typeof v === 'string' ? v : '')
  const names = [expected.app_name, expected.program].filter((v) => typeof v === 'string')
  const tag = text(expected.tag)
  const app = text(actual.app_name)
  if (
    (names.length > 0 || tag !== '') &&
    !names.includes(app) &&
    !(tag !== '' && tag.startsWith(app === '' ? text(actual.tag) || '?' : app))
  ) {
    out.push('app_name')
  }
  const message = expected.message ?? expected.message_raw
  if (message === undefined) return out
  const bare = (v: unknown): string => text(v).replace(/^[:\s]+/, '')
  if (bare(message) !== bare(actual.message)) out.push('message')
  return out
}

/** Fields of a flat reading, with values as text; its own words for levels and facilities are left out. */
function differingFlat(one: Case, flat: Fields): string[] {
  const bytes = Buffer.from(one.input_base64, 'base64')
  const h = new Header()
  const received = Date.UTC(2024, 5, 1) * 1000
  parseHeader(bytes, 0, bytes.length, { received, zone: zone('UTC') }, h)
  const told = describeHeader(bytes, h) as Fields
  if (h.version === 0 && h.time === h.time) told.timestamp = new Date(h.time / 1000).toISOString()
  const skipped = ['facility_keyword', 'level', 'format']
  const plain = (v: unknown): unknown => (typeof v === 'number' ? String(v) : v)
  const nil = (v: unknown): unknown => (v === '-' && h.version > 0 ? undefined : v)
  const fields = Object.keys(flat).filter((f) => !skipped.includes(f))
  return fields.filter((f) => !same(nil(flat[f]), plain(told[f])))
}
