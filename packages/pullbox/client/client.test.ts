import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { loadConfig } from '../config/index.ts'
import { RunningCollector } from './testing/running-collector.ts'
import type { Client, ClientFrame, TailEvent } from './index.ts'
import { connect, missingFor } from './index.ts'

// One suite for both ways: the collector over HTTP, and the store that it writes, beside it.

const running = await RunningCollector.start()
const MESSAGES = [
  ...Array.from(
    { length: 40 },
    (_, i) => `<11>1 2026-11-24T09:43:${String(10 + i)}.5Z sw1 app ${i} - [meta sequenceId="${i < 20 ? i : i + 5}"] line ${i}`,
  ),
  Buffer.from('<13>Nov 24 10:00:00 sw2 x: \xff\x9b31m', 'latin1'),
  '<165>1 2026-11-24T10:00:00.000001Z sw3 y - - - [a b="c"] exact',
]
await running.send(...MESSAGES)
// The record of the gap comes when it has been open for a second.
await running.stored(MESSAGES.length + 1)

const { config } = loadConfig({ file: running.config, env: {} })
const options = { config, version: 'test', now: () => Date.now() * 1000 }
const clients: Client[] = [await connect({ ...options, via: 'collector' }), await connect({ ...options, via: 'store' })]
after(async () => {
  for (const client of clients) await client.close()
  await running.remove()
})

async function frames(client: Client, text: string, ask = {}): Promise<ClientFrame[]> {
  const out: ClientFrame[] = []
  for await (const frame of client.query(text, ask)) out.push(frame)
  return out
}

const rows = (list: readonly ClientFrame[]) => list.flatMap((frame) => (frame.type === 'rows' ? frame.rows : []))
const micros = (text: string) => Date.parse(text) * 1000

test('whom it asks', async () => {
  assert.deepEqual(
    clients.map((c) => c.via),
    ['collector', 'store'],
  )
  const found = await connect(options)
  assert.deepEqual([found.via, found.at], ['collector', clients[0].at])
})

for (const client of clients) {
  test(`${client.via}: every record, in order, with an end`, async () => {
    const list = await frames(client, '')
    assert.equal(rows(list).length, MESSAGES.length + 1)
    const end = list.at(-1)!
    assert.ok(end.type === 'end' && end.complete && end.records === MESSAGES.length + 1 && end.bytes_read > 0)
    const newest = rows(await frames(client, 'host:sw1 type:record', { order: 'newest', limit: 2 }))
    assert.deepEqual(
      newest.map((r) => r['_msg']),
      ['line 39', 'line 38'],
    )
  })

  test(`${client.via}: since is in the range, until is not, to the microsecond`, async () => {
    const at = micros('2026-11-24T10:00:00Z') + 1
    const hosts = async (since: number, until: number) => rows(await frames(client, 'host:sw3', { since, until })).length
    assert.deepEqual([await hosts(at, at + 1), await hosts(at + 1, at + 2), await hosts(at - 1, at)], [1, 0, 0])
  })

  test(`${client.via}: rows of pipes, exact bytes, the zone of the query`, async () => {
    assert.deepEqual(rows(await frames(client, 'type:record | stats by (host) count() as n | sort by (n desc) | limit 1')), [
      { type: 'row', host: 'sw1', n: '40' },
    ])
    const [row] = rows(await frames(client, 'host:sw2\n| copy _bytes as b | fields b'))
    assert.deepEqual(Buffer.from(String(row['b']), 'base64'), MESSAGES[40])
    const day = rows(await frames(client, '_time:2026-11-24T11:00 host:sw3', { tz: 'Europe/Berlin' }))
    assert.equal(day.length, 1)
  })

  test(`${client.via}: what keeps an answer from beginning is thrown, with its code`, async () => {
    await assert.rejects(frames(client, 'bad('), { code: 'QUERY_SYNTAX', at: 'column 4' })
    await assert.rejects(frames(client, '* | stats by ('), { code: 'QUERY_SYNTAX' })
  })

  test(`${client.via}: a signal stops a query`, async () => {
    const stop = new AbortController()
    stop.abort()
    try {
      const end = (await frames(client, '*', { signal: stop.signal })).at(-1)
      assert.ok(end?.type === 'end' && end.stopped && !end.complete)
    } catch (error) {
      assert.equal((error as Error).name, 'AbortError')
    }
  })

  test(`${client.via}: explain`, async () => {
    const [row] = rows(await frames(client, 'host:sw2'))
    const view = await client.explain(String(row['id']))
    assert.deepEqual(Buffer.from(view!.bytes_base64, 'base64'), MESSAGES[40])
    assert.deepEqual(view!.fields.find((f) => f.name === 'host')?.bytes, [20, 23])
    for (const id of ['999999', 'x', '..', 'a/b', '']) assert.equal(await client.explain(id), null, id)
  })

  test(`${client.via}: state, sources, the count of everything again`, async () => {
    const status = await client.status()
    assert.equal(status.stored, MESSAGES.length + 1)
    assert.deepEqual([status.received - status.stored, status.balanced, status.store.path], [0, true, running.store])
    const { sources } = await client.sources()
    const own = sources.find((s) => s.source !== 'pullbox')!
    assert.deepEqual([own.stored, own.check, own.held], [MESSAGES.length, 0, 0])
    const check = await client.ledgerCheck()
    assert.ok(check.balanced)
    assert.equal(check.records, MESSAGES.length + 1)
  })

  test(`${client.via}: what is missing, for the filter and the range`, async () => {
    const missing = async (text: string, ask = {}) => (await missingFor(client, text, ask)).missing.map((m) => [m.host, m.count])
    assert.deepEqual(await missing('host:sw1'), [['sw1', 5]])
    assert.deepEqual(await missing('line -host:sw1'), [])
    assert.deepEqual(await missing('* | stats count() as n'), [['sw1', 5]])
    assert.deepEqual(await missing('host:sw1', { until: micros('2020-01-01T00:00:00Z') }), [])
    assert.deepEqual(await missing('host:sw1', { since: micros('2099-01-01T00:00:00Z') }), [])
  })
}

