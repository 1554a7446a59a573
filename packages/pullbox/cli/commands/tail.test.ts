import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { RunningCollector } from '../../client/testing/running-collector.ts'
import { sampleBlock, sampleStore } from '../../search/testing/sample-store.ts'
import { runCommandLine } from '../shell.ts'
import { memoryWorld } from '../testing/memory-world.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const PROVE = process.env['PULLBOX_PROVE'] === '1'
const running = await RunningCollector.start()
const children = new Set<ChildProcess>()
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await running.remove()
})

/** The program as a user starts it; `stdout` a descriptor, or a pipe. */
function start(args: readonly string[], stdout: number | 'pipe' = 'pipe'): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { PATH: process.env['PATH'], HOME: running.dir, TERM: 'dumb' },
  })
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 3000 && !what(); i++) await sleep(10)
  assert.ok(what(), 'not in time')
}

/** How many lines end in it: a look at a long file that is soon over. */
function lines(bytes: Buffer): number {
  let n = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) n++
  return n
}

const numbers = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number((JSON.parse(line) as { _msg: string })._msg.slice('number '.length)))

test('kill -9 under load, again and again: the file has each record once', { timeout: 120_000 }, async () => {
  const total = PROVE ? 50_000 : 5_000
  const out = join(running.dir, 'out.ndjson')
  const cursor = join(running.dir, 'cursor')
  writeFileSync(out, '')
  const args = ['tail', '-c', running.config, '--json', '-n', '0', '--cursor-file', cursor, 'host:load']
  let sent = 0
  let kills = 0
  const length = () => statSync(out).size
  const begin = () => {
    const fd = openSync(out, 'a')
    const child = start(args, fd)
    closeSync(fd)
    return child
  }
  let child = begin()
  // It is in place once it has written a cursor, which it does before the first record.
  await until(() => existsSync(cursor))
  const sending = (async () => {
    while (sent < total) {
      const lines = Array.from({ length: 100 }, () => `<13>1 - load - - - - number ${sent++}`)
      await running.send(...lines)
      await sleep(5)
    }
  })()
  for (; kills < (PROVE ? 40 : 3); kills++) {
    const before = length()
    await until(() => length() > before || sent >= total)
    await sleep((kills * 7) % 40)
    child.kill('SIGKILL')
    await once(child, 'close')
    child = begin()
  }
  await sending
  await until(() => lines(readFileSync(out)) >= total)
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'close'), [130, null])
  assert.deepEqual(
    numbers(readFileSync(out, 'utf8')),
    Array.from({ length: total }, (_, i) => i),
  )
})

test('the reader of a pipe goes away: 0, and nothing said', { timeout: 60_000 }, async () => {
  const child = start(['tail', '-c', running.config, '-n', '1', 'host:load'])
  let err = ''
  child.stderr!.on('data', (b: Buffer) => (err += b.toString()))
  const closed = once(child, 'close')
  await once(child.stdout!, 'data')
  child.stdout!.destroy()
  await running.send('<13>1 - load - - - - number -1')
  assert.deepEqual([await closed, err], [[0, null], ''])
  const search = start(['search', '-c', running.config, '--json', 'host:load'])
  const ended = once(search, 'close')
  search.stdout!.once('data', () => search.stdout!.destroy())
  search.stderr!.on('data', (b: Buffer) => (err += b.toString()))
  assert.deepEqual([await ended, err], [[0, null], ''])
})

test('SIGINT and SIGTERM: what was covered, and the status', { timeout: 60_000 }, async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const child = start(['tail', '-c', running.config, '-n', '3', 'host:load'])
    let err = ''
    child.stderr!.on('data', (b: Buffer) => (err += b.toString()))
    const closed = once(child, 'close')
    await once(child.stdout!, 'data')
    child.kill(signal)
    assert.deepEqual(await closed, [code, null])
    assert.equal(err, 'stopped after 3 records\n')
  }
})

/** Runs tail in process until it has printed so many lines. */
async function follow(args: readonly string[], lines: number, also: (() => Promise<unknown>) | null = null) {
  const world = memoryWorld({ env: { HOME: running.dir }, cwd: running.dir, now: () => Date.now() * 1000 })
  const write = world.stdout.write.bind(world.stdout)
  const enough = () => world.stdout.text.split('\n').length > lines
  world.stdout.write = async (data) => {
    await write(data)
    if (enough()) setTimeout(() => world.stop('SIGINT'), 50)
  }
  if (lines === 0) setTimeout(() => world.stop('SIGINT'), 500)
  const done = runCommandLine(['tail', ...args], world)
  // Not before the tail has begun, or it would be among the last.
  if (also !== null) await until(() => world.stdout.text !== '').then(also)
  const status = await done
  assert.deepEqual(world.bugs, [])
  return { status, out: world.stdout.text, err: world.stderr.text }
}

