import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHECKS, check } from '../check.ts'
import { folderWith } from '../folder.fixture.ts'
import { checkErrorCodes } from './error-codes.ts'
import { checkImports } from './imports.ts'
import { lint } from './lint.ts'
import { checkNames } from './names.ts'
import { checkPlaces } from './places.ts'
import { checkShells } from './shells.ts'
import { checkVersions } from './versions.ts'

const json = (value: unknown) => JSON.stringify(value)
const manifest = (name: string, more: object = {}) =>
  json({ name, version: '1.0.0', exports: { '.': './index.ts', './record': './record/index.ts' }, ...more })

test('imports: what goes down passes, what goes up, across or nowhere fails', (t) => {
  const files = {
    'package.json': json({ devDependencies: { 'fast-check': '4.0.0' } }),
    'packages/ip/package.json': manifest('@pullbox/ip'),
    'packages/log/package.json': manifest('@pullbox/log', { dependencies: { '@pullbox/ip': '1.0.0' } }),
    'packages/store/package.json': manifest('@pullbox/store', { dependencies: { '@pullbox/log': '1.0.0' } }),
    'packages/flood/package.json': manifest('@pullbox/flood'),
    'packages/log/wire/a.ts': "import '@pullbox/ip'\nimport { x } from '../errors.ts'\nimport fs from 'node:fs'\n",
    'packages/log/record/a.test.ts': "import '../wire/a.ts'\nimport 'fast-check'\nimport '../../../tools/services.ts'\n",
    'packages/log/index.ts': "export * from './record/a.ts'\n",
    'sim/a.ts': "import '@pullbox/log/record'\nimport '../tools/b.ts'\n",
  }
  assert.deepEqual(checkImports(folderWith(t, files)), [])
  const wrong: [path: string, text: string, problem: RegExp][] = [
    [
      'packages/log/wire/b.ts',
      "\nimport '../record/a.ts'",
      /^packages\/log\/wire\/b\.ts:2: "\.\.\/record\/a\.ts" goes up: wire stands below record/,
    ],
    ['packages/log/errors.ts', "import './wire/a.ts'", /goes up: \. stands below wire/],
    ['packages/log/mystery/b.ts', "import '../errors.ts'", /has no place in the order/],
    ['packages/log/wire/b.ts', "export * from '../../ip/index.ts'", /leaves packages\/log; import the package by its name/],
    ['packages/log/wire/b.ts', "import '../../../tools/services.ts'", /leaves packages\/log/],
    ['packages/log/wire/b.test.ts', "import '../../ip/index.ts'", /leaves packages\/log/],
    ['sim/b.ts', "import '../packages/ip/index.ts'", /leaves sim/],
    ['packages/ip/b.ts', "import '@pullbox/log'", /ip may not import log/],
    ['packages/flood/b.ts', "const x = await import('@pullbox/ip')", /flood may not import ip/],
    ['packages/log/wire/b.ts', "import '@pullbox/log/hidden'", /does not export "\.\/hidden"/],
    ['packages/log/wire/b.ts', "import '@pullbox/ip/deep/x.ts'", /does not export "\.\/deep\/x\.ts"/],
    ['packages/store/b.ts', "import '@pullbox/ip'", /"@pullbox\/ip" is not in the dependencies of store/],
    ['packages/log/wire/b.ts', "import 'fast-check'", /"fast-check" is in no package\.json that counts for packages\/log/],
    ['packages/log/wire/b.test.ts', "import 'left'", /"left" is in no package\.json/],
    ['packages/log/wire/b.ts', "import fs from 'fs'", /write "node:fs"/],
  ]
  for (const [path, text, problem] of wrong) {
    const problems = checkImports(folderWith(t, { ...files, [path]: text }))
    assert.equal(problems.length, 1, `${text}: ${problems.join('\n')}`)
    assert.match(problems[0], problem)
  }
})

