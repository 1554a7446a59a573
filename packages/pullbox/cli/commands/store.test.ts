import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { openSegments } from '@pullbox/store/records'

import { runCommandLine } from '../shell.ts'
import { forbidden, HOSTILE_SEQUENCES } from '../testing/hostile-sequences.ts'
import { memoryWorld } from '../testing/memory-world.ts'
import type { SampleMessage } from '../testing/store-fixture.ts'
import { sampleFolder, sampleStore, spoil } from '../testing/store-fixture.ts'

const SEGMENT = '0000000000000001.pbs'
const BLOCK = Uint8Array.of(0x89, 0x50, 0x42, 0x58)

const line = (n: number, rest = '') =>
  `<${n % 192}>1 2026-11-24T09:00:${String(n % 60).padStart(2, '0')}Z sw${n % 3} app 7 - - number ${n}${rest}`
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => line(from + i))

interface Ran {
  readonly status: number
  readonly out: string
  readonly bytes: Buffer
  readonly err: string
}

async function run(words: readonly string[], options: { tty?: boolean; cwd?: string } = {}): Promise<Ran> {
  const world = memoryWorld(options)
  const status = await runCommandLine(words, world)
  assert.deepEqual(world.bugs, [])
  return { status, out: world.stdout.text, bytes: Buffer.from(world.stdout.bytes), err: world.stderr.text }
}

const objects = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>)

/** Takes octet-counted frames apart. */
function frames(bytes: Buffer): Buffer[] {
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const end = space + 1 + Number(bytes.toString('latin1', at, space))
    out.push(bytes.subarray(space + 1, end))
    at = end
  }
  return out
}

test('store ls: segments with counts, times and bytes; --json; a store of --config', async (t) => {
  const folder = sampleFolder(t)
  const path = join(folder, 'store')
  await sampleStore(path, [lines(0, 5), lines(5, 9)])
  const { status, out, err } = await run(['store', 'ls', '--store', path])
  assert.equal(status, 0)
  const [title, row] = out.split('\n')
  assert.equal(title, 'FILE  RECORDS  FIRST  LAST  FROM  TO  BYTES  BLOCKS  DAMAGE')
  assert.match(row, /^0000000000000001\.pbs {2}9 {2}1 {2}9 {2}2026-11-24T09:00:00\.000Z {2}2026-11-24T09:00:08\.000Z {2}\d+ {2}\d+ {2}0$/)
  assert.match(err, /^1 segment, 9 records, \d.* in \/.*\/store\n$/)
  const config = join(folder, 'pullbox.yaml')
  writeFileSync(config, `store: {type: segments, options: {path: ${path}}}\n`)
  const [segment, end] = objects((await run(['store', 'ls', '-c', config, '--json'])).out)
  assert.deepEqual(
    [segment.type, segment.file, segment.records, segment.first, segment.last, segment.since, segment.damages],
    ['segment', SEGMENT, 9, 1, 9, '2026-11-24T09:00:00.000Z', 0],
  )
  assert.deepEqual([end.type, end.records, end.path], ['end', 9, path])
  assert.equal((await run(['store', 'ls', '--store', join(folder, 'none')])).status, 6)
  assert.equal((await run(['store', 'ls', '--store', path, '-c', config])).status, 2)
  writeFileSync(config, 'store: {type: memory, options: {}}\n')
  assert.match((await run(['store', 'ls', '-c', config])).err, /CLI_STORE_IN_MEMORY/)
})

test('store cat: records by segment and by number, blocks, raw, and what is missing', async (t) => {
  const path = join(sampleFolder(t), 'store')
  await sampleStore(path, [lines(0, 5), lines(5, 9)])
  const cat = (...words: string[]) => run(['store', 'cat', '--store', path, ...words])
  const all = await cat(SEGMENT)
  assert.equal(all.status, 0)
  assert.deepEqual(
    all.out.match(/number \d+/g),
    lines(0, 9).map((_, i) => `number ${i}`),
  )
  assert.match(all.out, /^2026-11-24T09:00:00\.000Z EMG sw0 app {2}number 0\n/)
  for (const [what, ids] of [
    ['4', [4]],
    ['4-7', [4, 5, 6, 7]],
    ['8..', [8, 9]],
    ['20', []],
  ] as const) {
    const { out, status } = await cat('--json', what)
    assert.equal(status, 0)
    assert.deepEqual(out === '' ? [] : objects(out).map((o) => Number(o.id)), ids, what)
  }
  assert.match((await cat('20')).err, /the store holds 1\.\.9/)
  assert.equal((await cat('--raw', '--framing', 'nul', '2-3')).out, `${line(1)}\0${line(2)}\0`)
  const blocks = objects((await cat('--blocks', '--json', '6')).out)
  assert.deepEqual(
    blocks.map((b) => [b.type, b.kind, b.records, b.first, b.last, b.record_bytes]),
    [['block', 'records', 4, 6, 9, lines(5, 9).join('').length]],
  )
  assert.match((await cat('--blocks', SEGMENT)).out, / arena:raw 192\/192\n/)
  for (const wrong of ['5-4', 'x', '0000000000000099.pbs', '-']) assert.equal((await cat(wrong)).status, 2, wrong)

  // The last block: without a collector it is damage, and not a write under way.
  spoil(path, BLOCK, 20, 1)
  const damaged = await cat('4-7')
  assert.equal(damaged.status, 3)
  assert.deepEqual(damaged.out.match(/number \d+/g), ['number 3', 'number 4'])
  assert.match(
    damaged.err,
    /^0000000000000001\.pbs {2}bytes \d+\.\.\d+ {2}4 records after .* \(6\.\.9\): the header of the block is damaged\n$/,
  )
  const out = await run(['store', 'export', '--store', path, '--format', 'raw'])
  assert.equal(out.status, 3)
  assert.match(out.err, /^5 records, .*\nincomplete: 4 records after 2026-11-24T09:00:04\.000Z: the header/)
})

