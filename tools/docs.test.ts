import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { linePattern, blocksOf, checkedCode, printedPattern, stepsOf, unmarked } from './docs.ts'
import type { Step } from './docs.ts'
import { DocsWorld } from './docs-world.fixture.ts'
import { ROOT, read } from './files.ts'
import { service } from './services.ts'

/** Pages whose commands are run elsewhere. */
const ELSEWHERE = ['docs/guides/http.md']

/** Commands that start the collector and stay. */
const STARTS = /^(?:npm start|(?:bin\/)?pullbox(?: run\b.*)?)\s*(?:#.*)?$/
/** Commands that go on until they are interrupted. */
const FOLLOWS = /\bpullbox (?:tail|top)\b/
/** Commands that are not run here, and why. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npm (?:test|ci|install|run)\b/, 'this is a part of npm test, and the others have tests of their own'],
  [/^(?:sudo|systemctl|apt|apt-get)\b/, 'changes the machine'],
  [/> *\/etc\//, 'changes the machine'],
]

const pages = ['README.md', ...globSync('docs/guides/*.md', { cwd: ROOT }).sort()].filter((page) => !ELSEWHERE.includes(page))

test('blocks and their commands are found', () => {
  const page =
    'a\n```sh\none   # first\n# nothing\ntwo \\\n  three\n```\n```console\n$ four\nout\n\n$ five\n```\n````text\n```sh\nno\n```\n````\n```\n$ odd\n```\n'
  const blocks = blocksOf(page)
  assert.deepEqual(
    blocks.map(({ language, line }) => [language, line]),
    [
      ['sh', 3],
      ['console', 9],
      ['text', 15],
      ['', 20],
    ],
  )
  assert.deepEqual(
    blocks.flatMap(stepsOf).map(({ command, line, printed }) => [command, line, printed]),
    [
      ['one   # first', 3, null],
      ['two    three', 6, null],
      ['four', 9, ['out', '']],
      ['five', 12, []],
    ],
  )
  assert.deepEqual(
    unmarked(blocks).map(({ line }) => line),
    [20],
  )
})

test('what is printed is compared, but for times, decimal numbers and sizes', () => {
  const shown = ['2026-11-24T10:26:03.962549Z NTC vm root  hello', '1 records, 0.0 of 0.0 MB read, 0.0 s.']
  const printed = (text: string) => printedPattern(shown).test(text)
  assert.ok(printed('2027-01-02T03:04:05Z NTC vm root  hello\n1 records, 0.5 of 12.0 MB read, 0.1 s.\n'))
  assert.ok(!printed('2027-01-02T03:04:05Z NTC vm root  hullo\n1 records, 0.5 of 12.0 MB read, 0.1 s.\n'))
  assert.ok(!printed('2027-01-02T03:04:05Z NTC vm root  hello\n2 records, 0.5 of 12.0 MB read, 0.1 s.\n'))
  assert.ok(printedPattern(['1 record, 298 of 599 B read, 0.0 s.']).test('1 record, 1.2 of 3 kB read, 0.4 s.\n'))
  assert.ok(printedPattern(['a', '...', 'z']).test('a\nb\nc\nz\n'))
  assert.ok(!printedPattern(['a', '...', 'z']).test('a\nb\nc\ny\n'))
  assert.ok(printedPattern(['10.1.2.3  10.0.0.0/8']).test('10.1.2.3  10.0.0.0/8\n'))
  assert.ok(!printedPattern(['10.1.2.3  10.0.0.0/8']).test('10.1.2.4  10.0.0.0/8\n'))
  assert.ok(printedPattern([]).test(''))
  assert.ok(!printedPattern([]).test('x\n'))
})

/** Messages that the guides' commands find. */
const SEED = ['<188>Nov 24 10:00:00 sw1 link: Interface Gi1/0/1 down', '<30>Nov 24 10:00:01 web nginx[7]: request done']

for (const page of pages) {
  const blocks = blocksOf(read(ROOT, page))
  const steps = blocks.flatMap(stepsOf)

  test(`${page}: its commands do what it says`, { timeout: 180_000 }, async (t) => {
    const odd = unmarked(blocks).map(({ line }) => `${page}:${line}`)
    assert.deepEqual(odd, [], 'a block with `$ ` lines is ```console (it is run) or ```text')
    if (steps.length === 0) return
    if (steps.some(({ command }) => command.startsWith('logger')) && service('logger') === null) {
      t.skip('logger is missing')
      return
    }
    const world = await DocsWorld.make()
    t.after(() => world.remove())
    const cwd = page === 'README.md' ? ROOT : world.work
    if (page !== 'README.md') {
      await world.run('pullbox config init > pullbox.yaml', cwd)
      await world.start('pullbox run', cwd)
      for (const [i, text] of SEED.entries()) await world.send(text, i + 1)
    }
    await play(world, page, steps, cwd)
  })
}

/** What a machine adds to a line of the start (that it may not listen to a port) is not on the page. */
function startsLine(said: string, text: string): boolean {
  const pattern = new RegExp(`^${linePattern(text)}`)
  return text.trim() === '' || said.split('\n').some((line) => pattern.test(line))
}

async function play(world: DocsWorld, page: string, steps: readonly Step[], cwd: string): Promise<void> {
  let sent = 0
  for (const { command, line, printed } of steps) {
    if (NOT_RUN.some(([pattern]) => pattern.test(command))) continue
    const at = `${page}:${line}: ${command}`
    if (STARTS.test(command)) {
      const said = await world.start(command.replace(/#.*$/, ''), cwd)
      sent = 0
      for (const text of printed ?? []) assert.ok(startsLine(said, text), `${at}: no line begins with "${text}" in\n${said}`)
      continue
    }
    const follows = FOLLOWS.test(command)
    const { status, printed: said } = await world.run(command, cwd, follows)
    if (command.startsWith('logger')) await world.stored(++sent)
    if (printed !== null) assert.match(said, printedPattern(printed), at)
    const mayFail = printed?.some((text) => /^pullbox: [A-Z]+_[A-Z_]+: /.test(text)) ?? false
    if (!mayFail) assert.ok(status === 0 || (follows && status === 130), `${at} ended with ${status}:\n${said}`)
  }
}

test('the code in the README of each package runs, and gives what it says', () => {
  const codes = globSync('packages/*/README.md', { cwd: ROOT }).flatMap((page) =>
    blocksOf(read(ROOT, page))
      .filter(({ language }) => language === 'js')
      .map((block) => ({ at: `${page}:${block.line}`, code: checkedCode(block) })),
  )
  assert.ok(codes.length >= 3)
  for (const { at, code } of codes) {
    assert.match(code, /\$same\(/, `${at}: nothing is checked in it`)
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' })
    assert.equal(status, 0, `${at}\n${code}\n${stderr}`)
  }
})

test('code that gives something else than it says is found', () => {
  const [right, wrong] = blocksOf('```js\n1 + 1 // 2; two\n```\n```js\n1 + 1 // 3\n```\n').map(checkedCode)
  const run = (code: string) => spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT }).status
  assert.equal(run(right), 0)
  assert.notEqual(run(wrong), 0)
})

test('every law in ARCHITECTURE.md names tests that exist, and every folder in its code map is there', () => {
  const page = read(ROOT, 'ARCHITECTURE.md')
  const rows = (title: string) =>
    page
      .slice(page.indexOf(title))
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| law') && !line.startsWith('| folder'))
  const laws = rows('## Laws')
  assert.deepEqual(
    laws.map((row) => row.slice(2, 3)),
    [...'12345678'],
  )
  for (const row of laws) {
    const files = [...row.matchAll(/`([^`\s]+\.test\.ts)`/g)].map(([, file]) => file)
    assert.ok(files.length > 0 || row.includes('not built yet'), `no test is named: ${row}`)
    for (const file of files) assert.ok(existsSync(join(ROOT, file)), `${file} is not there`)
  }
  const map = rows('## Code map').filter((row) => row.startsWith('| `'))
  const named = map.flatMap((row) => [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  let parent = ''
  const paths = named.map((name) => {
    if (name.includes('/')) parent = dirname(name)
    return name.includes('/') || !existsSync(join(ROOT, parent, name)) ? name : join(parent, name)
  })
  for (const path of paths) assert.ok(existsSync(join(ROOT, path)), `${path} is not there`)
  const rooms = readdirSync(join(ROOT, 'packages/pullbox'), { withFileTypes: true }).filter((e) => e.isDirectory() && e.name !== 'bin')
  for (const { name } of rooms)
    assert.ok(name === 'node_modules' || paths.includes(`packages/pullbox/${name}`), `packages/pullbox/${name} is not in the map`)
})

test('links from page to page lead somewhere', () => {
  for (const page of ['README.md', 'ARCHITECTURE.md', ...globSync('{docs/**,packages/*}/*.md', { cwd: ROOT })]) {
    for (const [, target] of read(ROOT, page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      assert.ok(existsSync(join(ROOT, dirname(page), target)), `${page}: ${target} is not there`)
    }
  }
})
