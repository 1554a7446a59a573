import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { HttpClient } from './http-client.ts'
import { LineTooLong, readLines } from './lines.ts'
import { readEvents } from './sse.ts'

// Servers that break: what a collector does right is tested against a real one in client.test.ts.

async function serve(t: TestContext, answer: (path: string, out: ServerResponse) => void): Promise<string> {
  const server = createServer((request, out) => answer(request.url ?? '', out))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function frames(client: HttpClient, signal?: AbortSignal) {
  const out: string[] = []
  for await (const frame of client.query('*', signal === undefined ? {} : { signal }))
    out.push(frame.type === 'error' ? frame.code : frame.type)
  return out
}

const PROGRESS = '{"type":"progress","bytes_read":1,"bytes_total":2}\n'

test('an answer that breaks off ends with an error frame', async (t) => {
  const ways: Record<string, (out: ServerResponse) => void> = {
    cut: (out) => out.write(PROGRESS, () => out.destroy()),
    ended: (out) => out.end(PROGRESS),
    half: (out) => out.end(`${PROGRESS}{"type":"end","comp`),
  }
  for (const [name, way] of Object.entries(ways)) {
    const base = await serve(t, (_path, out) => way(out))
    assert.deepEqual(await frames(new HttpClient(base)), ['progress', 'CLIENT_DISCONNECTED'], name)
  }
})

test('an answer of something else is named as such', async (t) => {
  for (const [status, body] of [
    [200, '<html>\n'],
    [200, '[1]\n'],
    [200, 'null\n'],
  ] as const) {
    const base = await serve(t, (_path, out) => out.writeHead(status).end(body))
    assert.deepEqual(await frames(new HttpClient(base)), ['CLIENT_ANSWER'])
    await assert.rejects(new HttpClient(base).status(), { code: 'CLIENT_ANSWER' })
  }
  const base = await serve(t, (_path, out) => out.writeHead(500).end('oops'))
  await assert.rejects(frames(new HttpClient(base)), { code: 'CLIENT_ANSWER', message: /status 500/ })
})

test("the server's own errors keep their code; nobody there is unreachable", async (t) => {
  const error = { code: 'QUERY_SYNTAX', message: 'no', at: 'column 4', hint: 'write yes' }
  const base = await serve(t, (_path, out) => out.writeHead(400).end(JSON.stringify({ error })))
  await assert.rejects(frames(new HttpClient(base)), error)
  await assert.rejects(frames(new HttpClient('http://127.0.0.1:1')), { code: 'CLIENT_UNREACHABLE' })
  await assert.rejects(new HttpClient('http://127.0.0.1:1').explain('1'), { code: 'CLIENT_UNREACHABLE' })
})

test('the signal closes the request', async (t) => {
  let closed: () => void = () => {}
  const gone = new Promise<void>((resolve) => (closed = resolve))
  const base = await serve(t, (_path, out) => {
    out.on('close', closed)
    out.write(PROGRESS)
  })
  const stop = new AbortController()
  const asked = new HttpClient(base).query('*', { signal: stop.signal })
  const iterator = asked[Symbol.asyncIterator]()
  assert.equal((await iterator.next()).value?.type, 'progress')
  stop.abort()
  await assert.rejects(iterator.next(), { name: 'AbortError' })
  await gone
})

test('a consumer that ends early closes the request too', async (t) => {
  let closed: () => void = () => {}
  const gone = new Promise<void>((resolve) => (closed = resolve))
  const base = await serve(t, (_path, out) => {
    out.on('close', closed)
    out.write(PROGRESS)
  })
  for await (const frame of new HttpClient(base).query('*')) {
    assert.equal(frame.type, 'progress')
    break
  }
  await gone
})

test('a tail goes on from its last cursor after every kind of break', async (t) => {
  const paths: string[] = []
  const event = (id: number, name = 'record') => `id: ${id}\nevent: ${name}\ndata: {"type":"record","id":"${id}"}\n\n`
  const base = await serve(t, (path, out) => {
    paths.push(path)
    if (paths.length === 1) out.write(event(0, 'progress') + event(1) + event(2).slice(0, 20), () => out.destroy())
    else if (paths.length === 2) out.writeHead(503).end('{"error":{"code":"HTTP_BUSY","message":"","at":"","hint":""}}')
    else if (paths.length === 3) out.end(`: alive\n\n${event(2)}`)
    else out.write(event(3).replaceAll('\n', '\r\n'))
  })
  const stop = new AbortController()
  const breaks: string[] = []
  let resumed = 0
  const seen: string[] = []
  const client = new HttpClient(base)
  const ask = {
    last: 5,
    signal: stop.signal,
    onBreak: (why: { code: string }) => void breaks.push(why.code),
    onResume: () => void resumed++,
  }
  for await (const e of client.tail('host:a', ask)) {
    seen.push(`${e.type} ${e.cursor}`)
    if (e.cursor === '3') stop.abort()
  }
  assert.deepEqual(seen, ['progress 0', 'record 1', 'record 2', 'record 3'])
  assert.deepEqual(breaks, ['CLIENT_DISCONNECTED', 'HTTP_BUSY', 'CLIENT_DISCONNECTED'])
  assert.equal(resumed, 2)
  assert.deepEqual(
    paths.map((p) => new URLSearchParams(p.split('?')[1]).get('cursor')),
    [null, '1', '1', '2'],
  )
  assert.match(paths[0], /last=5/)
  assert.doesNotMatch(paths[1], /last/)
})

test('a tail ends with an error that the collector names', async (t) => {
  const data = JSON.stringify({ code: 'STORE_BLOCK_DAMAGED', message: 'x', at: '', hint: '' })
  const base = await serve(t, (_path, out) => out.end(`event: error\ndata: ${data}\n\n`))
  await assert.rejects(
    async () => {
      for await (const _ of new HttpClient(base).tail('*'));
    },
    { code: 'STORE_BLOCK_DAMAGED' },
  )
})

async function* chunks(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

test('lines: however they are cut, and none is too long', async () => {
  const text = 'a\n\nü€😀\nlast'
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size++) {
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
    const lines: string[] = []
    let rest = -1
    for await (const line of readLines(
      (async function* () {
        yield* parts
      })(),
      (n) => (rest = n),
    ))
      lines.push(line)
    assert.deepEqual([lines, rest], [['a', '', 'ü€😀'], 4])
  }
  const long = async (...parts: string[]) => {
    for await (const _ of readLines(chunks(...parts), undefined, 5));
  }
  await long('12345\n12345\n')
  await assert.rejects(long('123456\n'), LineTooLong)
  await assert.rejects(long('123', '456'), LineTooLong)
})

test('events: fields, comments, several lines of data', async () => {
  const out = []
  for await (const e of readEvents(chunks(':hi\n\nid: 7\nevent:x\ndata: a\ndata:  b\n\n', 'data\n\nid: 9\ndata: cut'))) out.push(e)
  assert.deepEqual(out, [
    { event: 'x', id: '7', data: 'a\n b' },
    { event: '', id: '', data: '' },
  ])
})
