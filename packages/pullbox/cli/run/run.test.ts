import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import type { CollectorStatus } from '../../collector/index.ts'
import { loadConfig } from '../../config/index.ts'
import { MemorySink } from '../testing/memory-world.ts'
import { sampleFolder } from '../testing/store-fixture.ts'
import type { BannerFacts } from './banner.ts'
import { bannerLines } from './banner.ts'
import { reload } from './reload.ts'
import { stateText, StatusLine } from './status-line.ts'

const facts: BannerFacts = {
  version: '1.2.3',
  store: { type: 'segments', path: '/home/ann/.local/state/pullbox', freeBytes: 412e9 },
  http: 'http://127.0.0.1:8514',
  listeners: [
    { type: 'udp', address: '[::]:5514' },
    { type: 'tcp', address: '[::]:5514' },
  ],
  configured: false,
  uid: 1000,
  home: '/home/ann',
}

test('the banner has what runs, how to try it, and what could not be listened on', () => {
  assert.deepEqual(bannerLines(facts), [
    'pullbox 1.2.3   store segments ~/.local/state/pullbox (412 GB free)   http http://127.0.0.1:8514',
    '  udp 5514  tcp 5514      not listening: /dev/log (needs root), 514 (needs root)',
    '  try    logger -n 127.0.0.1 -P 5514 -d hello        rsyslog   *.* @@HOST:5514',
    '  keep   pullbox config init > pullbox.yaml',
  ])
  const local: BannerFacts = {
    ...facts,
    configured: true,
    store: { type: 'memory', path: null, freeBytes: Number.NaN },
    http: null,
    listeners: [
      { type: 'tcp', address: '[::1]:601' },
      { type: 'unix-datagram', address: '/run/log' },
    ],
  }
  assert.deepEqual(bannerLines(local), [
    'pullbox 1.2.3   store memory',
    '  tcp [::1]:601  unix /run/log',
    '  try    logger -n ::1 -P 601 -T hello',
  ])
  assert.deepEqual(bannerLines({ ...local, listeners: [] }), ['pullbox 1.2.3   store memory', '  no listeners'])
  assert.equal(bannerLines({ ...facts, uid: 0, home: '/' })[1], '  udp 5514  tcp 5514')
})

const status = (change: Partial<CollectorStatus['totals']> = {}): CollectorStatus =>
  ({
    totals: { received: 5000, stored: 9_812_040, duplicate: 0, refused: 0, held: 0, missing: 41, ...change },
    lines: [
      { source: '192.0.2.1', host: 'sw\u001b[2J1', missing: 41 },
      { source: '192.0.2.2', host: 'sw2', missing: 3 },
    ],
    balanced: true,
    trouble: null,
  }) as unknown as CollectorStatus

test('the status line: rates, totals, and whom most is missing from', () => {
  assert.equal(stateText(status(), 1204.4), 'received 1,204/s  stored 9,812,040  held 0  refused 0  missing 41 (sw\u001b[2J1)  balanced')
  const bad = { ...status(), lines: [], balanced: false, trouble: { code: 'STORE_DISK_FULL', message: '' } }
  assert.equal(stateText(bad, 0), 'received 0/s  stored 9,812,040  held 0  refused 0  missing 41  NOT BALANCED  STORE_DISK_FULL')
})

test('on a terminal the state stands below what is said, without controls of others; in a pipe it is not shown', async () => {
  const terminal = new MemorySink(true, 200)
  const line = new StatusLine(terminal, false)
  line.say('first')
  line.start(async () => status())
  await new Promise((resolve) => setImmediate(resolve))
  line.say('second \u001b[2J')
  line.stop()
  const state = 'received 0/s  stored 9,812,040  held 0  refused 0  missing 41 (sw\\x1b[2J1)  balanced'
  assert.equal(terminal.text, `first\n\r\u001b[K${state}\r\u001b[Ksecond \\x1b[2J\n${state}\r\u001b[K`)
  const pipe = new MemorySink(false)
  const quiet = new StatusLine(pipe, false)
  quiet.start(() => assert.fail('nobody looks'))
  quiet.say('only this')
  quiet.stop()
  assert.equal(pipe.text, 'only this\n')
})

test('a reload is whole or not at all: retention is changed, all else is named', async (t) => {
  const cwd = sampleFolder(t)
  const file = join(cwd, 'pullbox.yaml')
  const write = (more: string) => writeFileSync(file, `store: {options: {path: s${more}}}\n`)
  const sources = { file, env: {}, cwd, uid: 1000 }
  write('')
  const { config } = loadConfig(sources)
  const set: unknown[] = []
  const said: string[] = []
  const again = (now = config) =>
    reload(sources, now, { setRetention: async (retention) => void set.push(retention) }, (text) => said.push(text))

  assert.equal((await again()).store.type, 'segments')
  write(', retention: {days: 30}')
  const changed = await again()
  assert.deepEqual(set, [{ days: 30 }])
  assert.deepEqual(changed.store.options, { path: join(cwd, 's'), retention: { days: 30, bytes: null } })
  writeFileSync(
    file,
    `store: {options: {path: s, retention: {days: 7}}}\nlimits: {message: 1MiB}\ninputs: [{type: syslog, options: {udp: "[::]:514"}}]\n`,
  )
  assert.equal(await again(changed), changed)
  writeFileSync(file, 'stroe: {}\n')
  assert.equal(await again(changed), changed)
  assert.equal(set.length, 1)
  assert.equal(said[0], `reloaded ${file}: nothing has changed`)
  assert.equal(said[1], `reloaded ${file}: store.options.retention.days none -> 30`)
  const keys = 'inputs[0].options.udp[0], inputs[0].options.tcp[0], limits.message'
  assert.equal(said[2], `not reloaded, nothing was changed: a restart is needed for ${keys}`)
  assert.match(said[3], /^not reloaded, nothing was changed: CONFIG_UNKNOWN_KEY: stroe at .*pullbox\.yaml:1:1 - did you mean "store"\?$/)
})
