import assert from 'node:assert/strict'
import { test } from 'node:test'

import { goalRows } from './goals.ts'
import { benchPage } from './page.ts'
import { Results, numberText, sectionTable, table } from './results.ts'

function filled(): Results {
  const results = new Results()
  for (const [round, ours, theirs] of [
    [1, 1_000_000, 500_000],
    [2, 1_400_000, 700_000],
    [3, 1_200_000, 400_000],
  ]) {
    results.add({ section: 'tcp', daemon: 'pullbox', round, values: { 'messages/s': ours, 'CPU us/msg': 1, 'peak MB': 200 + round } })
    results.add({ section: 'tcp', daemon: 'rsyslog', round, values: { 'messages/s': theirs, 'CPU us/msg': 1.25 } })
  }
  return results
}

test('numbers read well, and a table is aligned', () => {
  assert.deepEqual([1234567.8, 1000, 999.4, 100.6, 12.345, 0.4567, 7, NaN].map(numberText), [
    '1,234,568',
    '1,000',
    '999',
    '101',
    '12.3',
    '0.457',
    '7',
    '-',
  ])
  assert.equal(
    table(['a', 'messages/s'], [['pullbox', '1']]),
    '| a       | messages/s |\n| ------- | ---------: |\n| pullbox |          1 |\n',
  )
})

test('medians and ratios are over the rounds; what a daemon does not have is left open', () => {
  const results = filled()
  assert.equal(results.median('tcp', 'pullbox', 'messages/s'), 1_200_000)
  assert.equal(results.ratio('tcp', 'messages/s', 'pullbox', 'rsyslog'), 2.4)
  assert.ok(Number.isNaN(results.ratio('tcp', 'messages/s', 'pullbox', 'syslog-ng')))
  const text = sectionTable(results, { name: 'tcp', main: 'messages/s' }, 'pullbox')
  assert.match(text, /\| rsyslog +\| +500,000 \| +1\.25 \| +- \|/)
  assert.match(text, /pullbox \/ rsyslog, messages\/s: 2\.4\n/)
  assert.match(text, /round by round: pullbox 1,000,000 1,400,000 1,200,000; rsyslog/)
})

test('a goal is met, not met or not measured, and only those of sections that ran are told', () => {
  const rows = new Map(goalRows(filled()).map((row) => [row.says, row]))
  assert.equal(rows.get('TCP: at least 2 x rsyslog')?.met, true)
  assert.equal(rows.get('CPU per message, tcp: at most 0.7 x rsyslog')?.met, false)
  assert.equal(rows.get('CPU per message, tcp: at most 0.7 x rsyslog')?.measured, 0.8)
  assert.equal([...rows.values()].find((row) => row.says.startsWith('peak memory'))?.measured, 203)
  assert.equal(
    [...rows.keys()].some((says) => says.includes('UDP')),
    false,
  )
  const alone = new Results()
  alone.add({ section: 'tcp', daemon: 'pullbox', round: 1, values: { 'messages/s': 1 } })
  assert.equal(goalRows(alone)[0].met, null)
})

test('the page names where it was measured, the goals, and every section', () => {
  const section = { name: 'tcp', says: 'one stream', main: 'messages/s', run: () => Promise.resolve() }
  const page = benchPage(filled(), [section], { begun: '2026-11-24T10:00:00.000Z', machine: 'a machine' }, ['LEFT OUT: syslog-ng'])
  assert.match(page, /^# Bench of 2026-11-24\n/)
  for (const part of ['| machine | a machine |', '## Goals', 'NOT MET', '- LEFT OUT: syslog-ng', '## tcp\none stream\n'])
    assert.ok(page.includes(part), `${part}\n${page}`)
})
