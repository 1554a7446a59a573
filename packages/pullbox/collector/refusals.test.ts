import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { servicesRequired } from '../../../tools/services.ts'
import { configure, folder, Program, REFUSES, STOPPED } from './testing/program.ts'

// What the collector refuses to start with, as a user sees it: code, text, exit status.

test('two collectors on one store: the second refuses and leaves the first alone', { timeout: 120_000 }, async (t) => {
  const dir = folder(t)
  const config = configure(dir, join(dir, 'store'))
  const first = await Program.start(config)
  t.after(() => first.kill())
  const { status, said } = await Program.refused(config)
  assert.notEqual(status, 0)
  assert.match(said, /STORE_LOCKED/)
  assert.equal((await first.status()).trouble, null)
  assert.equal(await first.stop(), STOPPED)
})

test('a store that a newer version has written is left as it is', { timeout: 120_000 }, async (t) => {
  const dir = folder(t)
  const store = join(dir, 'store')
  const config = configure(dir, store)
  const program = await Program.start(config)
  assert.equal(await program.stop(), STOPPED)
  const file = join(store, 'format')
  const newer = readFileSync(file, 'utf8').replace(/\d+/, (number) => String(Number(number) + 1))
  writeFileSync(file, newer)
  const { status, said } = await Program.refused(config)
  assert.equal(status, REFUSES.checkFailed)
  assert.match(said, /STORE_NEWER_VERSION/)
  assert.equal(readFileSync(file, 'utf8'), newer)
})

test('a port in use names the program that holds it', { timeout: 120_000 }, async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const dir = folder(t)
  const { status, said } = await Program.refused(configure(dir, join(dir, 'store'), { tcp: `127.0.0.1:${port}` }))
  assert.equal(status, REFUSES.config)
  assert.match(said, new RegExp(`INPUT_PORT_IN_USE.*pid ${process.pid} \\(`))
})

const NOBODY = 65_534

/** Whether this test can become a user without rights; where it must (in CI) and cannot, it fails. */
function canDrop(t: TestContext): boolean {
  if (process.getuid?.() === 0) return true
  if (servicesRequired()) assert.fail('root is needed, to start as a user without rights')
  process.stderr.write('refusals.test.ts is skipped in part: only root can start a program as another user\n')
  t.skip('needs root, to start as another user')
  return false
}

test('a user without rights: a store that it may not write, a port that it may not take', { timeout: 120_000 }, async (t) => {
  if (!canDrop(t)) return
  const dir = folder(t)
  chmodSync(dir, 0o755)
  const store = await Program.refused(configure(dir, join(dir, 'store')), NOBODY)
  assert.equal(store.status, REFUSES.notAllowed)
  assert.match(store.said, /STORE_READ_ONLY/)
  const free = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1'))
  // A machine that lets anybody take any port has nothing to refuse here.
  if (free <= 514) return t.diagnostic(`ports from ${free} on are free for all here`)
  mkdirSync(join(dir, 'own'), { mode: 0o777 })
  chmodSync(join(dir, 'own'), 0o777)
  const port = await Program.refused(configure(dir, join(dir, 'own', 'store'), { udp: '127.0.0.1:514' }), NOBODY)
  assert.equal(port.status, REFUSES.notAllowed)
  assert.match(port.said, /INPUT_NO_RIGHTS.*127\.0\.0\.1:514/)
})
