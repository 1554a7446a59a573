import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderWith } from './folder.fixture.ts'
import { type Proved, proofPage, prove } from './prove.ts'

const TESTS = `import { test } from 'node:test'
test('it holds', () => {})
test('it breaks', () => { throw new Error('no') })
test('it waits', { skip: 'no server' }, () => {})
`
const SIZE = `import { test } from 'node:test'
test('the size is ' + process.env.PULLBOX_PROVE, (t) => t.diagnostic('seed 17'))
`

test('files are run one after another at full size; the page has their numbers, and names what failed or was skipped', async (t) => {
  const root = folderWith(t, { 'sim/a.test.ts': TESTS, 'sim/b.test.ts': SIZE })
  const said: string[] = []
  const seen: number[] = []
  const proved = await prove(
    root,
    ['sim/a.test.ts', 'sim/b.test.ts'],
    process.env,
    (line) => said.push(line),
    (all) => seen.push(all.length),
  )
  assert.deepEqual(
    proved.map(({ path, status }) => [path, status]),
    [
      ['sim/a.test.ts', 1],
      ['sim/b.test.ts', 0],
    ],
  )
  assert.match(proved[1].output, /the size is 1/)
  assert.deepEqual(seen, [1, 2])
  assert.equal(said[0], '[1/2] sim/a.test.ts')
  assert.match(said[1], /^ {2}1 passed, [\d.]+ s, FAILED\n[^]*it breaks/)
  const page = pageOf(proved, 2)
  for (const row of [
    '| commit | abc |',
    '| services missing | rsyslogd |',
    '| files | 2 |',
    '| exit status | 1 |',
    '| tests | 4 |',
    '| pass | 2 |',
    '| fail | 1 |',
    '| skipped | 1 |',
  ]) {
    assert.ok(page.includes(row), `${row}\n${page}`)
  }
  assert.match(page, /^# Proof of 2026-11-24\n/)
  assert.match(page, /\n## Failed\n- sim\/a\.test\.ts: it breaks\n\n/)
  assert.match(page, /\n## Skipped\n- sim\/a\.test\.ts: it waits\n\n/)
  assert.match(page, /\n## Sizes and seeds[^\n]*\n- sim\/b\.test\.ts: seed 17\n\n/)
  assert.match(page, /\n\| sim\/a\.test\.ts \| 1 \| [\d.]+ \| exit 1 \|\n/)
})

test('a proof that was broken off says so, and one without a failure has no such heading', () => {
  const page = pageOf([{ path: 'sim/a.test.ts', status: 0, seconds: 2, output: 'ℹ tests 3\nℹ pass 3\nℹ fail 0\n' }], 9)
  assert.match(page, /\| files \| 1 of 9: it was broken off \|/)
  assert.match(page, /\| exit status \| 0 \|/)
  assert.match(page, /\| pass \| 3 \|/)
  assert.doesNotMatch(page, /## Failed|## Skipped/)
})

function pageOf(proved: readonly Proved[], files: number): string {
  const date = new Date('2026-11-24T10:00:00Z')
  return proofPage({ date, commit: 'abc', machine: 'a machine', only: '', missing: ['rsyslogd'], files, proved })
}