test('error codes: each has one heading in its page, and each heading a code', (t) => {
  const files = {
    'packages/log/a.ts': "throw new CodedError('WIRE_CUT', 'x')\nfail('NOT_AN_AREA')\nconst env = 'NODE_OPTIONS'\n// 'WIRE_COMMENT'\n",
    'packages/log/a.test.ts': "'WIRE_ONLY_IN_TEST'\n",
    'docs/errors/wire.md': '# Wire\n\n## WIRE_CUT\nSend it again.\n',
    'packages/log/c.ts': "fail('WIRE_TOO')",
    'docs/errors/wire-more.md': '## WIRE_TOO\nText.\n',
  }
  assert.deepEqual(checkErrorCodes(folderWith(t, files)), [])
  const problems = (more: Record<string, string>) => checkErrorCodes(folderWith(t, { ...files, ...more }))
  assert.match(
    problems({ 'packages/log/b.ts': "\nfail('WIRE_NEW')" })[0],
    /^packages\/log\/b\.ts:2: WIRE_NEW has no heading "## WIRE_NEW" in docs\/errors\/wire\.md/,
  )
  assert.match(problems({ 'packages/log/b.ts': "throw new CodedError('ODD_CODE', 'x')" })[0], /ODD_CODE has no heading/)
  assert.match(problems({ 'docs/errors/cli.md': '## CLI_OLD\nText.\n' })[0], /^docs\/errors\/cli\.md:1: CLI_OLD is raised by no source/)
  assert.match(problems({ 'docs/errors/wire.md': '## WIRE_CUT\n\n## Notes\n' })[0], /WIRE_CUT says nothing/)
  assert.match(problems({ 'docs/errors/wire.md': '## WIRE_CUT\na\n## WIRE_CUT\nb\n' })[0], /:3: WIRE_CUT has a second heading/)
  assert.match(
    problems({ 'docs/errors/wire.md': '', 'docs/errors/cli.md': '## WIRE_CUT\na\n' })[0],
    /WIRE_CUT belongs to the page of its own area/,
  )
})

test('names: files and folders that say nothing', (t) => {
  const problems = checkNames(
    folderWith(t, { 'a/utils.ts': '', 'b/helper-text.ts': '', 'c/util/x.ts': '', 'd/utility.ts': '', 'Helpers.md': '' }),
  )
  assert.deepEqual(
    problems.map((line) => line.split(':')[0]),
    ['Helpers.md', 'a/utils.ts', 'b/helper-text.ts', 'c/util/x.ts'],
  )
})

test('places: registries and paths of this machine', (t) => {
  const host = ['registry', 'npmjs', 'org'].join('.')
  const root = folderWith(t, {
    'a.md': `x\nsee https://${host}/x\n`,
    'c.json': '{"path": "/home/someone/x"}',
    'd.ts': 'const path = "/var/lib"',
    'vectors/v.jsonl': host,
  })
  assert.deepEqual(checkPlaces(root, '/home/someone'), ['a.md:2: names a package registry', 'c.json:1: names a path of this machine'])
  const own = folderWith(t, {})
  assert.deepEqual(checkPlaces(folderWith(t, { 'e.ts': `'${own}/x'` }), own), ['e.ts:1: names a path of this machine'])
})

test('versions: exact, one for the house, one for each dependency', (t) => {
  const problems = (a: object, b: object = {}) =>
    checkVersions(
      folderWith(t, {
        'package.json': json({ name: 'house', version: '1.0.0', devDependencies: { x: '2.0.0' } }),
        'packages/a/package.json': json({ name: '@p/a', version: '1.0.0', ...a }),
        'packages/b/package.json': json({ name: '@p/b', version: '1.0.0', ...b }),
      }),
    )
  assert.deepEqual(problems({ dependencies: { x: '2.0.0', y: '1.0.0-rc.1' } }, { dependencies: { '@p/a': '1.0.0' } }), [])
  for (const range of ['^1.0.0', '~1.0.0', '1', '*', 'latest', '1.0.0 || 2.0.0', 'file:../x', '>=1.0.0']) {
    assert.match(problems({ optionalDependencies: { y: range } })[0], /not one exact version/, range)
  }
  assert.match(problems({ version: '1.0.1' })[0], /version 1\.0\.1, the house has 1\.0\.0/)
  assert.match(problems({}, { dependencies: { '@p/a': '0.9.0' } })[0], /"@p\/a": "0\.9\.0", the house has 1\.0\.0/)
  assert.match(problems({ dependencies: { x: '2.0.1' } })[0], /"x": "2\.0\.1", but 2\.0\.0 in package\.json/)
})

