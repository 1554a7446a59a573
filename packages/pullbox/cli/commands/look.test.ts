import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { gapRecord, uncleanStopRecord } from '@pullbox/log/ledger'
import type { SampleMessage } from '../../search/testing/sample-store.ts'
import { sampleStore } from '../../search/testing/sample-store.ts'
import { runCommandLine } from '../shell.ts'
import type { MemoryWorld } from '../testing/memory-world.ts'
import { memoryWorld } from '../testing/memory-world.ts'

// search, show, why and why-not in process, over stores on disk and no collector.

const dir = mkdtempSync(join(tmpdir(), 'pullbox-look-'))
after(() => rmSync(dir, { recursive: true }))
const T = Date.UTC(2026, 10, 24, 9, 43, 10) * 1000
const LATIN = Buffer.from('<11>Nov 24 09:43:20 sw2 x: \xff\x9b31m', 'latin1')
const MESSAGES: SampleMessage[] = [
  { bytes: '<12>1 2026-11-24T09:43:10.114Z sw1 Ebra - - - Line protocol on Et28, changed state to down' },
  { bytes: gapRecord({ source: 1, host: 'sw1', first: 882, last: 922, before: T + 115_000, after: T + 4e6 }, '10.0.0.7'), kind: 'gap' },
  { bytes: '<13>1 2026-11-24T09:43:14.902Z sw1 Rib - - [a b="c"] Agent \'Rib\' initialized \x1b[31m; pid=7104' },
  { bytes: LATIN, source: '10.0.0.8' },
]

async function store(name: string, ...blocks: SampleMessage[][]): Promise<string> {
  const path = join(dir, name)
  await (await sampleStore(path, T, ...blocks)).close()
  const config = join(dir, `${name}.json`)
  writeFileSync(config, JSON.stringify({ store: { options: { path } }, http: { address: null } }))
  return config
}
const config = await store('plain', MESSAGES)

async function run(line: readonly string[], change: Parameters<typeof memoryWorld>[0] = {}, file = config) {
  const world = memoryWorld({ env: { HOME: dir, PULLBOX_PAGER: '' }, cwd: dir, ...change })
  const status = await runCommandLine([line[0], '-c', file, ...line.slice(1)], world)
  assert.deepEqual(world.bugs, [])
  return { status, out: world.stdout.text, bytes: world.stdout.bytes, err: world.stderr.text }
}

const objects = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('search: rows as the contract shows them, the summary, and what is missing', async () => {
  const { status, out, err } = await run(['search', '--since', '09:43', '--until', '09:44', 'host:sw1'])
  assert.equal(status, 3)
  assert.equal(
    out,
    '2026-11-24T09:43:10.114Z WRN sw1 Ebra  Line protocol on Et28, changed state to down\n' +
      '2026-11-24T09:43:14.000Z GAP sw1 pullbox  41 messages missing, seq 882..922, 09:43:10-09:43:14\n' +
      "2026-11-24T09:43:14.902Z NTC sw1 Rib  Agent 'Rib' initialized \\x1b[31m; pid=7104\n",
  )
  assert.match(
    err,
    /^3 records, [\d.]+ of [\d.]+ k?B read, \d+\.\d s\. Incomplete: 41 missing from sw1 \(exit 3; pullbox why-not --since 09:43 --until 09:44 host:sw1\)\n$/,
  )
})

test('search: complete where the filter or the range rules the gap out', async () => {
  const { status, out, err } = await run(['search', 'host:sw2'])
  assert.equal(status, 0)
  assert.equal(out, '2026-11-24T09:43:20.000Z ERR sw2 x  \\xff\\x9b31m\n')
  assert.match(err, /^1 record, [\d.]+ of [\d.]+ k?B read, \d+\.\d s\.\n$/)
  assert.equal((await run(['search', '--until', '09:43:10.1', 'host:sw1'])).status, 0)
  assert.equal((await run(['search', '--since', '09:43:14.000001', 'host:sw1'])).status, 0)
  assert.equal((await run(['search', 'type:gap'])).status, 0)
})

test('search --match: 1 only when the range was complete', async () => {
  assert.equal((await run(['search', '--match', 'host:sw2'])).status, 0)
  assert.equal((await run(['search', '--match', 'host:sw2 absent'])).status, 1)
  assert.equal((await run(['search', 'host:sw2 absent'])).status, 0)
  assert.equal((await run(['search', '--match', 'absent'])).status, 3)
})