test('without a collector it follows the store; -n and --since combine; a cursor file goes on', { timeout: 60_000 }, async () => {
  const path = join(running.dir, 'alone')
  const config = join(running.dir, 'alone.json')
  writeFileSync(config, JSON.stringify({ store: { options: { path } }, http: { address: null } }))
  const now = Date.now() * 1000
  const message = (n: number, ago = 0) => ({ bytes: `<13>1 ${new Date(now / 1000 - ago).toISOString()} h a - - - n${n}`, received: now })
  const store = await sampleStore(path, now, [message(1, 7_200_000), message(2), message(3)])
  const shown = (text: string) => [...text.matchAll(/ n(\d+)$/gm)].map((m) => Number(m[1]))
  try {
    assert.deepEqual(shown((await follow(['-c', config], 3)).out), [1, 2, 3])
    assert.deepEqual(shown((await follow(['-c', config, '--since', '1h'], 2)).out), [2, 3])
    assert.deepEqual(shown((await follow(['-c', config, '--since', '1h', '-n', '1'], 1)).out), [3])
    const append = () => store.append([sampleBlock([message(4)], now)])
    const kept = ['-c', config, '--cursor-file', 'kept', '-n', '1']
    const first = await follow(kept, 2, append)
    assert.deepEqual([shown(first.out), first.status], [[3, 4], 130])
    await store.append([sampleBlock([message(5)], now)])
    const second = await follow(kept, 1)
    assert.deepEqual(shown(second.out), [5])
    assert.match(second.err, /^going on from the cursor in kept; -n counted for the first run only\nstopped after 1 record\n$/)
    assert.deepEqual(shown((await follow(['-c', config, '-n', '0', '--cursor-file', 'kept'], 0)).out), [])
    const raw = await follow(['-c', config, '-n', '1', '--raw'], 1)
    assert.equal(raw.out, `${message(5).bytes}\n`)
    const rows = await follow(['-c', config, '-n', '2', '* | fields app, _msg'], 3)
    assert.equal(rows.out, 'app  _msg\na  n4\na  n5\n')
  } finally {
    await store.close()
  }
})

test('what is asked wrong is refused', { timeout: 60_000 }, async () => {
  const run = async (...args: string[]) => {
    const world = memoryWorld({ env: { HOME: running.dir }, cwd: running.dir })
    const status = await runCommandLine(['tail', '-c', running.config, ...args], world)
    return [status, /pullbox: ([A-Z_]+)/.exec(world.stderr.text)?.[1]]
  }
  assert.deepEqual(await run('-n', '-1'), [2, 'CLI_USAGE'])
  assert.deepEqual(await run('-n', '100001'), [2, 'CLI_USAGE'])
  assert.deepEqual(await run('* | stats count() as n'), [2, 'TAIL_PIPE'])
  assert.deepEqual(await run('bad('), [2, 'QUERY_SYNTAX'])
  writeFileSync(join(running.dir, 'broken'), 'x y')
  assert.deepEqual(await run('--cursor-file', 'broken'), [2, 'CLI_CURSOR_FILE'])
  writeFileSync(join(running.dir, 'ahead'), '999999999')
  assert.deepEqual(await run('--cursor-file', 'ahead'), [2, 'TAIL_CURSOR_AHEAD'])
})

test('the collector ends and begins again: both are said, and no record is lost', { timeout: 60_000 }, async () => {
  const child = start(['tail', '-c', running.config, '-n', '0', '--json', 'host:again'])
  let out = ''
  let err = ''
  child.stdout!.on('data', (b: Buffer) => (out += b.toString()))
  child.stderr!.on('data', (b: Buffer) => (err += b.toString()))
  const closed = once(child, 'close')
  for (let i = 0; out === '' && i < 300; i++) {
    // Until the first is seen, it is not known whether the tail has begun.
    await running.send('<13>1 - again - - - - early')
    await sleep(100)
  }
  await running.end()
  await until(() => err.includes('trying again'))
  await running.begin()
  await running.send('<13>1 - again - - - - late')
  await until(() => out.includes('late'))
  child.kill('SIGINT')
  assert.deepEqual(await closed, [130, null])
  assert.match(
    err,
    /^the (?:answer of the )?collector .*; trying again in \d+ ms, and then less and less often\nconnected again to http:\/\/127\.0\.0\.1:\d+, going on where it stood\nstopped after/,
  )
  assert.equal(out.split('late').length, 2)
})
