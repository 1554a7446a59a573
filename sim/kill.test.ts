import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { openSegments } from '@pullbox/store/records'

import { readAll } from './life.ts'
import { Random } from './random.ts'

const KILLS = process.env.PULLBOX_PROVE === '1' ? 200 : 20
const seed = Number(process.env.PULLBOX_SEED ?? Date.now() & 0xffff)
const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url))

/** Runs the writer until it is killed; what it had promised by then. */
async function promisesOf(path: string, run: number, milliseconds: number): Promise<Map<number, string>> {
  // A file and not a pipe: a full pipe would refuse a line, and a promise would go untold.
  const told = `${path}.told`
  const fd = openSync(told, 'w')
  const child = spawn(process.execPath, [CHILD, path, String(run)], { stdio: ['ignore', fd, 'inherit'] })
  closeSync(fd)
  let running = true
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve())).then(() => (running = false))
  while (running && statSync(told).size === 0) await wait(5)
  await wait(milliseconds)
  child.kill('SIGKILL')
  await ended
  assert.equal(child.signalCode, 'SIGKILL', 'the writer ended by itself')
  const lines = readFileSync(told, 'latin1').split('\n')
  // The last line may have been cut by the kill: it was not told.
  lines.pop()
  return new Map(lines.map((line) => [Number(line.slice(0, line.indexOf(' '))), line.slice(line.indexOf(' ') + 1)]))
}

test(`what was promised is there after kill -9 (${KILLS} times, seed ${seed})`, async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'pullbox-kill-'))
  const random = new Random(seed)
  const known = new Map<number, string>()
  let promised = 0
  let torn = 0
  try {
    for (let run = 0; run < KILLS; run++) {
      const told = await promisesOf(path, run, random.below(60))
      promised += told.size
      for (const [seq, text] of told) {
        assert.ok(!known.has(seq), `number ${seq} was given twice`)
        known.set(seq, text)
      }
      const store = await openSegments({ path })
      const found = readAll(store)
      for (const [seq, text] of known) assert.equal(found.get(seq), text, `record ${seq} was promised in run ${run}`)
      assert.equal(new Set(found.values()).size, found.size, 'a record is there twice')
      assert.equal(store.damages().length, store.torn.length, 'a kill alone damages nothing')
      torn += store.torn.length
      for (const [seq, text] of found) known.set(seq, text)
      await store.close()
    }
    t.diagnostic(`${promised} promised, ${known.size} there, ${torn} torn writes moved aside`)
    assert.ok(promised > KILLS)
  } finally {
    rmSync(path, { recursive: true, force: true })
    rmSync(`${path}.told`, { force: true })
  }
})
