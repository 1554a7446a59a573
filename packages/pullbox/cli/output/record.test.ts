import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemorySink } from '../testing/memory-world.ts'
import { findZone, UTC } from '../../time/zone.ts'
import { forbidden, HOSTILE_SEQUENCES } from '../testing/hostile-sequences.ts'
import type { PrintedRecord, RecordFormat } from './record.ts'
import { frame, RecordPrinter, refuseTerminal } from './record.ts'
import { writeTable } from './table.ts'

const TIME = Date.UTC(2026, 10, 24, 9, 43, 10, 114) * 1000
const text: RecordFormat = { how: 'text', framing: 'lf', zone: UTC, color: false }

function record(change: Partial<PrintedRecord> = {}): PrintedRecord {
  const message = change.message ?? 'Line protocol on Et28, changed state to down'
  return {
    type: 'record',
    time: TIME,
    host: 'sw1',
    app: 'Ebra',
    severity: 'warning',
    message,
    json: () => ({
      id: '1',
      _time: '2026-11-24T09:43:10.114Z',
      _msg: typeof message === 'string' ? message : Buffer.from(message).toString(),
    }),
    raw: () => Buffer.from(typeof message === 'string' ? message : message),
    ...change,
  }
}

async function print(format: RecordFormat, records: readonly PrintedRecord[], tty = false): Promise<string> {
  const sink = new MemorySink(tty)
  const printer = new RecordPrinter(sink, format)
  for (const r of records) await printer.record(r)
  await printer.flush()
  return sink.text
}

test('lines as in the contract: aligned on a terminal, whole in a pipe', async () => {
  const gap = record({ type: 'gap', time: TIME + 1000, app: '', message: '41 messages missing, seq 882..922, 09:43:10-09:43:14' })
  const notice = record({ app: 'Rib', severity: 'notice', message: "Agent 'Rib' initialized \x1b[31m; pid=7104" })
  assert.equal(
    await print(text, [record(), gap, notice], true),
    '2026-11-24T09:43:10.114Z WRN sw1 Ebra  Line protocol on Et28, changed state to down\n' +
      '2026-11-24T09:43:10.115Z GAP sw1 -     41 messages missing, seq 882..922, 09:43:10-09:43:14\n' +
      "2026-11-24T09:43:10.114Z NTC sw1 Rib   Agent 'Rib' initialized \\x1b[31m; pid=7104\n",
  )
  assert.equal(await print(text, [gap]), '2026-11-24T09:43:10.115Z GAP sw1 -  41 messages missing, seq 882..922, 09:43:10-09:43:14\n')
  const long = record({ message: 'x'.repeat(5000), time: TIME + 7 })
  assert.equal((await print(text, [long])).length, '2026-11-24T09:43:10.114007Z WRN sw1 Ebra  '.length + 5001)
  assert.match(await print(text, [long], true), /^2026-11-24T09:43:10.114Z .*x… \(904 more characters\)\n$/)
  const berlin = { ...text, zone: findZone('Europe/Berlin', 'UTC') }
  assert.match(await print(berlin, [record()]), /^2026-11-24T10:43:10.114\+01:00 /)
  assert.ok((await print({ ...text, color: true }, [record()], true)).includes('\x1b[33mWRN\x1b[0m'))
  assert.match(await print(text, [record({ severity: undefined, host: '', source: '10.0.0.7' })]), / --- 10\.0\.0\.7 /)
})

test('JSON has the type first and one object a line; raw is the bytes, framed', async () => {
  assert.equal(
    await print({ ...text, how: 'json' }, [record()]),
    '{"type":"record","id":"1","_time":"2026-11-24T09:43:10.114Z","_msg":"Line protocol on Et28, changed state to down"}\n',
  )
  const raw = { ...text, how: 'raw' } as const
  const two = [record({ message: 'a\x1b' }), record({ message: 'bc' }), record({ type: 'gap', raw: () => null })]
  assert.equal(await print({ ...raw, framing: 'lf' }, two), 'a\x1b\nbc\n')
  assert.equal(await print({ ...raw, framing: 'octet' }, two), '2 a\x1b2 bc')
  assert.equal(await print({ ...raw, framing: 'nul' }, two), 'a\x1b\0bc\0')
  assert.equal(await print({ ...raw, framing: 'none' }, two), 'a\x1bbc')
  assert.throws(() => refuseTerminal(new MemorySink(true), false), { code: 'CLI_RAW_TO_TERMINAL' })
  refuseTerminal(new MemorySink(true), true)
  refuseTerminal(new MemorySink(false), false)
})

test('raw bytes are copied, so that the view may be used again', () => {
  const view = Buffer.from('abc')
  for (const framing of ['lf', 'octet', 'nul', 'none'] as const) {
    const framed = frame(view, framing)
    view[0] = 0x78
    assert.ok(Buffer.from(framed).includes('a'), framing)
    view[0] = 0x61
  }
})

test('200 hostile sequences in every field, through every printing path: no forbidden byte comes out', async () => {
  for (const sequence of HOSTILE_SEQUENCES) {
    const s = typeof sequence === 'string' ? sequence : Buffer.from(sequence).toString('latin1')
    const r = record({ message: sequence, host: s, app: s, severity: s, source: s, json: () => ({ _msg: s, [s]: s }) })
    const outputs = [
      await print(text, [r]),
      await print({ ...text, color: true }, [r], true),
      await print({ ...text, how: 'json' }, [r]),
      await tableText(sequence, false),
      await tableText(sequence, true),
    ]
    for (const [i, out] of outputs.entries())
      assert.deepEqual(forbidden(Buffer.from(out), false, i === 1 || i === 4), [], JSON.stringify(out))
    for (const out of outputs.slice(0, 3)) assert.equal(out.split('\n').length, 2, 'one line, so that no record can fake another')
  }
})

async function tableText(cell: string | Uint8Array, tty: boolean): Promise<string> {
  const sink = new MemorySink(tty, 40)
  await writeTable(
    sink,
    [
      { title: 'name', cuts: true },
      { title: 'n', right: true },
    ],
    [[cell, 12]],
    tty,
  )
  assert.equal(sink.text.split('\n').length, 3)
  return sink.text
}

test('a table: aligned and cut on a terminal, whole in a pipe', async () => {
  const columns = [
    { title: 'source', cuts: true },
    { title: 'received', right: true },
  ]
  const rows = [
    ['sw1', 12],
    ['a-very-long-name-of-a-source-that-does-not-fit', 3400],
    [null, 0],
  ]
  const tty = new MemorySink(true, 30)
  await writeTable(tty, columns, rows)
  assert.equal(
    tty.text,
    'source                received\nsw1                         12\na-very-long-name-of…      3400\n-                            0\n',
  )
  const pipe = new MemorySink(false)
  await writeTable(pipe, columns, rows)
  assert.equal(pipe.text, 'source  received\nsw1  12\na-very-long-name-of-a-source-that-does-not-fit  3400\n-  0\n')
})
