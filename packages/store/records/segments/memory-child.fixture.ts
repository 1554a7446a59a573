// Runs queries over a store in a process of its own and tells how much memory that took; started by memory.test.ts with the path of the
// store, the number of threads, a directory for temporary files, and the queries.
import { readFileSync, writeFileSync } from 'node:fs'

import { parseQuery, pipeParsers, QueryPool, runQuery } from '@pullbox/store/query'
import { describeSource, openSource } from '@pullbox/store/records'

/** Megabytes, from /proc. */
function megabytes(name: string): number {
  const found = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'latin1'))
  return Number(found?.[1]) / 1024
}

const [path, workers, spillDir, ...queries] = process.argv.slice(2)
const { options } = describeSource({ path })
const source = await openSource(options)
process.stdout.write(`${JSON.stringify({ peak: megabytes('VmHWM') })}\n`)
const pool = new QueryPool({ source: describeSource({ path }), workers: Number(workers) })
for (const text of queries) {
  // the greatest size from here on
  writeFileSync('/proc/self/clear_refs', '5')
  const query = parseQuery(text, { pipes: pipeParsers })
  let rows = 0
  let first = ''
  let last = ''
  let spilled = false
  for await (const event of runQuery({ query, source, pool, spillDir, now: 0, memory: 64 << 20 })) {
    if (event.type === 'end') spilled = event.stats.spilled
    if (event.type !== 'rows') continue
    rows += event.rows.length
    if (first === '') first = event.rows[0].fields['_msg'] ?? ''
    last = event.rows.at(-1)?.fields['_msg'] ?? ''
  }
  process.stdout.write(`${JSON.stringify({ text, rows, first, last, spilled, peak: megabytes('VmHWM') })}\n`)
}
await pool.close()
await source.close?.()
