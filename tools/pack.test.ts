import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from './files.ts'
import { folderWith } from './folder.fixture.ts'
import { npm } from './npm.ts'
import { type Packed, packAll } from './pack.ts'

const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

/** An empty project in which the tarballs are installed, as a user would. */
function project(t: TestContext, packed: readonly Packed[]): string {
  const root = folderWith(t, { 'package.json': '{"name":"somebody","version":"1.0.0","private":true,"type":"module"}' })
  npm(root, [...INSTALL, ...packed.map(({ tarball }) => tarball)])
  return root
}

function run(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env) {
  const result = spawnSync(program, args, { cwd, env, encoding: 'utf8' })
  return { status: result.status, stdout: result.stdout, stderr: result.stderr }
}

const json = (value: unknown) => JSON.stringify(value)

/** Two small packages: a worker beside its module, an asset, a sibling, and things that must stay at home. */
function house(t: TestContext): string {
  const base = { version: '0.0.1', type: 'module', license: 'Apache-2.0' }
  const root = folderWith(t, {
    'packages/low/package.json': json({
      ...base,
      name: '@pullbox/low',
      exports: { '.': './index.ts', './data': './data/data.ts' },
      devDependencies: { x: '1.0.0' },
    }),
    'packages/low/index.ts': "export * from './data/data.ts'\nexport const one: number = 1\n",
    'packages/low/data/data.ts':
      "import { readFileSync } from 'node:fs'\nexport const asset = () => readFileSync(new URL('./asset.wasm', import.meta.url), 'utf8')\n",
    'packages/low/data/asset.wasm': 'asset!',
    'packages/low/seed.ts': 'export const seed: number = 1\n',
    'packages/low/data/data.test.ts': "import '../seed.ts'\nthrow new Error('a test was packed')\n",
    'packages/low/README.md': 'Read me.\n',
    'packages/pullbox/package.json': json({
      ...base,
      name: 'pullbox',
      bin: { pullbox: 'bin/pullbox' },
      exports: { '.': './index.ts' },
      dependencies: { '@pullbox/low': '0.0.1' },
      scripts: { a: 'b' },
    }),
    'packages/pullbox/index.ts': `import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { one } from '@pullbox/low'
export function ask(): Promise<number> {
  const worker = new Worker(new URL(\`./ask-worker\${extname(import.meta.filename)}\`, import.meta.url), { workerData: one })
  return new Promise((done, fail) => worker.once('message', done).once('error', fail))
}
`,
    'packages/pullbox/ask-worker.ts':
      "import { parentPort, workerData } from 'node:worker_threads'\nconst answer: number = workerData + 1\nparentPort?.postMessage(answer)\n",
    'packages/pullbox/cli/main.ts':
      "import { asset } from '@pullbox/low/data'\nimport { ask } from '../index.ts'\nconsole.log(asset(), await ask(), process.argv[2])\n",
    LICENSE: 'Free.\n',
    'docs/errors/cli.md': '## CLI_X\nText.\n',
    'docs/formats/block.md': 'Not for help.\n',
    'packages/pullbox/bin/pullbox': readFileSync(join(ROOT, 'packages/pullbox/bin/pullbox'), 'utf8'),
  })
  run('chmod', ['755', join(root, 'packages/pullbox/bin/pullbox')], root)
  mkdirSync(join(root, 'node_modules', '@pullbox'), { recursive: true })
  symlinkSync(join(root, 'packages/low'), join(root, 'node_modules/@pullbox/low'))
  return root
}

test('a packed package holds what runs: JavaScript, declarations, assets; imports, workers and the launcher work', (t) => {
  const root = house(t)
  const packed = packAll(root, join(root, 'out'))
  assert.deepEqual(
    packed.map(({ name, doors }) => [name, doors]),
    [
      ['@pullbox/low', ['@pullbox/low', '@pullbox/low/data']],
      ['pullbox', ['pullbox']],
    ],
  )
  const home = project(t, packed)
  const installed = join(home, 'node_modules/@pullbox/low')
  assert.deepEqual(readdirSync(installed, { recursive: true, encoding: 'utf8' }).toSorted(), [
    'LICENSE',
    'README.md',
    'data',
    'data/asset.wasm',
    'data/data.d.ts',
    'data/data.js',
    'index.d.ts',
    'index.js',
    'package.json',
  ])
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  assert.deepEqual(manifest.exports, {
    '.': { types: './index.d.ts', default: './index.js' },
    './data': { types: './data/data.d.ts', default: './data/data.js' },
  })
  assert.equal('devDependencies' in manifest, false)
  assert.ok(existsSync(join(home, 'node_modules/pullbox/docs/errors/cli.md')))
  assert.equal(existsSync(join(home, 'node_modules/pullbox/docs/formats')), false)
  const said = run(join(home, 'node_modules/.bin/pullbox'), ['hello'], '/', { PATH: `${dirname(process.execPath)}:${process.env.PATH}` })
  assert.equal(said.stdout, 'asset! 2 hello\n', said.stderr)
})