test('search --json: one object a line, the end last; pipes give rows', async () => {
  const { out, err } = await run(['search', '--json', 'host:sw2'])
  const [record, end, ...rest] = objects(out)
  assert.deepEqual([record['type'], record['bytes_base64'], rest], ['record', LATIN.toString('base64'), []])
  assert.deepEqual([end['type'], end['complete'], end['missing'], err], ['end', true, [], ''])
  const rows = objects((await run(['search', '--json', '* | stats by (host) count() as n | sort by (host)'])).out)
  assert.deepEqual(rows.slice(0, -1), [
    { type: 'row', host: 'sw1', n: '3' },
    { type: 'row', host: 'sw2', n: '1' },
  ])
  const last = rows.at(-1)!
  assert.deepEqual([last['type'], last['complete']], ['end', false])
  assert.deepEqual((last['missing'] as { count: number }[])[0].count, 41)
})

test('search: rows of pipes are a table, aligned on a terminal, and plain in a pipe', async () => {
  const line = ['search', '--color', 'never', 'type:record | sort by (_time) | fields host, _msg | limit 3']
  const plain = await run(line)
  assert.equal(plain.out.split('\n')[0], 'host  _msg')
  assert.equal(plain.out.split('\n')[1], 'sw1  Line protocol on Et28, changed state to down')
  const terminal = await run(line, { tty: true })
  assert.match(terminal.out, /^host +_msg\nsw1 +Line protocol/)
  assert.match(plain.err, /^3 rows, /)
})

test('search --raw: the exact bytes, framed; gaps have none; a terminal is refused', async () => {
  const parts = [MESSAGES[0], MESSAGES[2], MESSAGES[3]].map((m) => Buffer.from(m.bytes as string))
  const framed = {
    lf: (b: Buffer) => [b, '\n'],
    octet: (b: Buffer) => [`${b.length} `, b],
    nul: (b: Buffer) => [b, '\0'],
    none: (b: Buffer) => [b],
  }
  for (const [framing, how] of Object.entries(framed)) {
    const { bytes } = await run(['search', '--raw', '--framing', framing])
    assert.deepEqual(Buffer.from(bytes), Buffer.concat(parts.flatMap((p) => how(p).map((x) => Buffer.from(x as string)))), framing)
  }
  const refused = await run(['search', '--raw'], { tty: true })
  assert.deepEqual([refused.status, refused.out], [2, ''])
  assert.match(refused.err, /CLI_RAW_TO_TERMINAL/)
  assert.equal((await run(['search', '--raw', '--force', 'host:sw2'], { tty: true })).status, 0)
  assert.equal((await run(['search', '--raw', '* | stats count() as n'])).status, 2)
  assert.equal((await run(['search', '--raw', '--json'])).status, 2)
  assert.equal((await run(['search', '--framing', 'lf'])).status, 2)
  assert.deepEqual(Buffer.from((await run(['search', '--raw', '--framing', 'none', 'host:sw2 # why'])).bytes), LATIN)
})

test('search -n: whole numbers from 1 on, and no others', async () => {
  for (const n of ['abc', '0', '-1', '1.5', '', '1e3', '0x10', ' 1', '99999999999999999999']) {
    const { status, err } = await run(['search', '-n', n])
    assert.deepEqual([status, /CLI_USAGE/.test(err)], [2, true], n)
  }
  assert.equal((await run(['search', '-n', '2'])).out.split('\n').length, 3)
})

test('search: a record as the start of the range; a query that cannot be read', async () => {
  assert.equal((await run(['search', '--since', '3', 'host:sw1'])).out.split('\n').length, 2)
  assert.match((await run(['search', '--since', '99'])).err, /CLI_TIME/)
  const { status, err } = await run(['search', 'bad('])
  assert.equal(status, 2)
  assert.match(err, /^pullbox: QUERY_SYNTAX: .*column 4/)
  assert.deepEqual(objects((await run(['search', '--json', 'bad('])).err)[0]['code'], 'QUERY_SYNTAX')
})

test('search: what cannot be read is said in words, and the rest is shown', async () => {
  const file = await store('damaged', [MESSAGES[0]], [MESSAGES[2]], [MESSAGES[3]])
  const segments = join(dir, 'damaged', 'segments')
  const name = readdirSync(segments).find((n) => n.endsWith('.pbs'))!
  const bytes = readFileSync(join(segments, name))
  // In the messages of the second block.
  bytes[bytes.indexOf("Agent 'Rib'")] ^= 1
  writeFileSync(join(segments, name), bytes)
  const { status, out, err } = await run(['search'], {}, file)
  assert.equal(status, 3)
  assert.equal(out.split('\n').length, 3)
  assert.match(err, /Incomplete: 1 record cannot be read: .*records 2\.\.2/)
  assert.doesNotMatch(err, /[{}]/)
  const why = await run(['why-not'], {}, file)
  assert.equal(why.status, 3)
  assert.match(why.out, /^unreadable {2}/)
  assert.equal((await run(['show', '2'], {}, file)).status, 8)
})

