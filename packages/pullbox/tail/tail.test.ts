import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { Batch, BatchWriter, createPlainFilterBuilder, encodeBlock, SECTION } from '@pullbox/log/record'
import { Header, parseHeader, zone } from '@pullbox/log/wire'
import { openSegments } from '@pullbox/store/records'

import { recordsReader } from '../config/drivers.ts'
import type { TailAsk, TailEvent } from './index.ts'
import { createTail } from './index.ts'

const NOW = Date.UTC(2026, 10, 24, 12) * 1000

/** A block of messages whose times are `minutes` before noon. */
function block(messages: readonly (readonly [text: string, minutes: number])[]): Uint8Array {
  const writer = new BatchWriter(Batch.alloc(Math.max(16, messages.length), 1 << 20))
  const header = new Header()
  for (const [text, minutes] of messages) {
    const received = NOW - minutes * 60e6
    const bytes = Buffer.from(`<13>1 ${new Date(received / 1000).toISOString()} web app 7 - - ${text}`)
    parseHeader(bytes, 0, bytes.length, { received, zone: zone('UTC') }, header)
    writer.append(bytes, 0, bytes.length, header, writer.source(Buffer.from('10.0.0.7')), received, bytes.length)
  }
  return encodeBlock(writer.batch, { level: 'raw', filter: createPlainFilterBuilder(), listener: 'udp 127.0.0.1:5514' })
}

async function world(t: TestContext, segmentBytes?: number) {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-tail-'))
  const path = join(dir, 'store')
  const store = await openSegments({ path, ...(segmentBytes === undefined ? {} : { segmentBytes }) })
  const reader = recordsReader('segments', { path }, 0)!
  let synced = 0
  const listeners = new Set<() => void>()
  const tail = createTail({
    reader,
    bound: () => synced,
    changed: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
  })
  t.after(async () => {
    tail.close()
    await reader.close()
    await store.close()
    rmSync(dir, { recursive: true, force: true })
  })
  const write = async (...messages: (readonly [string, number])[]) => {
    const { lastSeq } = await store.append([block(messages)])
    return lastSeq
  }
  const show = (seq: number) => {
    synced = seq
    for (const listener of listeners) listener()
  }
  return { store, path, reader, tail, write, show, listeners }
}

/** Takes events until there are `count` of records and gaps; progress is left out. */
async function take(events: AsyncIterable<TailEvent>, count: number): Promise<TailEvent[]> {
  const out: TailEvent[] = []
  if (count === 0) return out
  for await (const event of events) {
    if (event.type !== 'progress') out.push(event)
    if (out.length === count) break
  }
  return out
}

const texts = (events: readonly TailEvent[]) =>
  events.map((event) =>
    event.type === 'record' ? (event.record._msg ?? '') : `${event.type} ${'from' in event ? `${event.from}..${event.to}` : ''}`,
  )

/** What can be seen now: everything up to the first event that says so. */
async function seen(tail: ReturnType<typeof createTail>, q: string, ask: TailAsk, last: string): Promise<TailEvent[]> {
  const out: TailEvent[] = []
  for await (const event of tail.follow(q, ask)) {
    out.push(event)
    if (event.cursor === last) break
  }
  return out.filter((event) => event.type !== 'progress')
}

test('gives what is synced, from its start on, and never what is not', async (t) => {
  const { tail, write, show } = await world(t)
  show(await write(['before', 9]))
  const events = tail.follow('*')[Symbol.asyncIterator]()
  assert.deepEqual((await events.next()).value, { type: 'progress', cursor: '1' })
  const next = events.next()
  const second = await write(['one', 5], ['two', 4])
  const third = await write(['unsynced', 3])
  show(second)
  const first = (await next).value as TailEvent
  assert.deepEqual([first.cursor, texts([first])], ['2', ['one']])
  assert.deepEqual(texts([(await events.next()).value as TailEvent]), ['two'])
  const waiting = events.next()
  let settled = false
  void waiting.then(() => (settled = true))
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(settled, false, 'what is not synced must wait')
  show(third)
  assert.deepEqual(texts([(await waiting).value as TailEvent]), ['unsynced'])
})

