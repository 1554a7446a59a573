import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { recordView } from '@pullbox/log/record'
import { MemorySink } from '../testing/memory-world.ts'
import { UTC } from '../../time/zone.ts'
import { RecordPrinter } from './record.ts'
import { printedView } from './record-view.ts'

function view(bytes: Uint8Array, messageAt: number, end = bytes.length) {
  const b = Buffer.from(bytes)
  const fields = new Map([
    ['type', 'record'],
    ['_time', '2026-11-24T09:43:10.114250Z'],
    ['source', '10.0.0.7'],
    ['host', 'sw1'],
    ['severity', 'err'],
    ['_msg', b.toString('utf8', messageAt, end)],
    ['bytes_base64', b.toString('base64')],
  ])
  return recordView('7', fields)
}

test('a message that is not UTF-8 is shown byte for byte, its trailer left out', async () => {
  const bytes = Buffer.concat([
    Buffer.from('<11>Nov 24 09:43:10 sw1 a\xff: caf'),
    Buffer.of(0xe9, 0x9b, 0x20, 0xc3),
    Buffer.from('é end'),
    Buffer.of(0, 10),
  ])
  const at = bytes.indexOf('caf')
  const sink = new MemorySink()
  const printer = new RecordPrinter(sink, { how: 'text', framing: 'lf', zone: UTC, color: false })
  await printer.record(printedView(view(bytes, at, bytes.length - 2)))
  await printer.flush()
  assert.equal(sink.text, '2026-11-24T09:43:10.114250Z ERR sw1 -  caf\\xe9\\x9b \\xc3é end\n')
})

test('any bytes: the message shown is that part of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(60), (bytes, n) => {
      const at = n % bytes.length
      const { message } = printedView(view(bytes, at))
      const text = Buffer.from(bytes).toString('utf8', at)
      assert.equal(typeof message === 'string' ? message : Buffer.from(message).toString(), text)
      assert.ok(typeof message !== 'string')
    }),
    { numRuns: 500 },
  )
})

test('raw is what was received; a gap has none', () => {
  const v = view(Buffer.of(0x61, 0xff), 0)
  assert.deepEqual(Buffer.from(printedView(v).raw()!), Buffer.of(0x61, 0xff))
  assert.deepEqual(Buffer.from(printedView(v, Buffer.of(1, 2)).raw()!), Buffer.of(1, 2))
  assert.equal(printedView({ ...v, type: 'gap' }).raw(), null)
})
