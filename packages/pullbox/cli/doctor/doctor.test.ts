import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { memoryWorld } from '../testing/memory-world.ts'
import { runCommandLine } from '../shell.ts'
import { checkClock, checkDisk, checkKoffi, checkNode, checkRights, checkUdpQueue, checkUnixQueue } from './machine.ts'
import { checkPort } from './ports.ts'

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
    ['node', 'config', 'clock', 'native calls', 'port udp 127.0.0.1:0', 'udp queue', 'unix queue', 'rights', 'disk'],
  )
  assert.ok(objects.every((o) => o.type === 'check' && o.verdict !== 'fail'))
  writeFileSync(file, 'stroe: {}\n')
  const bad = memoryWorld({ cwd: folder })
  assert.equal(await runCommandLine(['doctor', '-c', file], bad), 8)
  assert.match(bad.stdout.text, /^fail {2}config: CONFIG_UNKNOWN_KEY: stroe at .*p\.yaml:1:1\n {6}-> did you mean "store"\?$/m)
})
