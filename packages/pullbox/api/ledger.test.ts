import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { ask, askJson, sendTcp, startWorld, stored } from './testing/world.ts'
import type { World } from './testing/world.ts'
import { ledgerCheckView } from './views.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const check = async (query = '') => ledgerCheckView.parse(await askJson(world.address, `/api/v1/ledger/check${query}`))

test('a running collector proves its account, also while it takes records', { timeout: 60_000 }, async () => {
  const empty = await check()
  assert.equal(empty.balanced, true)
  await sendTcp(world.tcp, '<13>Oct 11 22:14:15 h app: message\n'.repeat(3000))
  const [during] = await Promise.all([check(), sendTcp(world.tcp, '<13>Oct 11 22:14:15 h app: message\n'.repeat(3000))])
  assert.equal(during.balanced, true, JSON.stringify(during))
  await stored(world.address, 6000)
  const full = await check()
  assert.equal(full.balanced, true)
  const [{ source, account, counted, received, held }] = full.sources.filter((s) => s.received > 0)
  assert.deepEqual([source, account, counted, received, held], ['127.0.0.1', 6000, 6000, 6000, 0])
  const since = await check(`?since=${encodeURIComponent('1h')}`)
  assert.equal(since.balanced, true)
  assert.equal((await ask(world.address, '/api/v1/ledger/check?since=never')).status, 400)
})

test('a client that goes away ends the count; two at a time are refused', { timeout: 60_000 }, async () => {
  const many = await Promise.all([1, 2, 3].map(() => ask(world.address, '/api/v1/ledger/check')))
  assert.deepEqual(many.map((a) => a.status).toSorted(), [200, 503, 503])
  await fetch(`http://${world.address}/api/v1/ledger/check`, { signal: AbortSignal.timeout(1) }).catch(() => {})
  for (let i = 0; ; i++) {
    const { status } = await ask(world.address, '/api/v1/ledger/check')
    if (status === 200) break
    assert.ok(status === 503 && i < 1000)
  }
})

test('damage behind the back of a running collector', { timeout: 60_000 }, async () => {
  const folder = join(world.dir, 'store', 'segments')
  const path = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.pbs'))!,
  )
  const bytes = readFileSync(path)
  bytes[Math.floor(bytes.length / 2)] ^= 1
  writeFileSync(path, bytes)
  const view = await check()
  assert.equal(view.balanced, false)
  assert.ok(view.damages > 0 && view.sources.some((s) => s.unreadable > 0))
})