test('shells: exec, execSync and shell anywhere but behind the door', (t) => {
  const problems = (text: string, path = 'tools/a.ts') => checkShells(folderWith(t, { [path]: text }))
  const bad = [
    "import { exec } from 'node:child_process'\nexec('ls')",
    "import { spawn, execSync as run } from 'child_process'",
    "import * as cp from 'node:child_process'\ncp.exec('ls')",
    "import cp from 'node:child_process'\ncp.execSync('ls')",
    "import { spawn } from 'node:child_process'\nspawn('ls', [], { shell: true })",
    "import { spawn } from 'node:child_process'\nspawn('ls', [], { shell: '/bin/sh' })",
    "const { exec } = require('child_process')",
  ]
  for (const text of bad) assert.ok(problems(text).length > 0, text)
  const good = [
    "import { execFile } from 'node:child_process'\n/x/.exec('a')",
    'const found = pattern.exec(text)',
    "import { spawn } from 'node:child_process'\nspawn('a', [], { shell: false })",
  ]
  for (const text of good) assert.deepEqual(problems(text), [], text)
  assert.deepEqual(problems(bad[0], 'packages/pullbox/exec/a.ts'), [])
})

test('lint: sizes of files and functions, and promises that nobody waits for', (t) => {
  const lines = (count: number) => 'x()\n'.repeat(count)
  const found = (text: string, typeAware = false) =>
    lint(
      folderWith(t, {
        'a.ts': text,
        'tsconfig.json': json({ compilerOptions: { strict: true, module: 'nodenext', types: [] }, include: ['.'] }),
      }),
      { typeAware },
    )
  const head = 'declare function x(): void\nexport const y = 1\n'
  assert.deepEqual(found(head + lines(398)), [])
  assert.match(found(head + lines(399)).join('\n'), /max-lines\)/)
  assert.deepEqual(found(`${head}export function f() {\n${lines(58)}}\n`), [])
  assert.match(found(`${head}export function f() {\n${lines(59)}}\n`).join('\n'), /max-lines-per-function/)
  assert.match(found('export {}\nconst f = async () => 1\nf()\n', true).join('\n'), /no-floating-promises/)
  assert.match(found('export const a = (b: number) => b == 1\n').join('\n'), /eqeqeq/)
})

test('types and format can fail too', (t) => {
  const root = folderWith(t, {
    'a.ts': 'export const a: string = 1\n',
    'tsconfig.json': json({ include: ['.'], compilerOptions: { types: [] } }),
  })
  assert.match(CHECKS.types(root).join('\n'), /a\.ts\(1,14\): error TS2322/)
  assert.deepEqual(CHECKS.format(folderWith(t, { 'a.ts': 'export const a = 1;\n' })).length, 0)
  assert.match(CHECKS.format(folderWith(t, { 'a.ts': 'export const a  = 1;\n' })).join('\n'), /^a\.ts: not formatted/)
})

test('check runs all of them, names what failed and counts it', () => {
  const lines: string[] = []
  const problems = check('x', (line) => lines.push(line), { one: () => [], two: (root) => [`${root}: bad`, 'worse'] })
  assert.equal(problems, 2)
  assert.match(lines[0], /^check one: ok/)
  assert.match(lines[1], /^check two: 2 problems/)
  assert.deepEqual(lines.slice(2), ['  x: bad', '  worse'])
})
