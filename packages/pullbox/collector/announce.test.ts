import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { fsck, openSegments, SegmentsReader } from '@pullbox/store/records'

import { announce, announced, findCollector } from './announce.ts'

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-announce-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function health(t: TestContext, body: unknown): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify(body))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const about = (http: string | null, pid = process.pid) => ({ pid, http, started: 1_795_000_000_000_000, version: '1.2.3' })

test('a collector that lives and answers is found until it takes its announcement away', async (t) => {
  const dir = folder(t)
  assert.equal(await findCollector(dir), null)
  const http = await health(t, { status: 'ok' })
  const away = announce(dir, about(http))
  assert.deepEqual(readdirSync(dir), ['collector.json'])
  assert.deepEqual(await findCollector(dir), about(http))
  away()
  assert.equal(await findCollector(dir), null)
  assert.equal(existsSync(join(dir, 'collector.json')), false)
  away()
})

test('what is stale, foreign or damaged is no collector', async (t) => {
  const dir = folder(t)
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  const http = await health(t, { status: 'ok' })
  announce(dir, about(http, child.pid))
  assert.equal(announced(dir), null)
  assert.equal(await findCollector(dir), null)

  announce(dir, about(await health(t, { status: 'ok', pid: process.pid + 1 })))
  assert.equal(await findCollector(dir), null)
  announce(dir, about(await health(t, 'hello')))
  assert.equal(await findCollector(dir), null)
  announce(dir, about(null))
  assert.equal(announced(dir)?.http, null)
  assert.equal(await findCollector(dir), null)

  for (const text of [
    '',
    '{',
    'null',
    '{"pid":-1}',
    '{"pid":1,"http":"file:///etc/passwd","started":1,"version":""}',
    'x'.repeat(10_000),
  ]) {
    writeFileSync(join(dir, 'collector.json'), text)
    assert.equal(announced(dir), null, text.slice(0, 20))
  }
})

test("another collector's announcement is left alone", (t) => {
  const dir = folder(t)
  const away = announce(dir, about(null))
  announce(dir, about(null, process.ppid))
  away()
  assert.equal(announced(dir)?.pid, process.ppid)
})

test('the store, its readers and fsck pass the file over', async (t) => {
  const dir = folder(t)
  await (await openSegments({ path: dir })).close()
  announce(dir, about(null))
  const store = await openSegments({ path: dir })
  await store.close()
  await new SegmentsReader({ path: dir }).close()
  const report = await fsck({ path: dir, repair: true })
  assert.deepEqual(report.damages, [])
  assert.ok(existsSync(join(dir, 'collector.json')))
})