for (const client of clients) {
  test(`${client.via}: a tail shows the last, then what comes, and goes on from its cursor`, async () => {
    const stop = new AbortController()
    const events: TailEvent[] = []
    const text = 'type:record (host:sw1 or host:new)'
    for await (const event of client.tail(`${text} | fields _msg`, { last: 2, signal: stop.signal })) {
      events.push(event)
      const records = events.filter((e) => e.type === 'record').length
      if (records === 2 && event.type === 'record') await running.send(`<13>1 - new - - - - via ${client.via}`)
      if (records === 3) stop.abort()
    }
    const messages = (list: readonly TailEvent[]) => list.flatMap((e) => (e.type === 'record' ? [e.record['_msg']] : []))
    assert.deepEqual(messages(events).slice(1), [client.via === 'store' ? 'via collector' : 'line 39', `via ${client.via}`])
    const second = events.filter((e) => e.type === 'record')[1]
    const again: TailEvent[] = []
    const stopped = new AbortController()
    for await (const event of client.tail(text, { cursor: second.cursor, signal: stopped.signal })) {
      again.push(event)
      if (messages(again).length === 1) stopped.abort()
    }
    assert.deepEqual(messages(again), [`via ${client.via}`])
    await assert.rejects(
      async () => {
        for await (const _ of client.tail('*', { cursor: 'x' }));
      },
      { code: 'TAIL_CURSOR' },
    )
  })
}

test('both give the same rows, records and missing', async () => {
  const [one, two] = clients
  for (const text of ['*', 'line | sort by (_msg) | offset 3 | limit 5', '* | uniq by (host)', 'type:gap']) {
    assert.deepEqual(rows(await frames(one, text)), rows(await frames(two, text)), text)
  }
  for (let id = 1; id <= MESSAGES.length; id += 7) assert.deepEqual(await one.explain(String(id)), await two.explain(String(id)))
  assert.deepEqual(await missingFor(one, '*'), await missingFor(two, '*'))
})

test('a tail goes on when the collector ends and another begins; without one the store is read', async () => {
  const stop = new AbortController()
  const seen: unknown[] = []
  const breaks: string[] = []
  let resumed = ''
  const client = await connect(options)
  const ask = {
    last: 0,
    signal: stop.signal,
    onBreak: (why: Error & { code: string }) => void breaks.push(why.code),
    onResume: (at: string) => (resumed = at),
  }
  let step = 0
  for await (const event of client.tail('host:again', ask)) {
    if (event.type === 'record') seen.push(event.record['_msg'])
    if (step++ === 0) await running.send('<13>1 - again - - - - one')
    if (seen.length === 1 && event.type === 'record') {
      await running.end()
      assert.equal((await connect(options)).via, 'store')
      await running.begin()
      await running.send('<13>1 - again - - - - two', '<13>1 - again - - - - three')
    }
    if (seen.length === 3) stop.abort()
  }
  assert.deepEqual(seen, ['one', 'two', 'three'])
  assert.equal(breaks[0], 'CLIENT_DISCONNECTED')
  assert.equal(resumed, (await connect(options)).at)
})

test('a store in memory and no collector', async () => {
  const memory = { store: { type: 'memory', options: {} }, http: { ...config.http, address: { host: '127.0.0.1', port: 1 } } }
  await assert.rejects(connect({ ...options, config: memory }), { code: 'CLIENT_NO_COLLECTOR', message: /127\.0\.0\.1:1$/ })
})
