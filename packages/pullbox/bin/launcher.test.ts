import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const LAUNCHER = fileURLToPath(new URL('pullbox', import.meta.url))
const NODE = `node-${process.platform}-${process.arch}`
// Says what was started, as the program itself would see it; `wait` stays until it is ended.
const MAIN = `console.log(JSON.stringify({ pid: process.pid, exec: process.execPath, argv: process.argv.slice(1), options: process.execArgv }))
if (process.argv[2] === 'wait') setInterval(() => {}, 1000)\n`

interface Said {
  pid: number
  exec: string
  argv: string[]
  options: string[]
}

/** An installed package or a checkout: the folder pullbox with the launcher and a stand-in for the program, and the pinned Node beside it. */
function layout(t: TestContext, options: { pinned: boolean; main?: string } = { pinned: true }) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'pullbox launcher -> ')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  // Node runs no TypeScript inside node_modules, so that stands as in a checkout.
  const home = join(root, options.main === 'main.ts' ? 'packages' : 'node_modules', 'pullbox')
  for (const folder of ['bin', 'cli']) mkdirSync(join(home, folder), { recursive: true })
  cpSync(LAUNCHER, join(home, 'bin', 'pullbox'))
  writeFileSync(join(home, 'package.json'), '{"type":"module"}')
  writeFileSync(join(home, 'cli', options.main ?? 'main.js'), MAIN)
  if (options.pinned) {
    mkdirSync(join(root, 'node_modules', NODE, 'bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'node_modules', NODE, 'bin', 'node'))
  }
  return { root, home, launcher: join(home, 'bin', 'pullbox'), main: join(home, 'cli', options.main ?? 'main.js') }
}

/** PATH with the system's programs but no Node, or the given one. */
function path(t: TestContext, version?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pullbox-path-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['ls', 'uname']) {
    const found = (process.env.PATH ?? '').split(delimiter).map((one) => join(one, name))
    symlinkSync(found.find((one) => spawnSync(one, ['--version']).error === undefined) as string, join(folder, name))
  }
  if (version === 'real') symlinkSync(process.execPath, join(folder, 'node'))
  else if (version !== undefined) {
    writeFileSync(join(folder, 'node'), `#!/bin/sh\necho ${version}\n`)
    chmodSync(join(folder, 'node'), 0o755)
  }
  return folder
}

function run(launcher: string, args: string[], more: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const result = spawnSync(launcher, args, { encoding: 'utf8', ...more })
  return { ...result, said: () => JSON.parse(result.stdout) as Said }
}

test('by full path, from another folder: the pinned Node, the arguments as given', (t) => {
  const { launcher, main } = layout(t)
  const args = ['a b', '', '--x=$HOME', '*', "it's"]
  const result = run(launcher, args, { cwd: '/', env: { PATH: path(t) } })
  assert.equal(result.status, 0, result.stderr)
  const said = result.said()
  assert.equal(realpathSync(said.argv[0]), main)
  assert.deepEqual(said.argv.slice(1), args)
  assert.equal(realpathSync(said.exec), realpathSync(process.execPath))
  assert.deepEqual(said.options, ['--optimize-for-size', '--max-semi-space-size=2', '--disable-warning=ExperimentalWarning'])
})

test('through links: absolute, relative, one after another, and by name from PATH', (t) => {
  const { root, home } = layout(t)
  const bin = join(root, 'node_modules', '.bin')
  mkdirSync(join(root, 'else where'))
  mkdirSync(bin)
  symlinkSync('../pullbox/bin/pullbox', join(bin, 'pullbox'))
  symlinkSync(join(bin, 'pullbox'), join(root, 'else where', 'box'))
  symlinkSync(home, join(root, 'folder'))
  const env = { PATH: path(t) }
  for (const [launcher, cwd] of [
    [join(bin, 'pullbox'), '/'],
    [join(root, 'else where', 'box'), '/'],
    ['./box', join(root, 'else where')],
    [join(root, 'folder', 'bin', 'pullbox'), '/'],
  ]) {
    const result = run(launcher, ['x'], { cwd, env })
    assert.equal(result.status, 0, `${launcher}: ${result.stderr}`)
    assert.equal(result.said().argv[1], 'x')
  }
  const named = run('pullbox', ['y'], { cwd: '/', env: { PATH: `${env.PATH}:${bin}` } })
  assert.equal(named.said().argv[1], 'y', named.stderr)
  symlinkSync('round', join(root, 'round'))
  assert.notEqual(run(join(root, 'round'), []).status, 0)
})

test('main.ts where there is no main.js; a package without either says so', (t) => {
  assert.equal(run(layout(t, { pinned: true, main: 'main.ts' }).launcher, ['z']).said().argv[1], 'z')
  const broken = run(layout(t, { pinned: true, main: 'other.js' }).launcher, [])
  assert.equal(broken.status, 127)
  assert.match(broken.stderr, /main\.js is missing/)
})

test('the pinned Node goes before an old one; without it PATH must have 24 or newer', (t) => {
  assert.equal(run(layout(t).launcher, [], { env: { PATH: path(t, 'v20.20.2') } }).status, 0)
  const { launcher } = layout(t, { pinned: false })
  const on = (version?: string) => run(launcher, ['q'], { env: { PATH: path(t, version) } })
  for (const version of ['v20.20.2', 'v23.11.0', 'nonsense', "''"]) {
    const old = on(version)
    assert.equal(old.status, 126, version)
    assert.match(old.stderr, /24 or newer is needed/)
  }
  const none = on()
  assert.equal(none.status, 127)
  assert.match(none.stderr, /no Node/)
  assert.equal(on('v24.0.0').stdout, 'v24.0.0\n', 'a new one is started')
  assert.equal(on('real').said().argv[1], 'q')
})

test('the process that was started is the program: same pid, signals reach it, its status comes back', async (t) => {
  const { launcher } = layout(t)
  const child = spawn(launcher, ['wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await child.stdout.take(1).toArray()) as Buffer[]
  assert.equal((JSON.parse(line.toString()) as Said).pid, child.pid)
  const ended = new Promise((done) => child.once('exit', (_, signal) => done(signal)))
  child.kill('SIGTERM')
  assert.equal(await ended, 'SIGTERM')
})

test('the real one answers, also through the link at the root of the checkout', () => {
  const root = dirname(dirname(dirname(dirname(LAUNCHER))))
  for (const launcher of [LAUNCHER, join(root, 'bin', 'pullbox')]) {
    const result = run(launcher, ['version'], { cwd: '/' })
    assert.equal(result.status, 0, result.stderr)
    assert.match(result.stdout, /pullbox \d+\.\d+\.\d+/)
  }
})
