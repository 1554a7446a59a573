import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { recordsReader } from '../config/drivers.ts'
import type { Explanation } from './explain.ts'
import { explainRecord } from './explain.ts'
import { sampleStore } from './testing/sample-store.ts'

const dir = mkdtempSync(join(tmpdir(), 'pullbox-explain-'))
after(() => rmSync(dir, { recursive: true }))
const NOW = Date.UTC(2026, 10, 24, 10) * 1000

const MESSAGES = [
  { bytes: '<11>1 2026-11-24T09:43:10.5Z sw1 app 77 ID1 [a@1 x="1" y="q\\"\\]"][a@1 x="2"][meta sequenceId="9"] hello \xe9' },
  { bytes: '<13>Nov 24 09:00:00 sw2 sshd[7]: text', source: 'unix:/dev/log' },
  { bytes: '\u0000\u0001 what is this' },
  { bytes: '<189>12: *Nov 24 09:43:10.114: %LINK-3-UPDOWN: Interface down' },
]
const store = await sampleStore(join(dir, 'store'), NOW, MESSAGES.slice(0, 2), MESSAGES.slice(2))
await store.close()
const reader = recordsReader('segments', { path: join(dir, 'store') })!

/** What the bytes of each field read as. */
function spans(view: Explanation): Record<string, [value: string, bytes: string | null]> {
  const bytes = Buffer.from(view.bytes_base64, 'base64')
  return Object.fromEntries(view.fields.map((f) => [f.name, [f.value, f.bytes === null ? null : bytes.toString('utf8', ...f.bytes)]]))
}

test('each field with the bytes it came from', () => {
  const view = explainRecord(reader, '1')!
  assert.equal(Buffer.from(view.bytes_base64, 'base64').toString(), MESSAGES[0].bytes)
  const found = spans(view)
  assert.deepEqual(found['host'], ['sw1', 'sw1'])
  assert.deepEqual(found['pid'], ['77', '77'])
  assert.deepEqual(found['severity'], ['err', '<11>'])
  assert.deepEqual(found['_time'], ['2026-11-24T09:43:10.500Z', '2026-11-24T09:43:10.5Z'])
  assert.deepEqual(found['_msg'], ['hello é', 'hello é'])
  assert.deepEqual(found['a@1.y'], ['q"]', 'q\\"\\]'])
  assert.deepEqual(found['sequence'], ['9', '9'])
  assert.deepEqual(found['source'], ['10.0.0.7', null])
  const twice = view.fields.filter((f) => f.name === 'a@1.x')
  assert.deepEqual(
    twice.map((f) => [f.value, f.note]),
    [
      ['1', undefined],
      ['2', 'sent again: the record shows the first'],
    ],
  )
  assert.equal(view.fields.find((f) => f.name === 'host')?.from, 'rfc5424 v1')
  assert.equal(view.record['host'], 'sw1')
})

test('what was assumed is said', () => {
  const note = (id: string, name: string) => explainRecord(reader, id)!.fields.find((f) => f.name === name)?.note ?? ''
  assert.match(note('2', '_time'), /year was not sent.*zone was not sent/)
  assert.match(note('3', '_time'), /when it was received/)
  assert.match(note('4', '_time'), /not synchronised/)
  assert.deepEqual(spans(explainRecord(reader, '4')!)['sequence'], ['12', '12'])
})

test('where it lies; what is not there', () => {
  const view = explainRecord(reader, '4')!
  assert.deepEqual([view.store.seq, view.store.block?.first_seq, view.store.block?.last_seq], [4, 3, 4])
  assert.match(view.store.segment ?? '', /\S/)
  assert.ok(view.store.block!.to > view.store.block!.from)
  for (const id of ['5', '0', '-1', 'x', '', '1.5', '1e0', '99999999999999999999', '0x1']) assert.equal(explainRecord(reader, id), null, id)
})
