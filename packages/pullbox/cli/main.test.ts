import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { memoryWorld } from './testing/memory-world.ts'
import { forbidden, HOSTILE_SEQUENCES } from './testing/hostile-sequences.ts'
import { COMMANDS } from './registry.ts'
import { runCommandLine } from './shell.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pullbox-cli-'))
after(() => rmSync(folder, { recursive: true }))

/** Starts the program as a user would; the environment is ours but for what a terminal sets. */
function start(args: readonly string[]) {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], TERM: 'xterm', HOME: folder },
  })
}

async function collect(child: ReturnType<typeof start>) {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (b: Buffer) => out.push(b))
  child.stderr.on('data', (b: Buffer) => err.push(b))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

test('a reader that goes away ends it quietly with 0', async () => {
  const many = start(['ip', 'normalize'])
  // The writer meets EPIPE too once the program has ended; that is not what is tested.
  many.stdin.on('error', () => {})
  many.stdin.write('10.0.0.1\n'.repeat(400_000))
  many.stdout.once('data', () => many.stdout.destroy())
  let err = ''
  many.stderr.on('data', (b: Buffer) => (err += b.toString()))
  const [code] = (await once(many, 'close')) as [number]
  assert.deepEqual([code, err], [0, ''])
})

test('SIGINT and SIGTERM: what was covered, and the status', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const child = start(['ip', 'normalize'])
    const ended = collect(child)
    // Enough that the output is flushed once: then the program is known to be in the middle of it.
    child.stdin.write('::1\n'.repeat(20_000))
    await once(child.stdout, 'data')
    child.kill(signal)
    const { err, ...rest } = await ended
    assert.deepEqual([rest.code, rest.signal], [code, null])
    assert.match(err, /^stopped after \d+ addresses\n$/)
  }
})

test('a command that reads nothing does not wait for stdin', async () => {
  const { code, out } = await collect(start(['version']))
  assert.equal(code, 0)
  assert.match(out, /^pullbox \d/)
})

/** Runs the program in a terminal of its own, once for each list of arguments; what came out of each. */
function inTerminals(lines: readonly (readonly string[])[]): Buffer[] {
  const list = join(folder, 'lines.json')
  writeFileSync(list, JSON.stringify(lines))
  const program = `
import json, os, pty, sys
for line in json.load(open(sys.argv[1], encoding="utf-8")):
    pty.spawn(sys.argv[2:] + line, lambda fd: os.read(fd, 65536))
    os.write(1, b"\\0END\\0")
`
  const args = ['-c', program, list, process.execPath, '--disable-warning=ExperimentalWarning', MAIN]
  const env = { PATH: process.env['PATH'], TERM: 'xterm', HOME: folder, PULLBOX_PAGER: '' }
  const done = spawnSync('python3', args, { env, maxBuffer: 256 << 20, input: '' })
  assert.deepEqual([done.error, done.status, done.stderr.toString()], [undefined, 0, ''])
  const parts = done.stdout.toString('latin1').split('\0END\0')
  assert.equal(parts.length, lines.length + 1)
  return parts.slice(0, -1).map((part) => Buffer.from(part, 'latin1'))
}

const text = (s: string | Uint8Array) => (typeof s === 'string' ? s : Buffer.from(s).toString('latin1'))
// An argument or a file name can hold no NUL, and no lone surrogate.
const ARGUMENTS = HOSTILE_SEQUENCES.map(text).filter((s) => !s.includes('\0') && s.isWellFormed())

