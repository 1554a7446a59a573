import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { service } from '../../../../tools/services.ts'

const PULLBOX = join(import.meta.dirname, '..', '..', 'bin', 'pullbox')
const command = promisify(execFile)

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly tcp: number
  readonly udp: number
  readonly http: string
}

/** Starts the real program with the configuration and waits for its banner. */
async function run(config: string): Promise<Running> {
  const child = spawn(PULLBOX, ['run', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (data: Buffer) => (text += data.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  for (let i = 0; i < 1200 && !text.includes('  try '); i++) await sleep(25)
  const port = (name: string) => Number(new RegExp(`${name} \\S*:(\\d+)`).exec(text)?.[1])
  const http = /http (http:\S+)/.exec(text)?.[1]
  assert.ok(http !== undefined, text)
  return { child, ended, tcp: port('tcp'), udp: port('udp'), http }
}

async function totals(http: string): Promise<{ received: number; stored: number; held: number }> {
  return (await (await fetch(`${http}/api/v1/status`)).json()) as { received: number; stored: number; held: number }
}

async function stored(http: string, count: number): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if ((await totals(http)).stored >= count) return
    await sleep(25)
  }
  assert.fail(`not stored in time: ${JSON.stringify(await totals(http))}`)
}

test('the main job: run, logger, search, SIGTERM, kill -9', { timeout: 180_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-run-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const config = join(dir, 'pullbox.yaml')
  writeFileSync(
    config,
    `inputs: [{type: syslog, options: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0"}}]
store: {type: segments, options: {path: ${dir}/store}}
http: {address: "127.0.0.1:0"}
`,
  )
  const search = (...args: string[]) => command(PULLBOX, ['search', '-c', config, ...args])
  const first = await run(config)
  t.after(() => first.child.kill('SIGKILL'))
  const socket = createConnection(first.tcp, '127.0.0.1')
  await new Promise<void>((resolve) => socket.end('<11>Oct 11 22:14:15 sw1 app[7]: needle \x1b[31m one\n', resolve))
  let sent = 1
  const logger = service('logger')
  if (logger !== null) {
    await command(logger.path, ['-n', '127.0.0.1', '-P', String(first.udp), '-d', 'hello'])
    sent++
  }
  await stored(first.http, sent)
  const found = await search('needle')
  assert.match(found.stdout, /ERR sw1 app {2}needle \\x1b\[31m one/)
  assert.match(found.stderr, /^1 record, /)
  const [json] = (await search('--json', 'host:sw1')).stdout.trim().split('\n')
  const record = JSON.parse(json) as Record<string, unknown>
  assert.equal(record.pid, '7')
  assert.equal(record.severity, 'err')
  const counted = await search('--json', '* | stats count() as n')
  assert.equal((JSON.parse(counted.stdout.split('\n')[0]) as { n: string }).n, String(sent))
  await assert.rejects(search('--match', 'absent'), { code: 1 })
  first.child.kill('SIGTERM')
  assert.equal(await first.ended, 143)

  const second = await run(config)
  t.after(() => second.child.kill('SIGKILL'))
  assert.equal((await totals(second.http)).stored, sent)
  const again = createConnection(second.tcp, '127.0.0.1')
  await new Promise<void>((resolve) => again.end('<11>Oct 11 22:14:16 sw1 app: second needle\n', resolve))
  await stored(second.http, sent + 1)
  second.child.kill('SIGKILL')
  await second.ended
  assert.equal((await search('needle | stats count() as n')).stdout, 'n\n2\n')

  // After a stop without order each listener has its gap record, of unknown size.
  const third = await run(config)
  t.after(() => third.child.kill('SIGKILL'))
  await stored(third.http, sent + 3)
  third.child.kill('SIGTERM')
  assert.equal(await third.ended, 143)
  assert.equal((await search('type:gap')).stdout.trim().split('\n').length, 2)
})

/** Starts the program and waits for its end or, when it runs, for its banner. */
async function attempt(config: string): Promise<{ child: ChildProcess; ended: Promise<number | null>; text: () => string }> {
  const child = spawn(PULLBOX, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (data: Buffer) => (text += data.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  for (let i = 0; i < 1200 && !text.includes('  try ') && child.exitCode === null; i++) await sleep(25)
  return { child, ended, text: () => text }
}

test('two collectors, ports in use, SIGHUP, SIGINT', { timeout: 120_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-run-'))
  const children: ChildProcess[] = []
  t.after(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })
  const write = (name: string, store: string, tcp: string, http: string, more = '') => {
    const path = join(dir, name)
    const input = `inputs: [{type: syslog, options: {tcp: "${tcp}"}}]`
    writeFileSync(path, `${input}\nstore: {options: {path: ${dir}/${store}${more}}}\nhttp: {address: "${http}"}\n`)
    return path
  }
  const config = write('a.yaml', 'a', '127.0.0.1:0', '127.0.0.1:0')
  const first = await attempt(config)
  children.push(first.child)
  const http = /http http:\/\/(\S+)/.exec(first.text())![1]
  const tcp = /tcp (\S+)/.exec(first.text())![1]
  assert.match(first.text(), /^pullbox \S+ {3}store segments \S+ \(\S+ [kMGT]?B free\) {3}http http:/)
  const announced = JSON.parse(readFileSync(join(dir, 'a', 'collector.json'), 'utf8')) as { pid: number; http: string }
  assert.deepEqual([announced.pid, announced.http], [first.child.pid, `http://${http}`])

  const others: [string, RegExp][] = [
    [write('b.yaml', 'a', '127.0.0.1:0', '127.0.0.1:0'), /^pullbox: STORE_LOCKED: /],
    [write('c.yaml', 'c', tcp, '127.0.0.1:0'), new RegExp(`^pullbox: INPUT_PORT_IN_USE: tcp ${tcp} is in use by pid ${first.child.pid} `)],
    [
      write('d.yaml', 'd', '127.0.0.1:0', http),
      new RegExp(`^pullbox: INPUT_PORT_IN_USE: tcp ${http} is in use by pid ${first.child.pid} `),
    ],
    [write('e.yaml', 'e', '127.0.0.1:0', '127.0.0.1:0', ', colour: red'), /^pullbox: CONFIG_UNKNOWN_KEY: store\.options\.colour /],
  ]
  await Promise.all(
    others.map(async ([file, says]) => {
      const other = await attempt(file)
      children.push(other.child)
      assert.equal(await other.ended, 6, other.text())
      assert.match(other.text(), says)
    }),
  )

  const says = async (pattern: RegExp) => {
    for (let i = 0; i < 400 && !pattern.test(first.text()); i++) await sleep(25)
    assert.match(first.text(), pattern)
  }
  write('a.yaml', 'a', '127.0.0.1:0', '127.0.0.1:0', ', retention: {days: 3}')
  first.child.kill('SIGHUP')
  await says(/reloaded .*a\.yaml: store\.options\.retention\.days none -> 3\n/)
  write('a.yaml', 'a', '127.0.0.1:1', '127.0.0.1:0')
  first.child.kill('SIGHUP')
  await says(/not reloaded, nothing was changed: a restart is needed for inputs\[0\]\.options\.tcp\[0\]\n/)

  first.child.kill('SIGINT')
  assert.equal(await first.ended, 130)
  assert.match(first.text(), /\nstopped: received 0 {2}stored 0 {2}refused 0 {2}missing 0\n$/)
  assert.equal(existsSync(join(dir, 'a', 'collector.json')), false)
})
