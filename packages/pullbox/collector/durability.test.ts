import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { SegmentsReader } from '@pullbox/store/records'

import { service } from '../../../tools/services.ts'

const CHILD = join(import.meta.dirname, 'testing', 'durable.ts')

interface Call {
  readonly name: string
  readonly fd: number
  readonly text: string
  /** Line of the trace where it began and where it had returned. */
  readonly begun: number
  readonly done: number
  readonly result: number
}

/** The system calls of a trace by `strace -f`, with calls that were interrupted by other threads' lines put together. */
function calls(trace: string): Call[] {
  const open = new Map<string, { begun: number; text: string }>()
  const out: Call[] = []
  trace.split('\n').forEach((line, at) => {
    const pid = /^(\d+)\s+/.exec(line)?.[1]
    if (pid === undefined) return
    let text = line.replace(/^\d+\s+/, '')
    let begun = at
    if (text.endsWith('<unfinished ...>')) return void open.set(pid, { begun: at, text: text.slice(0, -'<unfinished ...>'.length) })
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text)
    if (resumed !== null) {
      const first = open.get(pid)
      if (first === undefined) return
      begun = first.begun
      text = first.text + text.slice(resumed[0].length)
    }
    const call = /^(\w+)\((\d+)/.exec(text)
    const result = /= (-?\d+)[^=]*$/.exec(text)
    if (call !== null && result !== null) out.push({ name: call[1], fd: Number(call[2]), text, begun, done: at, result: Number(result[1]) })
  })
  return out
}

/** True for a positioned write of at least these bytes of its file. */
function covers(call: Call, from: number, to: number): boolean {
  const offset = /, (\d+)\s*\)\s+= \d+$/.exec(call.text)
  return call.name.startsWith('pwrite') && offset !== null && Number(offset[1]) <= from && Number(offset[1]) + call.result >= to
}

async function send(port: number, lines: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1')
  for (let i = 0; i < lines; i++) {
    socket.write(`<13>Oct 11 22:14:15 h app: message ${i} ${'x'.repeat(i % 300)}\n`)
    if (i % 100 === 0) await sleep(40)
  }
  await new Promise<void>((resolve) => socket.end(resolve))
}

test('every rise of stored comes after a finished fdatasync of those bytes', { timeout: 120_000 }, async (t) => {
  const strace = service('strace')
  if (strace === null) return t.skip('strace is missing')
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-durable-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const log = join(dir, 'trace')
  const store = join(dir, 'store')
  const names = 'write,writev,pwrite64,pwritev,fdatasync,fsync'
  const child = spawn(strace.path, ['-f', '-s', '64', '-e', `trace=${names}`, '-o', log, process.execPath, CHILD, store], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let i = 0; i < 600 && !out.includes('listening'); i++) await sleep(50)
  const tcp = Number(/listening \d+ (\d+)/.exec(out)?.[1])
  await send(tcp, 3000)
  for (let i = 0; i < 600 && !/stored 3000\n/.test(out); i++) await sleep(50)
  child.stdin.end()
  await ended
  assert.match(out, /stopped 3000/)

  const all = calls(readFileSync(log, 'utf8'))
  const rises = all.filter((c) => c.name === 'write' && c.fd === 1 && /"stored (\d+)/.test(c.text))
  assert.ok(rises.length >= 5, `${rises.length} rises were seen`)
  const plan = await new SegmentsReader({ path: store })
    .source()
    .plan({ since: -Infinity, until: Infinity }, { fields: null, requirements: { always: true } })
  const blocks = plan.blocks.map((ref) => ({ ...(ref.id as { at: number; seq: number }), ...ref }))
  const lasts = new Map(blocks.map((block) => [block.seq + block.count - 1, block]))
  for (const rise of rises) {
    const stored = Number(/stored (\d+)/.exec(rise.text)![1])
    assert.ok(lasts.has(stored), `${stored} is not the end of a block`)
    for (const block of blocks.filter((b) => b.seq <= stored)) {
      const synced = all.some((sync) => {
        if ((sync.name !== 'fdatasync' && sync.name !== 'fsync') || sync.result !== 0 || sync.done >= rise.begun) return false
        return all.some((write) => write.fd === sync.fd && write.done < sync.begun && covers(write, block.at, block.at + block.bytes))
      })
      assert.ok(synced, `stored ${stored} was told before the block of record ${block.seq} was synced (trace line ${rise.begun + 1})`)
    }
  }
})
