import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { ClosedPipe } from './context.ts'
import { EXIT, ExitError } from './exit.ts'
import { memoryWorld } from './testing/memory-world.ts'
import { wantsColor } from './output/color.ts'
import { pagerWords } from './output/pager.ts'
import { Progress, progressLine } from './output/progress.ts'
import { allCommands, COMMANDS } from './registry.ts'
import { runCommandLine } from './shell.ts'

const probe: Command = {
  name: 'probe',
  summary: 'for tests',
  group: 'house',
  args: [{ name: 'QUERY', says: '', optional: true, many: true }],
  options: [
    { name: 'since', value: 'TIME', says: '' },
    { name: 'number', short: 'n', value: 'N', says: '' },
    { name: 'follow', short: 'f', says: '' },
    { name: 'field', value: 'NAME', many: true, says: '' },
    { name: 'framing', value: 'HOW', choices: ['lf', 'octet'], says: '' },
  ],
  examples: [],
}
const read = (...words: string[]) => readArguments(probe, 'pullbox probe', words)

test('arguments: values, switches, groups, the end of options', () => {
  assert.equal(read('--since', '-2h', 'a').text('since'), '-2h')
  assert.equal(read('--since=-2h').text('since'), '-2h')
  assert.deepEqual(read('-fn20', 'x').args, ['x'])
  assert.equal(read('-fn20').text('number'), '20')
  assert.equal(read('-n', '20').text('number'), '20')
  assert.ok(read('-f').has('follow') && !read('x').has('follow'))
  assert.deepEqual(read('a', '--field', 'x', '--field=y', 'b').list('field'), ['x', 'y'])
  assert.deepEqual(read('-f', '--', '-x', '--y').args, ['-x', '--y'])
  assert.deepEqual(read('-').args, ['-'])
})

test('arguments: what is wrong is named, and what was meant', () => {
  const wrong: [string[], RegExp, RegExp][] = [
    [['--sinc', 'x'], /no option --sinc/, /did you mean "--since"/],
    [['-z'], /no option -z/, /--help/],
    [['--since'], /--since needs a value: TIME/, /--help/],
    [['--follow=1'], /takes no value/, /--help/],
    [['--since', '1h', '--since', '2h'], /given twice/, /^$/],
    [['--framing', 'octets'], /one of lf, octet/, /did you mean "octet"/],
    [['--color', 'maybe'], /one of auto, always, never/, /^$/],
  ]
  for (const [words, message, hint] of wrong) {
    assert.throws(
      () => read(...words),
      (e: ExitError) => e.code === 'CLI_USAGE' && e.exit === 2 && message.test(e.message) && hint.test(e.hint),
      words.join(' '),
    )
  }
})

/** Registers a command for one test. */
async function withCommand(run: Command['run'], body: () => Promise<void>): Promise<void> {
  const commands = COMMANDS as Record<string, () => Promise<{ command: Command }>>
  commands['probe'] = async () => ({ command: { ...probe, options: [...probe.options!, { name: 'json', says: '' }], run } })
  try {
    await body()
  } finally {
    delete commands['probe']
  }
}

test('errors: one line, or one object, with code, place and hint; the exit status of the area', async () => {
  const fail = (error: Error) => () => {
    throw error
  }
  const coded = Object.assign(new Error('store.optoins\x1b[31m'), {
    code: 'CONFIG_UNKNOWN_KEY',
    at: 'pullbox.yaml:14:3',
    hint: 'did you mean "options"?',
  })
  await withCommand(fail(coded), async () => {
    const world = memoryWorld()
    assert.equal(await runCommandLine(['probe'], world), EXIT.config)
    assert.equal(
      world.stderr.text,
      'pullbox: CONFIG_UNKNOWN_KEY: store.optoins\\x1b[31m at pullbox.yaml:14:3 - did you mean "options"? See: pullbox help CONFIG_UNKNOWN_KEY\n',
    )
    const json = memoryWorld()
    assert.equal(await runCommandLine(['probe', '--json'], json), EXIT.config)
    assert.deepEqual(JSON.parse(json.stderr.text), {
      type: 'error',
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'store.optoins\x1b[31m',
      at: 'pullbox.yaml:14:3',
      hint: 'did you mean "options"?',
      exit: 6,
    })
    assert.equal(json.stdout.text, '')
  })
  const cases: [Error, number][] = [
    [Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open', path: '/x' }), EXIT.usage],
    [Object.assign(new Error('x'), { code: 'EACCES', syscall: 'open', path: '/x' }), EXIT.notAllowed],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' }), EXIT.unreachable],
    [Object.assign(new Error('x'), { code: 'EXEC_NOT_FOUND' }), EXIT.notFound],
    [new ExitError(EXIT.limit, 'STORE_FULL', 'x'), EXIT.limit],
    [new TypeError('x'), EXIT.bug],
    [Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }), EXIT.bug],
  ]
  for (const [error, code] of cases) {
    await withCommand(fail(error), async () => assert.equal(await runCommandLine(['probe'], memoryWorld()), code, String(error)))
  }
})