test('in a real terminal: 200 hostile sequences through every command that prints what it was given', () => {
  const config = join(folder, 'hostile.json')
  writeFileSync(config, JSON.stringify(Object.fromEntries(HOSTILE_SEQUENCES.map((s, i) => [`${text(s)}${i}`, text(s)]))))
  const vectors = join(folder, 'cbor.jsonl')
  const ipv6 = join(folder, 'ipv6.jsonl')
  const expectation = (s: string | Uint8Array) =>
    JSON.stringify({ input_base64: Buffer.from('::1').toString('base64'), expected: { valid: true, normalized: text(s) } })
  writeFileSync(ipv6, HOSTILE_SEQUENCES.map(expectation).join('\n'))
  writeFileSync(
    vectors,
    HOSTILE_SEQUENCES.map((s) =>
      JSON.stringify({
        input_base64: Buffer.concat([Buffer.of(0x78, Buffer.byteLength(text(s))), Buffer.from(text(s))]).toString('base64'),
      }),
    ).join('\n'),
  )
  const name = join(folder, '\x1b]0;title\x07\u202e.yaml')
  writeFileSync(name, 'x: 1')
  const lines: (readonly string[])[] = [
    ['ip', 'normalize', '--', ...ARGUMENTS, ...ARGUMENTS.map((s) => `fe80::1%${s}`)],
    ['config', 'check', config],
    ['config', 'check', name],
    ['vectors', ipv6],
    ['ip', 'sort', '--json', '--', ...ARGUMENTS, ...ARGUMENTS.map((s) => `fe80::1%${s.replaceAll(/[%/\s]/g, '')}`)],
    ['config', 'check', config, '--json'],
    ['doctor', '-c', config],
    ['vectors', '--print', vectors],
  ]
  // A process each: the default run takes some of them.
  const tried = process.env['PULLBOX_PROVE'] === '1' ? lines : lines.slice(0, 4)
  for (const [i, out] of inTerminals(tried).entries()) {
    const what = tried[i].slice(0, 2).join(' ')
    assert.ok(out.length > 20, what)
    const bad = forbidden(out, true)
    assert.deepEqual(
      bad,
      [],
      `${what}: ${JSON.stringify(
        out
          .subarray(Math.max(0, (bad[0] ?? 0) - 40))
          .toString('latin1')
          .slice(0, 80),
      )}`,
    )
  }
})

test('every command, in process on a terminal: hostile arguments, options and topics', async () => {
  for (const sequence of ARGUMENTS) {
    const lines = [
      [sequence],
      ['help', sequence],
      ['help', `${sequence}_X`],
      ['version', `--${sequence}`],
      ['version', `--color=${sequence}`],
      ...Object.keys(COMMANDS).map((name) => [name, sequence]),
      ['--json', sequence],
      ['config', 'check', '-c', `/nonexistent/${sequence}`],
    ]
    for (const line of lines.filter((l) => l[0] !== 'doctor')) {
      const world = memoryWorld({ tty: true, env: { PULLBOX_PAGER: '', HOME: '/' } })
      await runCommandLine(line, world)
      for (const sink of [world.stdout, world.stderr]) assert.deepEqual(forbidden(sink.bytes), [], JSON.stringify([line, sink.text]))
      assert.deepEqual(world.bugs, [], JSON.stringify(line))
    }
  }
})

test('completion in a real bash: commands, subcommands, options, values, files', async () => {
  const world = memoryWorld()
  assert.equal(await runCommandLine(['completion', 'bash'], world), 0)
  const script = join(folder, 'completion.bash')
  writeFileSync(script, world.stdout.text)
  const complete = (...words: string[]) => {
    const asks = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pullbox; printf '%s\\n' "\${COMPREPLY[@]}"`
    const done = spawnSync('bash', ['--norc', '-c', asks, 'bash', script, 'pullbox', ...words], { cwd: folder, encoding: 'utf8' })
    assert.deepEqual([done.status, done.stderr], [0, ''])
    return done.stdout.split('\n').filter((l) => l !== '')
  }
  assert.deepEqual(complete('').sort(), Object.keys(COMMANDS).sort())
  assert.deepEqual(complete('ver'), ['version'])
  assert.deepEqual(
    complete('completion', '').filter((w) => !w.startsWith('-')),
    ['bash', 'zsh', 'fish'],
  )
  assert.deepEqual(
    complete('config', '').filter((w) => !w.startsWith('-')),
    ['init', 'check'],
  )
  assert.deepEqual(complete('config', 'check', '--js'), ['--json'])
  assert.deepEqual(complete('version', '--color', 'a'), ['auto', 'always'])
  assert.ok(complete('doctor', '-c', 'hostile').includes('hostile.json'))
  assert.ok(complete('vectors', 'ipv').includes('ipv6.jsonl'))
  assert.deepEqual(complete('nosuch', 'config'), [])
  assert.ok(readdirSync(folder).length > 3)
})
