import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { sampleStore } from '../../search/testing/sample-store.ts'
import { runCommandLine } from '../shell.ts'
import { forbidden, HOSTILE_SEQUENCES } from '../testing/hostile-sequences.ts'
import { memoryWorld } from '../testing/memory-world.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'pullbox-hostile-'))
after(() => rmSync(dir, { recursive: true }))
const NOW = Date.UTC(2026, 10, 24, 9) * 1000

const part = (s: string | Uint8Array) => (typeof s === 'string' ? Buffer.from(s) : s)
/** Each sequence in the message, in the fields of the header, in structured data, and as all there is. */
const MESSAGES = HOSTILE_SEQUENCES.flatMap((sequence) => {
  const s = part(sequence)
  const around = (before: string, behind: string) => Buffer.concat([Buffer.from(before), s, Buffer.from(behind)])
  return [
    around('<11>1 2026-11-24T09:43:10Z h a 1 m - x', 'y'),
    around('<11>1 2026-11-24T09:43:10Z h', ' a 1 m - x'),
    around('<11>1 2026-11-24T09:43:10Z h a', ' 1 m - x'),
    around('<11>1 2026-11-24T09:43:10Z h a 1 m [i p="', '"] x'),
    around('<11>Nov 24 09:43:10 h t', '[1]: x'),
    s,
  ].map((bytes) => ({ bytes, source: `unix:/tmp/${Buffer.from(s).toString('latin1')}` }))
})
const path = join(dir, 'store')
await (await sampleStore(path, NOW, MESSAGES)).close()
const config = join(dir, 'hostile.json')
writeFileSync(config, JSON.stringify({ store: { options: { path } }, http: { address: null } }))
const IDS = MESSAGES.map((_, i) => String(i + 1))

const LINES: (readonly string[])[] = [
  ['search', '-c', config],
  ['search', '-c', config, '--json'],
  ['search', '-c', config, '* | fields host, app, i.p, _msg, source'],
  ['show', '-c', config, ...IDS],
  ['why-not', '-c', config, '--since', '08:00', '--until', '09:01'],
  ['why-not', '-c', config, '--json'],
  ['why', '-c', config, '4'],
]

function checked(what: string, bytes: Uint8Array, pty: boolean): void {
  const [bad] = forbidden(bytes, pty)
  const around =
    bad === undefined
      ? ''
      : JSON.stringify(
          Buffer.from(bytes)
            .subarray(Math.max(0, bad - 40), bad + 40)
            .toString('latin1'),
        )
  assert.equal(bad, undefined, `${what}: ${around}`)
}

test('200 hostile sequences in every field, in process on a terminal', async () => {
  // Each sequence once: the place in the message changes from one to the next.
  const ids = IDS.filter((_, i) => i % 43 === 0)
  const lines = [...LINES, ...ids.map((id) => ['why', '-c', config, id])]
  for (const line of lines) {
    const world = memoryWorld({ tty: true, env: { PULLBOX_PAGER: '', HOME: dir }, cwd: dir })
    await runCommandLine(line, world)
    assert.deepEqual(world.bugs, [])
    assert.ok(world.stdout.bytes.length > 0, line.slice(0, 5).join(' '))
    checked(line.slice(0, 5).join(' '), world.stdout.bytes, false)
    checked(line.slice(0, 5).join(' '), world.stderr.bytes, false)
  }
})

test('tail, in process on a terminal', { timeout: 60_000 }, async () => {
  for (const more of [[], ['--json'], ['* | fields host, app, i.p, _msg']]) {
    const world = memoryWorld({ tty: true, env: { PULLBOX_PAGER: '', HOME: dir }, cwd: dir })
    const write = world.stdout.write.bind(world.stdout)
    let stopping = false
    world.stdout.write = async (data) => {
      await write(data)
      // All are there at once; the last write comes soon after the first.
      if (!stopping) setTimeout(() => world.stop('SIGINT'), 1000)
      stopping = true
    }
    assert.equal(await runCommandLine(['tail', '-c', config, '-n', String(MESSAGES.length), ...more], world), 130)
    assert.match(world.stderr.text, new RegExp(`stopped after ${MESSAGES.length.toLocaleString('en-US')} records`))
    checked(`tail ${more.join(' ')}`, world.stdout.bytes, false)
  }
})

test('in a real terminal', { timeout: 120_000 }, () => {
  const list = join(dir, 'lines.json')
  const some = [LINES[0], ['show', '-c', config, ...IDS.slice(0, 300)], LINES[4], LINES[6], ['tail', '-c', config, '-n', '5000']]
  writeFileSync(list, JSON.stringify(process.env['PULLBOX_PROVE'] === '1' ? [...LINES, ...some] : some))
  // The tail is interrupted as a person does it, by the key.
  const program = `
import json, os, pty, signal, sys, time
for line in json.load(open(sys.argv[1], encoding="utf-8")):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[2], sys.argv[2:] + line)
    seen = 0
    try:
        while True:
            data = os.read(fd, 65536)
            if not data: break
            seen += len(data)
            os.write(1, data)
            if line[0] == "tail" and b"\\n" in data and seen > 50000:
                os.write(fd, b"\\x03")
                seen = -10**12
    except OSError: pass
    os.waitpid(pid, 0)
    os.write(1, b"\\0END\\0")
`
  const args = ['-c', program, list, process.execPath, '--disable-warning=ExperimentalWarning', MAIN]
  const env = { PATH: process.env['PATH'], TERM: 'xterm', HOME: dir, PULLBOX_PAGER: '' }
  const done = spawnSync('python3', args, { env, maxBuffer: 256 << 20, input: '', timeout: 90_000 })
  assert.deepEqual([done.error, done.status, done.stderr.toString()], [undefined, 0, ''])
  const parts = done.stdout.toString('latin1').split('\0END\0')
  assert.ok(parts.length > some.length)
  for (const [i, text] of parts.slice(0, -1).entries()) {
    assert.ok(text.length > 0, `${i}`)
    // The terminal itself echoes the key as ^C.
    checked(`terminal ${i}`, Buffer.from(text, 'latin1'), true)
  }
})