test('a bug: exit 70, the stack kept, its place said', async () => {
  await withCommand(
    () => {
      throw new RangeError('oops')
    },
    async () => {
      const world = memoryWorld()
      assert.equal(await runCommandLine(['probe'], world), 70)
      assert.match(world.bugs[0], /RangeError: oops\n +at /)
      assert.match(world.stderr.text, /^pullbox: CLI_BUG: .*oops - stack in bug 1\. See: pullbox help CLI_BUG\n$/)
    },
  )
})

test('signals: what was covered is said, the status is the signal, a closed pipe is quiet', async () => {
  for (const [reason, code, says] of [
    ['SIGINT', 130, 'covered 09:12-10:00 of 08:00-10:00\n'],
    ['SIGTERM', 143, 'covered 09:12-10:00 of 08:00-10:00\n'],
    ['pipe', 0, ''],
  ] as const) {
    const world = memoryWorld()
    await withCommand(
      async (ctx) => {
        ctx.covered(() => 'covered 09:12-10:00 of 08:00-10:00')
        world.stop(reason)
        return 0
      },
      async () => {
        assert.equal(await runCommandLine(['probe'], world), code)
        assert.equal(world.stderr.text, says)
      },
    )
  }
  await withCommand(
    () => {
      throw new ClosedPipe()
    },
    async () => assert.equal(await runCommandLine(['probe'], memoryWorld()), 0),
  )
})

test('commands: unknown ones, help, what is listed', async () => {
  const run = async (...words: string[]) => {
    const world = memoryWorld()
    return { code: await runCommandLine(words, world), out: world.stdout.text, err: world.stderr.text }
  }
  assert.match((await run('versoin')).err, /no command "versoin" - did you mean "version"/)
  assert.equal((await run('toString')).code, 2)
  const overview = await run('help')
  for (const name of Object.keys(COMMANDS)) assert.match(overview.out, new RegExp(`^  ${name} `, 'm'))
  assert.equal((await run('--help')).out, overview.out)
  for (const c of await allCommands()) {
    assert.ok(c.summary.length > 0 && (c.commands ?? [c]).every((one) => one.examples.length > 0), c.name)
    assert.match((await run(c.name, '--help')).out, new RegExp(`^pullbox ${c.name} - `))
  }
  assert.match((await run('help', 'NO_SUCH_CODE')).err, /there is no error code NO_SUCH_CODE/)
  assert.equal((await run('--version')).code, 0)
})

test('colour, pager, progress', () => {
  assert.ok(wantsColor(undefined, {}, true) && !wantsColor(undefined, {}, false))
  assert.ok(!wantsColor('auto', { NO_COLOR: '1' }, true) && wantsColor('auto', { NO_COLOR: '' }, true))
  assert.ok(!wantsColor('auto', { TERM: 'dumb' }, true) && wantsColor('always', { NO_COLOR: '1' }, false) && !wantsColor('never', {}, true))
  assert.deepEqual(pagerWords({}), ['less', '-FRX'])
  assert.deepEqual(pagerWords({ PAGER: 'more', PULLBOX_PAGER: 'less  -S' }), ['less', '-S'])
  assert.equal(pagerWords({ PAGER: '' }), null)
  assert.equal(pagerWords({ PULLBOX_PAGER: 'cat', PAGER: 'less' }), null)
  assert.equal(progressLine(3.1e9, 8.4e9, 8e6), '3.1 GB of 8.4 GB  36% [=======>            ]  388 MB/s  14 s left')
  const written: string[] = []
  const sink = { isTTY: true, columns: 80, write: async (s: string | Uint8Array) => void written.push(String(s)) }
  let now = 0
  const bar = new Progress(sink, () => now, 100)
  bar.update(10)
  now = 499_000
  bar.update(20)
  assert.deepEqual(written, [])
  now = 501_000
  bar.update(50)
  bar.end()
  assert.match(written[0], /50%/)
  assert.equal(written[1], '\r\x1b[K')
})
