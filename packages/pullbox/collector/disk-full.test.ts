import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { servicesRequired } from '../../../tools/services.ts'
import { configure, folder, Program, REFUSES, STOPPED } from './testing/program.ts'

/** A file system of its own size, or null (loudly) where this user may not mount one. */
function smallDisk(t: TestContext, size: string): string | null {
  const at = mkdtempSync(join(tmpdir(), 'pullbox-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { encoding: 'utf8' })
  if (mounted.status !== 0) {
    if (servicesRequired()) assert.fail(`no tmpfs can be mounted here: ${mounted.stderr ?? String(mounted.error)}`)
    process.stderr.write(`disk-full.test.ts is skipped: no tmpfs can be mounted: ${mounted.stderr ?? String(mounted.error)}\n`)
    t.skip('needs root, to mount a small tmpfs')
    return null
  }
  t.after(() => {
    spawnSync('umount', ['-l', at])
    rmSync(at, { recursive: true, force: true })
  })
  return at
}

/** Takes what room is left but `leave` bytes. */
function fill(disk: string, leave: number): string {
  const { bavail, bsize } = statfsSync(disk)
  const file = join(disk, 'filler')
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - leave), 'f'))
  return file
}

/** A line of a number and much that does not compress. */
const line = (kind: string, n: number) => `<13>Nov 24 10:00:00 host ${kind}: number=${n} ${noise(n)}\n`

function noise(n: number): string {
  let text = ''
  for (let x = n * 2_654_435_761 + 1; text.length < 900;) {
    x = (Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    text += x.toString(36)
  }
  return text
}

/** Numbers of the messages of an app that a search finds, in order. */
async function found(program: Program, app: string): Promise<number[]> {
  const answer = await fetch(`${program.http}/api/v1/query?q=${encodeURIComponent(`app:=${app}`)}`)
  const text = await answer.text()
  return [...text.matchAll(/number=(\d+) /g)].map((m) => Number(m[1])).toSorted((a, b) => a - b)
}

async function sendUdp(port: number, from: number, to: number): Promise<void> {
  const socket = createSocket('udp4')
  for (let n = from; n < to; n++) await new Promise((resolve) => socket.send(line('datagram', n), port, '127.0.0.1', resolve))
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

test(
  'disk full: streams wait, datagrams are refused and counted, searches go on, and so does all else when room returns',
  { timeout: 240_000 },
  async (t) => {
    const dir = folder(t)
    const disk = smallDisk(t, '24m')
    if (disk === null) return
    const program = await Program.start(configure(dir, join(disk, 'store')))
    t.after(() => program.kill())
    const first = 200
    const total = 20_000
    const socket = createConnection(program.port('tcp'), '127.0.0.1')
    t.after(() => socket.destroy())
    let sent = 0
    const send = async (to: number) => {
      for (; sent < to; sent++) if (!socket.write(line('stream', sent))) await new Promise((resolve) => socket.once('drain', resolve))
    }
    await send(first)
    await program.until((s) => s.stored >= first && s.held === 0, 'the first are stored')
    const filler = fill(disk, 1 << 20)

    const work = send(total)
    const full = await program.until((s) => s.trouble !== null, 'the disk is full')
    assert.equal(full.trouble?.code, 'STORE_DISK_FULL')
    const ready = await fetch(`${program.http}/ready`)
    assert.equal(ready.status, 503)
    assert.match(await ready.text(), /STORE_DISK_FULL/)
    await sendUdp(program.port('udp'), 0, 50)
    const refusing = await program.until((s) => s.refused >= 50, 'datagrams are refused')
    assert.ok(refusing.held > 0, 'what came by a stream is held')
    const [account] = (await program.sources()).filter((s) => s.source === '127.0.0.1')
    assert.deepEqual(account.refused, { disk_full: 50 }, 'nothing of a stream is refused')
    const seen = await found(program, 'stream')
    assert.deepEqual(seen.slice(0, first), range(first), 'the store stays readable')

    rmSync(filler)
    await work
    await new Promise<void>((resolve) => socket.end(resolve))
    await program.until((s) => s.trouble === null && s.held === 0 && s.stored >= total, 'all is stored', 120_000)
    await sendUdp(program.port('udp'), 50, 60)
    const last = await program.until((s) => s.stored >= total + 10 && s.held === 0, 'datagrams are taken again')
    assert.ok(last.balanced)
    assert.deepEqual([last.received, last.stored, last.refused], [total + 60, total + 10, 50])
    assert.deepEqual(await found(program, 'stream'), range(total), 'each message of the stream is there once')
    assert.deepEqual(await found(program, 'datagram'), range(60).slice(50))
    assert.equal((await fetch(`${program.http}/ready`)).status, 200)
    await program.sources()
    assert.equal(await program.stop(), STOPPED)
  },
)

test('a store on a file system that is mounted read-only is refused by name', { timeout: 120_000 }, async (t) => {
  const dir = folder(t)
  const disk = smallDisk(t, '64m')
  if (disk === null) return
  const config = configure(dir, join(disk, 'store'))
  const program = await Program.start(config)
  t.after(() => program.kill())
  await sendUdp(program.port('udp'), 0, 20)
  await program.until((s) => s.stored === 20, 'the first are stored')
  assert.equal(await program.stop(), STOPPED)
  assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0)
  const { status, said } = await Program.refused(config)
  assert.equal(status, REFUSES.notAllowed)
  assert.match(said, /STORE_READ_ONLY/)
  assert.equal(spawnSync('mount', ['-o', 'remount,rw', disk]).status, 0)
  const again = await Program.start(config)
  t.after(() => again.kill())
  assert.equal((await again.status()).stored, 20)
})