test('a source that does not compile, or an export without a file, is not packed', (t) => {
  const root = house(t)
  const file = join(root, 'packages/low/package.json')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('./data/data.ts', './data/gone.ts'))
  assert.throws(
    () => packAll(root, join(root, 'out')),
    /@pullbox\/low: the export "\.\/data" names \.\/data\/gone\.js, which is not there|TS2307/,
  )
  writeFileSync(file, text)
  writeFileSync(join(root, 'packages/low/index.ts'), 'export const one: number = "1"\n')
  assert.throws(() => packAll(root, join(root, 'out')), /TS2322/)
})

test('the real packages: every door opens under the Node that is installed with them, with its types, and the program does its work', async (t) => {
  const out = folderWith(t, {})
  const packed = packAll(ROOT, out)
  for (const { tarball } of packed) assert.ok(statSync(tarball).size > 0)
  const home = project(t, packed)
  const node = join(home, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  assert.equal(run(node, ['--version'], home).stdout.trim(), process.version)
  for (const door of packed.flatMap(({ doors }) => doors)) {
    const opened = run(
      node,
      ['--input-type=module', '-e', `const door = await import(${json(door)}); console.log(Object.keys(door).length)`],
      home,
    )
    assert.equal(opened.status, 0, `${door}: ${opened.stderr}`)
  }
  const program = join(home, 'node_modules', '.bin', 'pullbox')
  const version = run(program, ['version'], '/')
  assert.match(version.stdout, /^pullbox \d+\.\d+\.\d+/, version.stderr)
  const help = run(program, ['help'], '/')
  assert.equal(help.status, 0, help.stderr)
  assert.match(help.stdout, /Usage: pullbox/)
  const code = run(program, ['help', 'STORE_DRIVER_UNKNOWN'], '/')
  assert.match(code.stdout, /No driver of this kind has the name/, code.stderr)
  for (const { name } of packed)
    assert.match(readFileSync(join(home, 'node_modules', name, 'LICENSE'), 'utf8'), /Apache License\n +Version 2\.0/)
  checkTypes(home, packed)
  await checkRun(t, program)
})

/** The installed collector takes a message in all of its threads, and the installed search finds it. */
async function checkRun(t: TestContext, program: string): Promise<void> {
  const folder = folderWith(t, {})
  const config = join(folder, 'pullbox.yaml')
  const lines = ['inputs: [{type: syslog, options: {udp: "127.0.0.1:0", tcp: "127.0.0.1:0"}}]', 'http: {address: "127.0.0.1:0"}']
  writeFileSync(config, [...lines, `store: {options: {path: ${json(join(folder, 'store'))}}}`, ''].join('\n'))
  const collector = spawn(program, ['run', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((resolve) => collector.once('close', resolve))
  t.after(() => collector.kill('SIGKILL'))
  let said = ''
  collector.stderr.on('data', (data: Buffer) => (said += data.toString()))
  for (let i = 0; i < 1200 && !said.includes('  try ') && collector.exitCode === null; i++) await sleep(25)
  const port = /tcp 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
  const http = /http (http:\S+)/.exec(said)?.[1]
  assert.ok(port !== undefined && http !== undefined, said)
  const socket = createConnection(Number(port), '127.0.0.1')
  await new Promise<void>((resolve) => socket.end('<13>Nov 24 10:00:00 sw1 app: packed and found\n', resolve))
  const stored = async () => ((await (await fetch(`${http}/api/v1/status`)).json()) as { stored: number }).stored
  for (let i = 0; i < 400 && (await stored()) === 0; i++) await sleep(25)
  collector.kill('SIGTERM')
  assert.equal(await ended, 143, said)
  const found = run(program, ['search', '-c', config, 'packed'], '/')
  assert.match(found.stdout, / sw1 app {2}packed and found\n/, found.stderr)
}

/** A TypeScript user sees real types: the declarations compile by themselves, and a wrong use of one is an error. */
function checkTypes(home: string, packed: readonly Packed[]): void {
  const doors = packed.flatMap(({ doors: names }) => names)
  const imports = doors.map((door, i) => `import * as d${i} from ${json(door)}\nexport const k${i} = Object.keys(d${i})\n`).join('')
  const wrong = "import { BATCH_BYTES } from '@pullbox/log/record'\nexport const wrong: string = BATCH_BYTES\n"
  const options = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'esnext',
    lib: ['esnext'],
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
  }
  writeFileSync(join(home, 'right.ts'), imports)
  writeFileSync(join(home, 'wrong.ts'), wrong)
  writeFileSync(join(home, 'tsconfig.json'), json({ compilerOptions: { ...options, skipLibCheck: true }, files: ['right.ts', 'wrong.ts'] }))
  const tsc = run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], home)
  assert.match(tsc.stdout, /^wrong\.ts\(2,14\): error TS2322[^\n]*\n$/)
}