test('Ctrl-C: what was covered, and 130', async () => {
  const file = await store(
    'many',
    ...Array.from({ length: 30 }, (_, b) => Array.from({ length: 200 }, (_, i) => ({ bytes: `<13>1 - h a - - - block ${b} line ${i}` }))),
  )
  const world: MemoryWorld = memoryWorld({ env: { HOME: dir, PULLBOX_PAGER: '' } })
  const write = world.stdout.write.bind(world.stdout)
  world.stdout.write = async (data) => {
    await write(data)
    world.stop('SIGINT')
  }
  const status = await runCommandLine(['search', '-c', file, '--json'], world)
  assert.equal(status, 130)
  assert.match(world.stderr.text, /^stopped after [\d,]+ records, [\d.]+ of [\d.]+ [kM]B read\n$/)
  assert.ok(objects(world.stdout.text).every((o) => o['type'] === 'record'))
})

test('show: fields and bytes, JSON, raw; ids that are none', async () => {
  const { out } = await run(['show', '4', '3'])
  assert.match(out, /^_msg +\\xff\\x9b31m$/m)
  assert.match(out, /^00000010 {2}3a 32 30 20 73 77 32 20 {2}78 3a 20 ff 9b 33 31 6d {2}\|:20 sw2 x: \.\.31m\|$/m)
  assert.match(out, /^stored +record 4 in the block of 1\.\.4, bytes \d+\.\.\d+ of \w+\.pbs$/m)
  assert.match(out, /^a\.b +c$/m)
  const [object] = objects((await run(['show', '--json', '1'])).out)
  assert.equal(Buffer.from(String(object['bytes_base64']), 'base64').toString(), MESSAGES[0].bytes)
  assert.deepEqual(Buffer.from((await run(['show', '--raw', '--framing', 'none', '4'])).bytes), LATIN)
  for (const id of ['99', '0', 'x', '']) {
    const { status, err } = await run(['show', id])
    assert.deepEqual([status, /CLI_NO_RECORD/.test(err)], [2, true], id)
  }
})

test('show: a long message is cut on a terminal only', async () => {
  const file = await store('long', [{ bytes: `<13>1 - h a - - - ${'x'.repeat(5000)}` }])
  assert.match((await run(['show', '1'], { tty: true }, file)).out, /\.\.\. \d+ more bytes \(--raw has all\)\n$/)
  assert.doesNotMatch((await run(['show', '1'], {}, file)).out, /more bytes/)
})

test('why: each field with its bytes, its reader and what was assumed', async () => {
  const { out, status } = await run(['why', '4'])
  assert.equal(status, 0)
  assert.match(out, /^host {2}sw2 {2}20\.\.22 {2}rfc3164 v1/m)
  assert.match(out, /^_time {2}2026-11-24T09:43:20\.000Z {2}4\.\.18 {2}rfc3164 v1 {2}the year was not sent/m)
  assert.match(out, /^received 2026-11-24T09:43:10\.000Z from 10\.0\.0\.8$/m)
  const list = objects((await run(['why', '--json', '4'])).out)
  assert.deepEqual([list[0]['type'], list.at(-1)!['type'], list.at(-1)!['id']], ['row', 'end', '4'])
})

test('why-not: missing, a wrong clock, silence, and the parts of a query that finds nothing', async () => {
  const file = await store('why', [
    ...MESSAGES,
    { bytes: uncleanStopRecord('udp [::]:5514', T - 2e6, T - 1e6, 'collector'), kind: 'gap' },
    { bytes: '<13>1 2026-11-24T07:43:00Z sw3 z - - - two hours late', source: '10.0.0.9', received: T + 9e6 },
  ])
  const { status, out, err } = await run(['why-not', '--since', '09:40', '--until', '09:50'], {}, file)
  assert.equal(status, 3)
  assert.match(out, /^missing {5}41 of sw1 \(10\.0\.0\.7\) never came, between 2026-11-24T09:43:10\.115Z and 2026-11-24T09:43:14\.000Z$/m)
  assert.match(out, /^missing {5}an unknown number of listener udp \[::\]:5514 never came/m)
  assert.match(out, /^clock {7}1 of sw3 \(10\.0\.0\.9\) came in this range with other times, 2026-11-24T07:43:00/m)
  assert.match(err, /^5 records of the range match\. Incomplete \(exit 3\)\.\n$/)
  const parts = await run(['why-not', 'host:sw2 severity:debug'])
  assert.equal(parts.status, 0)
  assert.match(parts.out, /^part {8}host:sw2 alone matches 1\npart {8}severity:debug alone matches 0\n/m)
  const list = objects((await run(['why-not', '--json', 'host:sw1'])).out)
  assert.deepEqual([list[0]['kind'], list[0]['count'], list.at(-1)!['complete']], ['missing', 41, false])
  assert.match((await run(['why-not', 'host:sw2'])).out, /^nothing is known/)
})