test('filters and pipes of single rows work; others are refused by name', async (t) => {
  const { tail, write, show } = await world(t)
  show(await write(['red apple', 5], ['green pear', 4], ['green apple', 3]))
  assert.deepEqual(texts(await take(tail.follow('apple', { cursor: '0' }), 2)), ['red apple', 'green apple'])
  const [only] = await take(tail.follow('apple | filter green | fields _msg', { cursor: '0' }), 1)
  assert.deepEqual(only, { type: 'record', cursor: '3', record: { type: 'row', _msg: 'green apple' } })
  const code = (q: string, ask: TailAsk = {}) => {
    try {
      tail.follow(q, ask)
      return 'none'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  assert.equal(code('* | filter a | stats count() n'), 'TAIL_PIPE')
  assert.equal(code('* | count()'), 'TAIL_PIPE')
  assert.equal(code('* | unroll by (x)'), 'TAIL_PIPE')
  assert.equal(code('_time:5m'), 'TAIL_TIME')
  assert.equal(code('('), 'QUERY_SYNTAX')
  assert.equal(code('*', { cursor: 'x' }), 'TAIL_CURSOR')
  assert.equal(code('*', { cursor: '4' }), 'TAIL_CURSOR_AHEAD')
  assert.equal(code('*', { cursor: '1', last: 3 }), 'TAIL_START')
  assert.equal(code('*', { cursor: '1', since: NOW }), 'TAIL_START')
  assert.equal(code('*', { last: -1 }), 'TAIL_START')
  assert.equal(code('*', { cursor: '3' }), 'none')
})

test('last and since begin in the past, alone and together, and any cursor goes on from there', async (t) => {
  const { tail, write, show } = await world(t)
  // times in another order than they were written
  await write(['a 50', 50], ['a 10', 10], ['b 40', 40])
  await write(['a 20', 20], ['a 60', 60])
  await write(['b 5', 5], ['a 30', 30])
  const head = await write(['a 55', 55])
  show(head)
  const since = NOW - 30 * 60e6
  const expected: [TailAsk, string[]][] = [
    [{ last: 0 }, []],
    [{ last: 2 }, ['a 30', 'a 55']],
    [{ last: 4 }, ['a 20', 'a 60', 'a 30', 'a 55']],
    [{ last: 99 }, ['a 50', 'a 10', 'a 20', 'a 60', 'a 30', 'a 55']],
    [{ since }, ['a 10', 'a 20', 'a 30']],
    [{ since, last: 2 }, ['a 20', 'a 30']],
    [{ cursor: '2' }, ['a 20', 'a 60', 'a 30', 'a 55']],
  ]
  for (const [ask, want] of expected) {
    const all = await seen(tail, 'a', ask, String(head))
    assert.deepEqual(texts(all), want, JSON.stringify(ask))
    for (const [i, event] of all.entries()) {
      assert.deepEqual(
        texts(await seen(tail, 'a', { cursor: event.cursor }, String(head))),
        want.slice(i + 1),
        `${JSON.stringify(ask)} after ${i}`,
      )
    }
  }
  // what is written later comes whatever its time
  const events = tail.follow('a', { since })
  const later = await write(['a 90', 90])
  show(later)
  assert.deepEqual(texts(await take(events, 4)), ['a 10', 'a 20', 'a 30', 'a 90'])
})

test('what retention took and what is damaged is a gap, and the rest comes', async (t) => {
  const { store, path, reader, tail, write, show } = await world(t, 4096)
  let last = 0
  for (let i = 0; i < 40; i++) last = await write([`m${i} ${'x'.repeat(300)}`, 0])
  show(last)
  const { firstSeq, segments } = store.stats()
  assert.ok(segments > 3 && firstSeq === 1)
  await store.retain({ bytes: store.stats().bytes / 2, now: NOW })
  const first = store.stats().firstSeq
  assert.ok(first > 1 && first < last)
  const gone = await seen(tail, '*', { cursor: '0' }, String(last))
  assert.equal(gone.length, last - first + 1, 'from the beginning of what is there')
  const [gap, ...rest] = await seen(tail, '*', { cursor: '1' }, String(last))
  assert.deepEqual(texts([gap!]), [`gap 2..${first - 1}`])
  assert.equal(rest.length, last - first + 1)

  const blockAt = reader.place(first)!
  const place = store.get(first)!
  assert.ok('header' in place)
  const fd = openSync(join(path, 'segments', blockAt.segment), 'r+')
  const arena = place.header.sections.find(({ id }) => id === SECTION.arena)!
  writeSync(fd, Buffer.alloc(8, 0xaa), 0, undefined, blockAt.from + arena.offset)
  closeSync(fd)
  const other = recordsReader('segments', { path })!
  const fresh = createTail({ reader: other })
  t.after(async () => {
    fresh.close()
    await other.close()
  })
  const damaged = await seen(fresh, '*', { cursor: String(first - 1) }, String(last))
  assert.equal(texts(damaged)[0], `gap ${blockAt.firstSeq}..${blockAt.lastSeq}`)
  assert.equal(damaged.length, last - blockAt.lastSeq + 1)
})

test('a consumer that does not ask holds the work, and the signal ends a tail', async (t) => {
  const { tail, write, show, listeners } = await world(t)
  show(await write(...Array.from({ length: 600 }, (_, i) => [`line ${i}`, 0] as const)))
  const stop = new AbortController()
  let given = 0
  for await (const event of tail.follow('*', { cursor: '0', signal: stop.signal })) {
    if (event.type === 'record') given++
    if (given === 300) stop.abort()
  }
  assert.equal(given, 300)
  const events = tail.follow('*', { signal: AbortSignal.timeout(20) })
  for await (const event of events) assert.equal(event.type, 'progress')
  assert.equal(listeners.size, 1)
  tail.close()
  assert.equal(listeners.size, 0)
})

test('without anybody who tells, new blocks are found by looking', async (t) => {
  const { path, write } = await world(t)
  await write(['first', 1])
  const reader = recordsReader('segments', { path })!
  const tail = createTail({ reader, pollMs: 5 })
  t.after(async () => {
    tail.close()
    await reader.close()
  })
  const found = take(tail.follow('*', { last: 1 }), 3)
  await write(['second', 1])
  await write(['third', 1])
  assert.deepEqual(texts(await found), ['first', 'second', 'third'])
})