test('store cat and export name a block whose bytes are damaged, and give the rest', async (t) => {
  const path = join(sampleFolder(t), 'store')
  await sampleStore(path, [lines(0, 3), [{ bytes: 'needle' }], lines(4, 6)])
  spoil(path, 'needle')
  const cat = await run(['store', 'cat', '--store', path, SEGMENT])
  assert.equal(cat.status, 3)
  assert.equal(cat.out.split('\n').length, 6)
  assert.match(cat.err, /^1 record between 2026-11-24T09:00:03.* and 2026-11-24T09:00:03.*checksum|section/)
  for (const format of ['raw', 'ndjson']) {
    const out = await run(['store', 'export', '--store', path, '--format', format])
    assert.equal(out.status, 3)
    assert.match(out.err, /^5 records, .*\nincomplete: 1 record between /)
  }
})

test('store fsck: damage is named with bytes, numbers and times; --repair moves it aside; a held store is refused', async (t) => {
  const path = join(sampleFolder(t), 'store')
  await sampleStore(path, [lines(0, 3), lines(3, 7), lines(7, 9)])
  const fsck = (...words: string[]) => run(['store', 'fsck', '--store', path, ...words])
  const whole = await fsck()
  assert.deepEqual([whole.status, whole.out], [0, ''])
  assert.match(whole.err, /^1 segment, \d+ blocks, 9 records, .* checked: no damage\n$/)
  spoil(path, BLOCK, 20, 1)
  const found = await fsck()
  assert.equal(found.status, 8)
  assert.match(
    found.out,
    /^0000000000000001\.pbs {2}bytes \d+\.\.\d+ {2}4 records between 2026-11-24T09:00:02\.000Z and 2026-11-24T09:00:07\.000Z \(4\.\.7\): the header of the block is damaged\n$/,
  )
  const [damage, end] = objects((await fsck('--json')).out)
  assert.deepEqual([damage.type, damage.first, damage.last, damage.records, end.type, end.damages], ['damage', 4, 7, 4, 'end', 1])
  const store = await openSegments({ path })
  const refused = await fsck('--repair')
  assert.equal(refused.status, 5)
  assert.match(refused.err, /STORE_LOCKED: a collector holds this store/)
  const beside = await fsck()
  assert.equal(beside.status, 8)
  assert.match(beside.err, /a collector is writing/)
  await store.close()
  const repaired = await fsck('--repair')
  assert.equal(repaired.status, 8)
  assert.match(repaired.out, /moved to damaged\/0000000000000001\.pbs\.\d+-\d+\.bin\n/)
  const [aside] = readdirSync(join(path, 'damaged'))
  assert.match((await run(['store', 'ls', '--store', path])).out, new RegExp(`damaged/${aside}`))
  // What is lost stays named.
  const after = await fsck()
  assert.equal(after.status, 8)
  assert.match(after.out, /^0000000000000001\.pbs {2}at byte \d+ {2}4 records .*records are missing\n$/)
})

test('a check that is stopped says how far it came', async (t) => {
  const path = join(sampleFolder(t), 'store')
  await sampleStore(
    path,
    Array.from({ length: 12 }, () => [{ bytes: randomBytes(1 << 20) }]),
    64 << 20,
  )
  const world = memoryWorld()
  const done = runCommandLine(['store', 'fsck', '--store', path], world)
  world.stop('SIGINT')
  assert.equal(await done, 130)
  assert.match(world.stderr.text, /^stopped after \d.* MB; nothing is said about the rest\n$/)
})

