import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

import { openSegments } from '@pullbox/store/records'

import { randomFrom } from '../../query/language/seed.ts'
import { LineBlocks } from './lines.fixture.ts'

const PROVE = process.env['PULLBOX_PROVE'] === '1'
/** Bytes of messages; ten times the least `limits.memory` and more when it is to be proved. */
const RAW = (PROVE ? 5120 : 16) * 2 ** 20
const WORKERS = 2
/** For each of the threads, those that read and the one that gathers, beside what the process takes before it begins. */
const MOST_MEGABYTES = 100

const root = mkdtempSync(join(tmpdir(), 'pullbox-memory-'))
after(() => rmSync(root, { recursive: true, force: true }))

function clock(second: number): string {
  return new Date((second % 86_400) * 1000).toISOString().slice(11, 19)
}

async function fill(path: string): Promise<number> {
  const { random } = randomFrom('PULLBOX_SEED')
  const maker = new LineBlocks()
  const store = await openSegments({ path })
  let records = 0
  for (let bytes = 0; bytes < RAW;) {
    const lines: string[] = []
    for (let block = 0; block < 1 << 20; block += lines.at(-1)!.length) {
      const n = records++
      const noise = `${random(0x7fffffff).toString(36)} ${random(0x7fffffff).toString(36)} ${random(0x7fffffff).toString(36)}`
      lines.push(
        `<${n % 192}>Mar  1 ${clock(n >> 8)} sw${n % 374} app${n % 30}[${n % 9999}]: ${String(random(1e9)).padStart(9, '0')} session ${n} closed by peer ${noise} ${'state ok, nothing to see here. '.repeat(4)}`,
      )
    }
    await store.append([maker.block(lines, Date.UTC(2026, 2, 1) * 1000 + records)])
    bytes += lines.reduce((sum, line) => sum + line.length, 0)
  }
  await store.close()
  return records
}

interface Told {
  readonly text: string
  readonly rows: number
  readonly first: string
  readonly last: string
  readonly spilled: boolean
  readonly peak: number
}

test(
  `${RAW >> 20} MiB are searched, counted and sorted within ${MOST_MEGABYTES} MB a thread`,
  { skip: process.platform === 'linux' ? false : 'memory is told by /proc' },
  async (t) => {
    const path = join(root, 'store')
    const records = await fill(path)
    const queries = [
      'session | limit 1000000000',
      'i("SESSION") peer | stats by (host, app) count() as n',
      '~"peer [a-z0-9]+x" | stats count() as n',
      '* | sort by (_msg) | fields _msg',
      '* | sort by (pid, _msg) desc limit 100',
    ]
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, 'memory-child.fixture.ts'),
      path,
      String(WORKERS),
      join(root, 'spill'),
      ...queries,
    ])
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Told)
    const [base, ...rest] = told
    for (const { text, peak, rows, spilled } of rest)
      t.diagnostic(`${text}: ${rows} rows, peak ${Math.round(peak)} MB${spilled ? ', spilled' : ''}`)
    assert.equal(rest[0].rows, records)
    const sorted = rest[3]
    assert.equal(sorted.rows, records)
    assert.ok(sorted.first < sorted.last)
    assert.ok(sorted.spilled, 'more was sorted than memory holds')
    assert.equal(rest[4].rows, 100)
    for (const { text, peak } of rest)
      assert.ok(peak - base.peak <= MOST_MEGABYTES * (WORKERS + 1), `${text}: ${peak} MB after ${base.peak} MB`)
  },
)
