import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT } from './files.ts'
import { folderWith } from './folder.fixture.ts'
import { testFiles } from './test.ts'

const good = "import { test } from 'node:test'\ntest('good', () => {})\n"
const bad = "import { test } from 'node:test'\ntest('bad', () => { throw new Error('no') })\n"

test('test files are found where they may be, and nowhere else', (t) => {
  const files = ['packages/a/b/c.test.ts', 'sim/s.test.ts', 'bench/b.test.ts', 'tools/t.test.ts']
  const others = [
    'packages/a/c.ts',
    'node_modules/x/y.test.ts',
    'packages/a/node_modules/x/y.test.ts',
    'packages/a/dist/c.test.ts',
    'docs/d.test.ts',
  ]
  const root = folderWith(t, Object.fromEntries([...files, ...others].map((path) => [path, good])))
  assert.deepEqual(testFiles(root), files.toSorted())
  assert.deepEqual(testFiles(root, 'sim/'), ['sim/s.test.ts'])
})

test('the exit status and the summary are those of the runner', (t) => {
  const root = folderWith(t, { 'sim/good.test.ts': good, 'sim/bad.test.ts': bad })
  const script = `const { runTests } = await import(process.argv[1]); process.exitCode = await runTests(process.argv[2], process.argv.slice(3), process.env)`
  const run = (...files: string[]) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script, pathToFileURL(join(ROOT, 'tools/test.ts')).href, root, ...files], {
      encoding: 'utf8',
    })
  const passed = run('sim/good.test.ts')
  assert.equal(passed.status, 0, passed.stderr)
  assert.match(passed.stdout, /pass 1\n[^]*fail 0\n/)
  const failed = run('sim/good.test.ts', 'sim/bad.test.ts')
  assert.equal(failed.status, 1)
  assert.match(failed.stdout, /pass 1\n[^]*fail 1\n/)
})

test('a pattern that matches nothing is a failure, not a success without tests', () => {
  const run = spawnSync(process.execPath, [join(ROOT, 'tools/test.ts'), '--only', 'no-such-test-file', '--no-check'], {
    encoding: 'utf8',
    env: { ...process.env, CI: '' },
  })
  assert.equal(run.status, 1)
  assert.match(run.stdout, /no test file matches/)
})
