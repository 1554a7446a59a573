import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { ask, sendTcp, startWorld, stored, TailClient } from './testing/world.ts'
import type { World } from './testing/world.ts'

const MOST_TAILS = 8

let world: World
let sent = 0

before(async () => {
  world = await startWorld({ heartbeatMs: 50, mostTails: MOST_TAILS })
})
after(() => world.close())

/** Sends numbered lines over TCP. */
async function send(count: number, word = 'line'): Promise<void> {
  const lines = Array.from({ length: count }, () => `<13>Oct 11 22:14:15 web app[1]: ${word} n${sent++}\n`)
  await sendTcp(world.tcp, lines.join(''))
}

const numbers = (client: TailClient) => client.records.map(({ _msg }) => Number(/n(\d+)/.exec(String(_msg))![1]))

test('a tail says at once where it stands, gives what comes, and shows that it lives', { timeout: 120_000 }, async () => {
  const client = new TailClient(world.address, { q: 'apple' })
  await client.until(() => client.events.length > 0)
  assert.equal(client.status, 200)
  assert.deepEqual(client.others, ['retry: 1000'])
  const [{ id, event, data }] = client.events as [TailClient['events'][number]]
  assert.deepEqual([event, data], ['progress', { cursor: id }])
  await send(1, 'apple "\u0001\u202e')
  await client.until(() => client.records.length === 1)
  const [record] = client.records
  assert.deepEqual([record!.type, record!.host], ['record', 'web'])
  const given = client.events.find((one) => one.event === 'record')!
  assert.equal(given.id, record!.id)
  // what does not match moves the cursor on, told by a heartbeat
  await send(5, 'pear')
  await stored(world.address, 6)
  await client.until(() => client.events.some((one) => one.event === 'progress' && Number(one.id) >= 6))
  const before = client.events.length
  await client.until(() => client.events.length > before + 2)
  client.leave()
})

test('after a break under load a cursor goes on without a gap and without a repeat', { timeout: 120_000 }, async () => {
  const from = sent
  const total = process.env.PULLBOX_PROVE === '1' ? 40_000 : 4000
  const start = String((await stored(world.address, sent)).stored)
  const watchers = ['line', 'line | fields _msg'].map((q) => new TailClient(world.address, { q, cursor: start }))
  const sending = (async () => {
    for (let i = 0; i < total / 200; i++) await send(200)
  })()
  const seen: number[] = []
  let cursor = start
  let breaks = 0
  let byHeader = false
  while (seen.length < total) {
    const client = byHeader
      ? new TailClient(world.address, { q: 'line', last: '3' }, { 'last-event-id': cursor })
      : new TailClient(world.address, { q: 'line', cursor })
    byHeader = !byHeader
    const stop = Math.min(total - seen.length, 150 + breaks * 60)
    await client.until(() => client.records.length >= stop)
    client.leave()
    // the client keeps only what it had read when it was cut off, and the cursor of that
    const kept = client.events.slice(
      0,
      client.events.findIndex((_, i) => client.events.slice(0, i + 1).filter((e) => e.event === 'record').length === stop) + 1,
    )
    cursor = kept.at(-1)!.id
    for (const one of kept) if (one.event === 'record') seen.push(Number(/n(\d+)/.exec(String(one.data._msg))![1]))
    breaks++
  }
  await sending
  assert.ok(breaks > 5)
  // others at the same time, who were never cut off, have seen the same
  for (const watcher of watchers) {
    await watcher.until(() => watcher.records.length >= total)
    watcher.leave()
    assert.deepEqual(
      numbers(watcher).toSorted((a, b) => a - b),
      Array.from({ length: total }, (_, i) => from + i),
    )
  }
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    Array.from({ length: total }, (_, i) => from + i),
  )
})

test('last and since begin in the past; what does not go together is refused', { timeout: 120_000 }, async () => {
  await stored(world.address, sent)
  const last = new TailClient(world.address, { q: 'line', last: '3' })
  await last.until(() => last.records.length === 3)
  assert.deepEqual(numbers(last).toSorted(), [sent - 3, sent - 2, sent - 1].toSorted())
  const since = new TailClient(world.address, { q: 'pear', since: '@0' })
  await since.until(() => since.records.length === 5)
  last.leave()
  since.leave()
  const refused = async (query: string) => {
    const { status, body } = await ask(world.address, `/api/v1/tail?${query}`)
    return [status, (JSON.parse(body) as { error: { code: string } }).error.code]
  }
  assert.deepEqual(await refused('q=*+|+stats+count()+n'), [400, 'TAIL_PIPE'])
  assert.deepEqual(await refused('cursor=1&last=3'), [400, 'TAIL_START'])
  assert.deepEqual(await refused('cursor=999999999'), [400, 'TAIL_CURSOR_AHEAD'])
  assert.deepEqual(await refused('cursor=what'), [400, 'TAIL_CURSOR'])
  assert.deepEqual(await refused('last=-1'), [400, 'HTTP_PARAMETER'])
  assert.deepEqual(await refused('colour=red'), [400, 'HTTP_PARAMETER'])
})

test('more tails than allowed are refused, and a place that is left is free again', { timeout: 120_000 }, async () => {
  await sleep(20)
  const clients = Array.from({ length: MOST_TAILS }, () => new TailClient(world.address, {}))
  for (const client of clients) await client.until(() => client.events.length > 0)
  const { status, body } = await ask(world.address, '/api/v1/tail')
  assert.deepEqual([status, (JSON.parse(body) as { error: { code: string } }).error.code], [503, 'HTTP_BUSY'])
  for (const client of clients) client.leave()
  for (;;) {
    const again = new TailClient(world.address, { last: '1' })
    await again.until(() => again.status !== 0).catch(() => {})
    again.leave()
    if (again.status === 200) break
    await sleep(10)
  }
})