test('store export --format raw: every byte, Pullbox own records only with --all, cut records noted', async (t) => {
  const path = join(sampleFolder(t), 'store')
  const wild: SampleMessage[] = [
    { bytes: Buffer.from([0, 10, 255, 27, 91, 65, 10]) },
    { bytes: '' },
    { bytes: '5 digits first' },
    { bytes: Buffer.from('<13>Nov 24 09:00:00 h a: \xff\0\n', 'latin1') },
    { bytes: 'the gap', kind: 'gap', source: 'pullbox' },
    { bytes: 'the audit', kind: 'audit', source: 'pullbox' },
    { bytes: 'kept', sent: 400 },
    { bytes: Buffer.alloc(3 << 20, 'x') },
  ]
  await sampleStore(path, [wild, lines(0, 40)])
  const expected = (all: boolean) => [
    ...wild.filter((m) => all || m.kind === undefined).map((m) => Buffer.from(m.bytes)),
    ...lines(0, 40).map((l) => Buffer.from(l)),
  ]
  for (const all of [false, true]) {
    const { status, bytes, err } = await run(['store', 'export', '--store', path, '--format', 'raw', ...(all ? ['--all'] : [])])
    assert.equal(status, 0, err)
    assert.deepEqual(frames(bytes), expected(all))
    assert.match(err, all ? /^48 records/ : /^46 records, .*\nnote: 2 records of Pullbox itself left out/)
    assert.match(err, /note: 1 record longer than limits\.message/)
  }
  const none = await run(['store', 'export', '--store', path, '--format', 'raw', '--framing', 'none'])
  assert.deepEqual([none.status, none.bytes], [0, Buffer.concat(expected(false))])
  for (const [framing, byte, ids] of [
    ['lf', 10, '1, 4'],
    ['nul', 0, '1, 4'],
  ] as const) {
    const { status, bytes, err } = await run(['store', 'export', '--store', path, '--format', 'raw', '--framing', framing])
    assert.equal(status, 3)
    assert.deepEqual(bytes, Buffer.concat(expected(false).flatMap((b) => [b, Buffer.of(byte)])))
    assert.match(err, new RegExp(`ambiguous: 2 records with the byte 0x0?${byte.toString(16)}.* inside: ${ids}; --framing octet`))
  }
  const clean = await run(['store', 'export', '--store', path, '--format', 'raw', '--framing', 'lf', 'app:=app'])
  assert.deepEqual(
    [clean.status, clean.out],
    [
      0,
      lines(0, 40)
        .map((l) => `${l}\n`)
        .join(''),
    ],
  )
})

