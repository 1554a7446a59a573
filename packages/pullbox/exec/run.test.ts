import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError } from '@pullbox/log/errors'
import { processes, withMark } from './processes.ts'
import { ExecError, run, type ExecCode } from './index.ts'

/** Unlike any other argument on this machine. */
function mark(): string {
  return `7${process.pid}${Math.floor(performance.now() * 1000)}`
}

async function failing(promise: Promise<unknown>, code: ExecCode): Promise<ExecError> {
  const error = await promise.then(
    () => assert.fail(`no ${code}`),
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof ExecError && error instanceof CodedError, String(error))
  assert.equal(error.code, code)
  return error
}

test('output, status, time and an environment of two names', async () => {
  const result = await run('env')
  assert.deepEqual([result.status, result.signal, result.pipe_held], [0, null, false])
  assert.deepEqual(result.stdout.toString().trimEnd().split('\n').toSorted(), ['LANG=C.UTF-8', `PATH=${process.env['PATH']}`])
  assert.ok(result.ms > 0)
  const named = await run('env', [], { env: { PULLBOX_TEST: 'a b', LANG: 'C' } })
  assert.deepEqual(named.stdout.toString().trimEnd().split('\n').toSorted(), ['LANG=C', `PATH=${process.env['PATH']}`, 'PULLBOX_TEST=a b'])
})

test('arguments arrive as they are written: no shell reads them', async () => {
  const args = ['; id', '$(id)', '`id`', '*', '', ' a  b ', "'", '"', '\n', '| cat', '~', 'é', '-n']
  const { stdout } = await run('printf', ['%s\\0', ...args])
  assert.deepEqual(stdout.toString().split('\0').slice(0, -1), args)
})

test('standard input: given, or at its end', async () => {
  assert.equal((await run('cat', [])).stdout.length, 0)
  const big = Buffer.alloc(3_000_000, 'abc')
  assert.ok((await run('cat', [], { stdin: big })).stdout.equals(big))
  assert.equal((await run('cat', [], { stdin: 'text' })).stdout.toString(), 'text')
  assert.equal((await run('true', [], { stdin: big })).status, 0, 'a program may leave its input unread')
})

test('EXEC_NOT_FOUND', async () => {
  const error = await failing(run('whom'), 'EXEC_NOT_FOUND')
  assert.match(error.message, /whom is in no directory of PATH/)
  assert.ok(error.message.includes(process.env['PATH']!))
  assert.match((await failing(run('/nowhere/whom'), 'EXEC_NOT_FOUND')).message, /does not exist/)
  assert.match((await failing(run('env', [], { env: { PATH: '/nowhere' } }), 'EXEC_NOT_FOUND')).message, /PATH \(\/nowhere\)/)
})

test('EXEC_NOT_ALLOWED, EXEC_BAD_CWD and a missing interpreter are told apart', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'exec-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'program')
  writeFileSync(file, '#!/bin/sh\nexit 0\n')
  chmodSync(file, 0o644)
  assert.equal((await failing(run(file), 'EXEC_NOT_ALLOWED')).at, file)
  chmodSync(file, 0o755)
  assert.equal((await run(file)).status, 0)
  assert.equal((await run('./program', [], { cwd: folder })).status, 0)
  assert.equal((await run('pwd', [], { cwd: folder })).stdout.toString(), `${folder}\n`)
  assert.match((await failing(run('true', [], { cwd: join(folder, 'none') }), 'EXEC_BAD_CWD')).message, /it does not exist/)
  assert.match((await failing(run('true', [], { cwd: file }), 'EXEC_BAD_CWD')).message, /it is no directory/)
  await failing(run('true', [], { cwd: '' }), 'EXEC_BAD_CWD')
  writeFileSync(file, '#!/nowhere/interpreter\n')
  assert.match((await failing(run(file), 'EXEC_NOT_FOUND')).message, /interpreter/)
})

test('EXEC_BAD_ARGUMENT and EXEC_NOT_STARTED', async () => {
  await failing(run(''), 'EXEC_BAD_ARGUMENT')
  await failing(run('tr\0ue'), 'EXEC_BAD_ARGUMENT')
  assert.equal((await failing(run('true', ['a', 'b\0c']), 'EXEC_BAD_ARGUMENT')).at, 'argument 2')
  await failing(run('true', [3 as unknown as string]), 'EXEC_BAD_ARGUMENT')
  await failing(run('true', [], { env: { 'A=B': '' } }), 'EXEC_BAD_ARGUMENT')
  await failing(run('true', [], { env: { A: '\0' } }), 'EXEC_BAD_ARGUMENT')
  assert.match((await failing(run('true', ['x'.repeat(4_000_000)]), 'EXEC_NOT_STARTED')).message, /E2BIG/)
})

