import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as serve } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { memoryWorld } from '../testing/memory-world.ts'
import { announce } from '../../collector/announce.ts'
import { runCommandLine } from '../shell.ts'
import { checkCollector } from './collector.ts'
import { checkClock, checkDisk, checkKoffi, checkNode, checkOpenFiles, checkRights, checkUdpQueue, checkUnixQueue } from './machine.ts'
import { checkPort, checkSocketPath } from './ports.ts'

const folder = mkdtempSync(join(tmpdir(), 'pullbox-doctor-'))
after(() => rmSync(folder, { recursive: true }))

test('a held port names its holder; a free one is free again afterwards', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const tcp = { host: '127.0.0.1', port }
  const held = await checkPort('tcp', tcp)
  assert.equal(held.verdict, 'fail')
  assert.match(held.says, new RegExp(`in use by .*pid ${process.pid} `))
  assert.equal((await checkPort('tcp', tcp, process.pid)).verdict, 'ok')
  server.close()
  await once(server, 'close')
  assert.equal((await checkPort('tcp', tcp)).verdict, 'ok')
  assert.equal((await checkPort('tcp', tcp)).verdict, 'ok')
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const udp = { host: '127.0.0.1', port: socket.address().port }
  assert.equal((await checkPort('udp', udp)).verdict, 'fail')
  socket.close()
  await once(socket, 'close')
  assert.equal((await checkPort('udp', udp)).verdict, 'ok')
  assert.equal((await checkPort('udp', { host: '203.0.113.7', port: 0 })).verdict, 'warn')
})

test('verdicts of the machine', async () => {
  assert.deepEqual([checkNode('26.10.0').verdict, checkNode('20.1.0').verdict], ['ok', 'fail'])
  const now = Date.UTC(2026, 10, 24)
  assert.deepEqual(
    [checkClock(now, true, true), checkClock(now, false, true), checkClock(now, false, false), checkClock(0, true, true)].map(
      (f) => f.verdict,
    ),
    ['ok', 'warn', 'ok', 'fail'],
  )
  const limit = (n: number | null) => () => n
  assert.deepEqual(
    [
      checkUdpQueue(2 ** 24, 1000, limit(212_992)),
      checkUdpQueue(2 ** 24, 0, limit(212_992)),
      checkUdpQueue(2 ** 24, 1000, limit(2 ** 25)),
      checkUdpQueue(1, 1, limit(null)),
    ].map((f) => f.verdict),
    ['warn', 'ok', 'ok', 'ok'],
  )
  assert.match(checkUdpQueue(2 ** 24, 1000, limit(212_992)).todo, /rmem_max=16777216/)
  assert.deepEqual(
    [checkUnixQueue(true, limit(10)), checkUnixQueue(false, limit(10)), checkUnixQueue(true, limit(512))].map((f) => f.verdict),
    ['warn', 'ok', 'ok'],
  )
  assert.equal((await checkKoffi()).verdict, 'ok')
  assert.equal((await checkKoffi(() => Promise.reject(new Error('no such binary')))).verdict, 'warn')
  assert.match(checkRights(join(folder, 'a', 'b')).says, /will be made in/)
  assert.equal(checkDisk(join(folder, 'a'), 2 ** 60).verdict, 'warn')
  if (process.getuid?.() !== 0) {
    chmodSync(folder, 0o500)
    assert.equal(checkRights(folder).verdict, 'fail')
    chmodSync(folder, 0o700)
  }
})

test('the command: a line or an object a check, status 8 when one fails', async () => {
  const file = join(folder, 'p.yaml')
  writeFileSync(file, 'inputs: [{type: syslog, options: {udp: "127.0.0.1:0"}}]\nhttp: {address: null}\nstore: {options: {path: store}}\n')
  const good = memoryWorld({ cwd: folder })
  assert.equal(await runCommandLine(['doctor', '-c', file, '--json'], good), 0)
  const objects = good.stdout.text
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l) as { type: string; check: string; verdict: string })
  assert.deepEqual(
    objects.map((o) => o.check),
    [
      'node',
      'config',
      'clock',
      'native calls',
      'collector',
      'port udp 127.0.0.1:0',
      'udp queue',
      'unix queue',
      'open files',
      'rights',
      'disk',
    ],
  )
  assert.ok(objects.every((o) => o.type === 'check' && o.verdict !== 'fail'))
  writeFileSync(file, 'stroe: {}\n')
  const bad = memoryWorld({ cwd: folder })
  assert.equal(await runCommandLine(['doctor', '-c', file], bad), 8)
  assert.match(bad.stdout.text, /^fail {2}config: CONFIG_UNKNOWN_KEY: stroe at .*p\.yaml:1:1\n {6}-> did you mean "store"\?$/m)
})

test('a unix socket: free, held, in the way of a file, without rights', async () => {
  const path = join(folder, 'log.sock')
  assert.equal(checkSocketPath(path).verdict, 'ok')
  const server = createServer().listen(path)
  await once(server, 'listening')
  assert.match(checkSocketPath(path).says, new RegExp(`in use by .*pid ${process.pid} `))
  assert.equal(checkSocketPath(path, process.pid).verdict, 'ok')
  server.close()
  await once(server, 'close')
  writeFileSync(path, '')
  assert.match(checkSocketPath(path).says, /a file is in the way/)
  assert.equal(checkSocketPath(join(folder, 'none', 'log')).verdict, 'fail')
  assert.equal(checkSocketPath('@name').verdict, 'ok')
})

test('a collector that runs, answers or does not; a small limit of open files', async () => {
  const store = mkdtempSync(join(folder, 'store-'))
  assert.match((await checkCollector(store)).says, /none runs/)
  const server = serve((_request, response) => response.end('{"status":"ok"}')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  announce(store, { pid: process.pid, http, started: 1, version: '1.2.3' })
  assert.deepEqual(await checkCollector(store), {
    check: 'collector',
    verdict: 'ok',
    says: `pid ${process.pid}, version 1.2.3, answers at ${http}`,
    todo: '',
  })
  server.close()
  server.closeAllConnections()
  assert.equal((await checkCollector(store)).verdict, 'warn')
  const limits = (hard: string) => () => `Max open files            1024                 ${hard}              files\n`
  assert.deepEqual(
    [checkOpenFiles(limits('4096')), checkOpenFiles(limits('1048576')), checkOpenFiles(limits('unlimited'))].map((f) => f.verdict),
    ['warn', 'ok', 'ok'],
  )
})
