import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderWith } from './folder.fixture.ts'
import { proofPage } from './prove.ts'
import { runTests } from './test.ts'

const TESTS = `import { test } from 'node:test'
test('it holds', () => {})
test('it breaks', () => { throw new Error('no') })
test('it waits', { skip: 'no server' }, () => {})
test('the size is ' + process.env.PULLBOX_PROVE, () => {})
`

test('the page has the numbers of a real run, and names what failed or was skipped', async (t) => {
  const root = folderWith(t, { 'sim/a.test.ts': TESTS })
  let output = ''
  const status = await runTests(root, ['sim/a.test.ts'], { ...process.env, PULLBOX_PROVE: '1' }, (text) => {
    output += text
  })
  assert.equal(status, 1)
  assert.match(output, /the size is 1/)
  const page = proofPage({
    date: new Date('2026-11-24T10:00:00Z'),
    commit: 'abc',
    machine: 'a machine',
    missing: ['rsyslogd'],
    status,
    seconds: 1.6,
    output,
  })
  assert.match(page, /^# Proof of 2026-11-24\n/)
  for (const row of [
    '| commit | abc |',
    '| services missing | rsyslogd |',
    '| took | 2 s |',
    '| exit status | 1 |',
    '| tests | 4 |',
    '| pass | 2 |',
    '| fail | 1 |',
    '| skipped | 1 |',
  ]) {
    assert.ok(page.includes(row), `${row}\n${page}`)
  }
  assert.match(page, /\n## Failed\n- it breaks\n/)
  assert.match(page, /\n## Skipped\n- it waits\n/)
})
