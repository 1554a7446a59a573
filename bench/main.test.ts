import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { service } from '../tools/services.ts'
import { main, readOptions } from './main.ts'

test('sections, sizes and peers are read, and what is wrong is named', () => {
  const { sections, sizes, peers } = readOptions(['tcp', 'kill9', '--quick', '--messages', '5000', '--peers', 'rsyslog'])
  assert.deepEqual(
    sections.map((s) => s.name),
    ['tcp', 'kill9'],
  )
  assert.deepEqual([sizes.messages, sizes.rounds, peers], [5000, 1, ['rsyslog']])
  assert.equal(readOptions([]).sizes.rounds, 3)
  assert.throws(() => readOptions(['tpc']), /there is no section "tpc"; there are: tcp /)
  assert.throws(() => readOptions(['--peers', 'nobody']), /there is no peer "nobody"/)
  assert.throws(() => readOptions(['--rounds', '0']), /--rounds takes a whole number above 0/)
})

test('a small run with the real daemons: all is kept, and the results are told as JSON and as a table', { timeout: 120_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-bench-test-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const peers = ['rsyslogd', 'syslog-ng'].filter((name) => service(name) !== null).map((name) => name.replace(/d$/, ''))
  let out = ''
  let table = ''
  const kills = process.env.PULLBOX_PROVE === '1'
  const asked = ['tcp', ...(kills ? ['kill9'] : []), '--quick', '--messages', '20000', '--peers', peers.join(','), '--dir', dir, '--json']
  const status = await main(
    asked,
    (text) => (out += text),
    (text) => (table += text),
  )
  assert.equal(status, 0, table)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; section: string; daemon: string; values: Record<string, number> })
  const results = lines.filter((line) => line.type === 'result')
  const tcp = results.filter((line) => line.section === 'tcp')
  assert.deepEqual(
    tcp.map((line) => line.daemon),
    ['pullbox', ...peers],
  )
  for (const { daemon, values } of tcp) {
    assert.equal(values.lost, 0, daemon)
    for (const name of ['messages/s', 'CPU us/msg', 'peak MB', 'disk MB']) assert.ok(values[name] > 0, `${daemon} ${name} ${values[name]}`)
  }
  for (const { values } of results.filter((line) => line.section === 'kill9')) assert.ok(values.lost === 0 && values.told > 0)
  assert.ok(!kills || results.some((line) => line.section === 'kill9'))
  assert.equal(lines[0].type, 'facts')
  assert.ok(lines.some((line) => line.type === 'goal'))
  assert.match(table, /\| pullbox +\|/)
  assert.deepEqual(readdirSync(dir), [], 'what the daemons wrote is removed')
})