test('EXEC_FAILED carries status and the last 64 KiB of standard error; `ok` names other good statuses', async () => {
  const error = await failing(run('sh', ['-c', 'echo a; echo oh no >&2; exit 3']), 'EXEC_FAILED')
  assert.deepEqual([error.status, error.signal, error.stderr.toString()], [3, null, 'oh no\n'])
  assert.match(error.message, /status 3: oh no$/)
  assert.equal((await run('sh', ['-c', 'exit 3'], { ok: [0, 3] })).status, 3)
  await failing(run('true', [], { ok: [1] }), 'EXEC_FAILED')
  const long = await failing(run('sh', ['-c', 'seq 1 100000 >&2; exit 1']), 'EXEC_FAILED')
  assert.equal(long.stderr.length, 65_536)
  assert.ok(long.stderr.toString().endsWith('99999\n100000\n'))
})

test('EXEC_SIGNAL', async () => {
  const error = await failing(run('sh', ['-c', 'kill -USR1 $$; sleep 5']), 'EXEC_SIGNAL')
  assert.deepEqual([error.status, error.signal], [null, 'SIGUSR1'])
})

test('EXEC_TIMEOUT ends the whole group, with KILL where TERM is ignored', async () => {
  const soft = mark()
  await failing(run('sh', ['-c', `sleep ${soft} & sleep ${soft}`], { timeout: 100 }), 'EXEC_TIMEOUT')
  assert.deepEqual(withMark(soft), [])
  const hard = mark()
  const error = await failing(
    run('sh', ['-c', `trap "" TERM; sleep ${hard} & while :; do sleep ${hard}; done`], { timeout: 100, grace: 150 }),
    'EXEC_TIMEOUT',
  )
  assert.equal(error.signal, 'SIGKILL')
  assert.deepEqual(withMark(hard), [])
})

test('EXEC_ABORTED, before and after the start', async () => {
  await failing(run('true', [], { abort: AbortSignal.abort() }), 'EXEC_ABORTED')
  const controller = new AbortController()
  const text = mark()
  const running = run('sleep', [text], { abort: controller.signal })
  while (withMark(text).length === 0) await sleep(5)
  controller.abort()
  await failing(running, 'EXEC_ABORTED')
  assert.deepEqual(withMark(text), [])
})

test('EXEC_OUTPUT_LIMIT', async () => {
  const text = mark()
  await failing(run('yes', [text], { limit: 1_000_000 }), 'EXEC_OUTPUT_LIMIT')
  assert.deepEqual(withMark(text), [])
  assert.equal((await run('head', ['-c', '1000', '/dev/zero'], { limit: 1000 })).stdout.length, 1000)
  await failing(run('head', ['-c', '1001', '/dev/zero'], { limit: 1000 }), 'EXEC_OUTPUT_LIMIT')
})

test('a pipe that a grandchild holds does not hold the result', async () => {
  const text = mark()
  const result = await run('sh', ['-c', `sleep ${text} & echo done`], { timeout: 20_000 })
  assert.deepEqual([result.stdout.toString(), result.status, result.pipe_held], ['done\n', 0, true])
  const left = withMark(text)
  assert.equal(left.length, 1, 'what it left behind stays')
  process.kill(left[0]!.pid, 'SIGKILL')
})

test('a grandchild that goes on writing does not hold the result', async () => {
  const text = mark()
  const result = await run('sh', ['-c', `yes ${text} & exit 0`], { limit: 2 ** 30 })
  assert.equal(result.pipe_held, true)
  for (const { pid } of withMark(text)) process.kill(pid, 'SIGKILL')
})

test('output that lies in the pipe at the end is not lost, however busy this process is', async () => {
  const running = run('sh', ['-c', 'seq 1 20000'])
  await sleep(30)
  const end = performance.now() + 400
  while (performance.now() < end) Math.sqrt(end)
  assert.equal((await running).stdout.toString().trimEnd().split('\n').length, 20_000)
})

test('many starts leave no zombie and no descriptor', async () => {
  const rounds = process.env['PULLBOX_PROVE'] === '1' ? 100_000 : 200
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  const one = async (i: number): Promise<void> => {
    if (i % 4 === 1) await failing(run('whom'), 'EXEC_NOT_FOUND')
    else if (i % 4 === 2) await failing(run('false'), 'EXEC_FAILED')
    else await run('true', [], i % 4 === 3 ? { stdin: 'x' } : {})
  }
  await Promise.all([0, 1, 2, 3].map(one))
  await sleep(50)
  const before = descriptors()
  for (let i = 0; i < rounds; i += 8) await Promise.all(Array.from({ length: 8 }, (_, k) => one(i + k)))
  await sleep(50)
  assert.equal(descriptors(), before)
  assert.deepEqual(
    processes().filter(({ parent }) => parent === process.pid),
    [],
  )
})