test('store export: a filter, a range, an order of time; pipes and options that do not fit are refused', async (t) => {
  const path = join(sampleFolder(t), 'store')
  await sampleStore(path, [lines(30, 40), lines(0, 10)])
  const out = async (...words: string[]) => {
    const { status, out: text, err } = await run(['store', 'export', '--store', path, ...words])
    assert.equal(status, 0, err)
    return (text === '' ? [] : objects(text)).map((o) => Number(/number (\d+)/.exec(o._msg as string)?.[1]))
  }
  assert.deepEqual(await out(), [30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(await out('--order', 'time'), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39])
  assert.deepEqual(await out('host:=sw1'), [31, 34, 37, 1, 4, 7])
  assert.deepEqual(
    await out('host:=sw1', '--order', 'time', '--since', '2026-11-24T09:00:04Z', '--until', '2026-11-24T09:00:37Z'),
    [4, 7, 31, 34],
  )
  assert.deepEqual(await out('_time:<2026-11-24T09:00:02Z'), [0, 1])
  // Record 3 has the time of "number 32".
  assert.deepEqual(await out('--since', '3', '--until', '5'), [32, 33])
  assert.deepEqual(await out('nowhere'), [])
  const [first] = objects((await run(['store', 'export', '--store', path, '_msg:"number 0"'])).out)
  assert.deepEqual(
    [first.type, first.id, first.host, first.severity, first.received],
    ['record', '11', 'sw0', 'emerg', '2026-11-24T09:00:10.000Z'],
  )
  for (const [words, code, status] of [
    [['* | limit 1'], /QUERY_EXPORT_PIPES/, 2],
    [['--framing', 'lf'], /CLI_USAGE/, 2],
    [['--all'], /CLI_USAGE/, 2],
    [['--format', 'csv'], /CLI_USAGE/, 2],
    [['host:('], /QUERY_/, 2],
  ] as const) {
    const refused = await run(['store', 'export', '--store', path, ...words])
    assert.equal(refused.status, status)
    assert.match(refused.err, code)
  }
})

test('store export -o: the file is there whole or not at all, and nothing is replaced unasked', async (t) => {
  const folder = sampleFolder(t)
  const path = join(folder, 'store')
  await sampleStore(path, [lines(0, 10)])
  const target = join(folder, 'out')
  mkdirSync(target)
  const to = (name: string, ...words: string[]) =>
    run(['store', 'export', '--store', path, '--format', 'raw', '-o', name, ...words], { cwd: target, tty: true })
  const first = await to('a')
  assert.equal(first.status, 0, first.err)
  assert.match(first.err, /^10 records, \d+ B in \/.*\/out\/a\n/)
  const written = readFileSync(join(target, 'a'))
  assert.equal(frames(written).length, 10)
  writeFileSync(join(target, 'a'), 'other')
  const refused = await to('a')
  assert.equal(refused.status, 2)
  assert.match(refused.err, /CLI_FILE_EXISTS: the file exists at a - .*--force/)
  assert.equal(readFileSync(join(target, 'a'), 'utf8'), 'other')
  symlinkSync('a', join(target, 'link'))
  assert.equal((await to('link', '--force')).status, 0)
  assert.deepEqual(readFileSync(join(target, 'a')), written)
  mkdirSync(join(target, 'd'))
  assert.match((await to('d', '--force')).err, /CLI_FILE_EXISTS: this is no regular file/)
  assert.equal((await to('none/a')).status, 2)
  const world = memoryWorld()
  const stopped = runCommandLine(['store', 'export', '--store', path, '-o', join(target, 'b')], world)
  world.stop('SIGTERM')
  assert.equal(await stopped, 143)
  assert.match(world.stderr.text, /^stopped after .*; no file was written\n$/)
  assert.deepEqual(readdirSync(target).sort(), ['a', 'd', 'link'])
  const terminal = await run(['store', 'export', '--store', path, '--format', 'raw'], { tty: true })
  assert.match(terminal.err, /CLI_RAW_TO_TERMINAL/)
})

test('long work shows a bar on a terminal, beside the data and not among it', async (t) => {
  const folder = sampleFolder(t)
  const path = join(folder, 'store')
  await sampleStore(path, [lines(0, 5), lines(5, 9)])
  let now = 0
  const slow = { tty: true, now: () => (now += 400_000) }
  for (const [words, bar] of [
    [['fsck'], true],
    [['export', '-o', join(folder, 'x')], true],
    [['export'], false],
  ] as const) {
    const world = memoryWorld(slow)
    assert.equal(await runCommandLine(['store', words[0], '--store', path, ...words.slice(1)], world), 0)
    const [said, ...bars] = world.stderr.text.split('\r\x1b[K')
    const shown = bars.filter((text) => /^\d.* of \d.*B {2}\d+% \[=*>? *\]/.test(text))
    assert.equal(shown.length > 0, bar, words.join(' '))
    // The last thing takes the bar away; what is said then stands on a clean line.
    if (bar) assert.match(bars.at(-1) as string, /^\d+ (?:segment|record).*\n$/)
    else assert.match(said, /^9 records/)
    assert.ok(!world.stdout.text.includes('\r'))
  }
})

test('hostile bytes in records, sources, arguments and file names never reach the terminal', async (t) => {
  const folder = sampleFolder(t)
  const path = join(folder, 'a\x1b[2Jb')
  const messages = HOSTILE_SEQUENCES.map((s, i): SampleMessage => {
    const bytes = Buffer.concat([
      Buffer.from(`<13>Nov 24 09:00:00 h${i}`),
      Buffer.from(s),
      Buffer.from(' app'),
      Buffer.from(s),
      Buffer.from(': '),
      Buffer.from(s),
    ])
    return { bytes, source: `s${typeof s === 'string' ? s : Buffer.from(s).toString('latin1')}`.slice(0, 60) }
  })
  await sampleStore(path, [messages.slice(0, 120), messages.slice(120)])
  const commands = [
    ['ls'],
    ['ls', '--json'],
    ['cat', SEGMENT],
    ['cat', '--json', SEGMENT],
    ['cat', '--blocks', SEGMENT],
    ['cat', '--blocks', '--json', SEGMENT],
    ['cat', '\x1b]0;x\x07'],
    ['fsck'],
    ['fsck', '--json'],
    ['export'],
    ['export', '-o', join(folder, 'none\u202e\x1b[31m', 'x')],
    ['export', 'host:\x1b[A'],
  ]
  for (const damaged of [false, true]) {
    if (damaged) spoil(path, BLOCK, 20, 1)
    for (const tty of [false, true]) {
      for (const [name, ...words] of commands) {
        const world = memoryWorld({ tty })
        await runCommandLine(['store', name, '--store', path, ...words], world)
        assert.deepEqual(world.bugs, [])
        const label = `${name} ${JSON.stringify(words)} ${tty ? 'terminal' : 'pipe'}`
        assert.deepEqual(forbidden(world.stdout.bytes, false, tty), [], label)
        assert.deepEqual(forbidden(world.stderr.bytes, false, tty), [], label)
      }
    }
  }
})
