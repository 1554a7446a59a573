import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { canTail, ListSource, QueryPool, runQuery, type ListOptions, type ListRow, type QueryArguments } from './index.ts'
import { answer, BASE, inOrder, LIST_SOURCE, parse, plainBlocks, shown, spillDir, type End } from './run.fixture.ts'

test('counts of events are true, and unreadable blocks are reasons', async () => {
  const options: ListOptions = { blocks: plainBlocks(10, 20), unreadable: [3], throwing: [7] }
  const pool = new QueryPool({ source: { module: LIST_SOURCE, options }, workers: 2 })
  for (const threads of [null, pool]) {
    let tick = 0
    const { rows, end, events } = await answer({
      query: parse('host:h1'),
      source: new ListSource(options),
      pool: threads,
      clock: () => (tick += 1000),
    })
    const wanted = options.blocks.flatMap((block, b) => (b === 3 || b === 7 ? [] : block)).filter(({ fields }) => fields['host'] === 'h1')
    assert.deepEqual(
      rows.map(({ id }) => id),
      wanted.map(({ id }) => id),
    )
    assert.equal(end.complete, false)
    assert.deepEqual(
      end.reasons.map(({ kind, text, count, since, until }) => ({ kind, text, count, since, until })).sort((a, b) => a.since! - b.since!),
      [
        { kind: 'unreadable', text: 'block 3 is damaged', count: 20, since: BASE + 3e6, until: BASE + 3e6 + 19 },
        { kind: 'unreadable', text: 'block 7 broke', count: 20, since: BASE + 7e6, until: BASE + 7e6 + 19 },
      ],
    )
    const { memory_peak: _peak, ...stats } = end.stats
    assert.deepEqual(stats, {
      blocks_read: 10,
      blocks_total: 10,
      bytes_read: 20_000,
      bytes_total: 20_000,
      rows_read: 160,
      matched: wanted.length,
      rows: wanted.length,
      spilled: false,
    })
    const progress = events.filter((event) => event.type === 'progress')
    assert.ok(progress.length >= 2)
    for (let i = 1; i < progress.length; i++) assert.ok(progress[i]!.blocks_read >= progress[i - 1]!.blocks_read)
    assert.equal(progress.at(-1)!.blocks_read, 10)
    assert.equal(progress.at(-1)!.matched, wanted.length)
  }
  await pool.close()
})

test('a column that turns out damaged costs its block, and only the queries that read it', async () => {
  const options: ListOptions = { blocks: plainBlocks(6, 10), broken: [{ block: 2, field: 'n' }] }
  for (const [text, rows, lost] of [
    ['* | stats by (host) count() c, sum(n) s', 7, 10],
    ['*', 50, 10],
    ['n:>0 | count() c', 1, 10],
    ['* | sort by (n) limit 5', 5, 10],
    ['* | facets', 37, 10],
    ['* | stats by (host) count() c', 7, 0],
    ['row | fields host', 60, 0],
  ] as const) {
    const found = await answer({ query: parse(text), source: new ListSource(options) })
    assert.equal(found.rows.length, rows, text)
    assert.deepEqual(
      found.end.reasons.map(({ text: why, count }) => [why, count]),
      lost === 0 ? [] : [['column n of block 2 is damaged', lost]],
      text,
    )
    if (text.includes('count() c,'))
      assert.equal(
        found.rows.reduce((sum, row) => sum + Number(row.fields['c']), 0),
        50,
      )
  }
})

test('the bounds of time cut blocks and rows', async () => {
  const options: ListOptions = { blocks: plainBlocks(10, 20) }
  const range = { since: BASE + 2e6 + 5, until: BASE + 4e6 + 3 }
  const source = new ListSource(options)
  const { rows, end } = await answer({ query: parse('*'), source, range })
  assert.equal(rows.length, 15 + 20 + 3)
  assert.deepEqual(source.log.read, [2, 3, 4])
  assert.equal(end.stats.blocks_total, 3)
  const counted = await answer({ query: parse('* | count() c'), source: new ListSource(options), range })
  assert.deepEqual(shown(counted.rows), [['', { c: '38' }]])
})

test('counting reads no column that it does not need', async () => {
  const options: ListOptions = { blocks: plainBlocks(5, 30), dictionaries: ['host'] }
  for (const [text, read, columns] of [
    ['* | count() c', 0, []],
    ['* | stats by (host) count() c', 0, []],
    ['* | top 3 by (host)', 0, []],
    ['host:h1 | count() c', 5, ['host']],
    ['* | stats by (_time:1s) count() c', 5, []],
    ['* | stats by (host) sum(n) s', 5, ['host', 'n']],
  ] as const) {
    const source = new ListSource(options)
    await answer({ query: parse(text), source })
    assert.equal(source.log.read.length, read, text)
    assert.deepEqual([...source.log.columns].sort(), [...columns], text)
  }
})

test('a limit ends reading early, newest first too', async () => {
  const options: ListOptions = { blocks: plainBlocks(50, 20) }
  for (const [order, first, block] of [
    ['oldest', '0.0', 0],
    ['newest', '49.19', 49],
  ] as const) {
    const source = new ListSource(options)
    const { rows, end } = await answer({ query: parse('*'), source, order, limit: 15 })
    assert.equal(rows.length, 15)
    assert.equal(rows[0]!.id, first)
    assert.deepEqual(source.log.read, [block])
    assert.equal(end.complete, true)
  }
})

test('a stopped query reads no further block, and says where it stopped', async () => {
  const options: ListOptions = { blocks: plainBlocks(60, 20) }
  const stop = new AbortController()
  const source = new ListSource(options)
  let read = -1
  let end: End | null = null
  for await (const event of runQuery({ query: parse('*'), source, now: 0, signal: stop.signal })) {
    if (event.type === 'rows' && read < 0) {
      stop.abort()
      read = source.log.read.length
    }
    if (event.type === 'end') end = event
  }
  assert.ok(source.log.read.length <= read + 1, `${source.log.read.length} blocks read, ${read} when it was stopped`)
  assert.equal(end!.complete, false)
  assert.deepEqual(
    end!.reasons.map(({ kind }) => kind),
    ['stopped'],
  )
  assert.ok(end!.stats.blocks_read < 60)
})

test('a stopped query in threads reads at most what was handed out', async () => {
  const options: ListOptions = { blocks: plainBlocks(200, 20) }
  const pool = new QueryPool({ source: { module: LIST_SOURCE, options }, workers: 2 })
  const stop = new AbortController()
  let end: End | null = null
  for await (const event of runQuery({ query: parse('*'), source: new ListSource(options), now: 0, signal: stop.signal, pool })) {
    if (event.type === 'rows') stop.abort()
    if (event.type === 'end') end = event
  }
  assert.ok(end!.stats.blocks_read <= 16, `${end!.stats.blocks_read} blocks`)
  assert.deepEqual(
    end!.reasons.map(({ kind }) => kind),
    ['stopped'],
  )
  // the pool serves the next query
  assert.equal((await answer({ query: parse('*'), source: new ListSource(options), pool })).rows.length, 4000)
  await pool.close()
})

test('a consumer that goes away or is slow holds the work', async () => {
  const options: ListOptions = { blocks: plainBlocks(60, 20) }
  const source = new ListSource(options)
  for await (const event of runQuery({ query: parse('*'), source, now: 0 })) {
    if (event.type !== 'rows') continue
    const read = source.log.read.length
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.ok(source.log.read.length <= read + 1)
    break
  }
  assert.ok(source.log.read.length < 5)
})

/** Bytes that all rows would take in memory: texts at two bytes a unit, with id, time and the ends of the texts. */
function size(blocks: readonly (readonly ListRow[])[]): number {
  let bytes = 0
  for (const { id, fields } of blocks.flat()) for (const text of [id, ...Object.values(fields)]) bytes += text.length * 2 + 8
  return bytes
}

test('more rows than memory holds are sorted exactly', async (t) => {
  const scale = process.env['PULLBOX_PROVE'] ? 10 : 1
  const blocks = plainBlocks(100 * scale, 50)
  const options: ListOptions = { blocks }
  const memory = Math.floor(size(blocks) / 10)
  const wanted = blocks.flat().map((row, place) => ({ row, place }))
  wanted.sort((a, b) => Number(a.row.fields['n']) - Number(b.row.fields['n']) || a.place - b.place)
  const pool = new QueryPool({ source: { module: LIST_SOURCE, options }, workers: 2 })
  for (const threads of [null, pool]) {
    const { rows, end } = await answer({ query: parse('* | sort by (n)'), source: new ListSource(options), memory, pool: threads })
    assert.deepEqual(
      rows.map(({ id }) => id),
      wanted.map(({ row }) => row.id),
    )
    assert.equal(end.stats.spilled, true)
    assert.ok(end.stats.memory_peak <= memory, `${end.stats.memory_peak} of ${memory} bytes`)
    assert.deepEqual(readdirSync(spillDir), [])
  }
  t.diagnostic(`${wanted.length} rows, ${size(blocks)} bytes, ${memory} bytes of memory`)
  await pool.close()
})

test('rows of blocks that all overlap come in order within little memory', async () => {
  // every block spans the whole time, so that nothing can come out before the last one is read
  const blocks = plainBlocks(40, 100, 0).map((block, b) => block.map((row, r) => ({ ...row, time: BASE + ((r * 40 + b * 17) % 4000) })))
  const options: ListOptions = { blocks }
  for (const order of ['oldest', 'newest'] as const) {
    const { rows, end } = await answer({ query: parse('*'), source: new ListSource(options), memory: Math.floor(size(blocks) / 5), order })
    assert.deepEqual(
      rows.map(({ id }) => id),
      inOrder(options, order === 'newest').map(({ id }) => id),
    )
    assert.equal(end.stats.spilled, true)
  }
  assert.deepEqual(readdirSync(spillDir), [])
})

test('what can be neither held nor spilled ends the query with its limit', async () => {
  const options: ListOptions = { blocks: plainBlocks(50, 100) }
  const limited = (text: string, more: Partial<QueryArguments> = {}): Promise<unknown> =>
    answer({ query: parse(text), source: new ListSource(options), memory: 40_000, ...more })
  for (const text of [
    '* | stats by (_msg) count()',
    '* | uniq by (_msg)',
    '* | top 3 by (_msg)',
    '* | stats uniq_values(_msg) x',
    '* | count_uniq(_msg)',
  ]) {
    await assert.rejects(
      limited(text),
      (error: { code?: string; message: string; hint: string }) =>
        error.code === 'QUERY_MEMORY_LIMIT' && error.message.includes('40000') && error.hint !== '',
      text,
    )
  }
  await assert.rejects(limited('* | sort by (n)', { spillDir: undefined as never }), { code: 'QUERY_MEMORY_LIMIT' })
  const pool = new QueryPool({ source: { module: LIST_SOURCE, options }, workers: 2 })
  await assert.rejects(limited('* | uniq by (_msg)', { pool }), { code: 'QUERY_MEMORY_LIMIT' })
  await pool.close()
})

test('temporary files go when the consumer leaves in the middle', async () => {
  const options: ListOptions = { blocks: plainBlocks(60, 200) }
  let seen = 0
  for await (const event of runQuery({
    query: parse('* | sort by (n)'),
    source: new ListSource(options),
    memory: 200_000,
    spillDir,
    now: 0,
  })) {
    if (event.type !== 'rows') continue
    seen = readdirSync(spillDir).length
    break
  }
  assert.ok(seen > 0)
  assert.deepEqual(readdirSync(spillDir), [])
})

test('a thread that cannot open its source ends the query with its error', async () => {
  const pool = new QueryPool({ source: { module: 'file:///nowhere/source.mjs', options: null }, workers: 2 })
  await assert.rejects(answer({ query: parse('*'), source: new ListSource({ blocks: plainBlocks(4, 4) }), pool }), {
    code: 'QUERY_WORKER_FAILED',
    message: /nowhere/,
  })
  await pool.close()
})

test('a tail takes the queries that the vectors say it can', () => {
  const lines = readFileSync(new URL('../../../../vectors/logsql.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  let checked = 0
  for (const line of lines) {
    const { input, expected } = JSON.parse(line) as { input: { what?: string; text: string }; expected: { can_live_tail?: boolean } }
    if (input.what !== 'query' || expected.can_live_tail === undefined || /block_stats|blocks_count|hash/.test(input.text)) continue
    assert.equal(canTail(parse(input.text)), expected.can_live_tail, input.text)
    checked++
  }
  assert.ok(checked >= 14)
})

test('subqueries give the values of a list', async () => {
  const options: ListOptions = { blocks: plainBlocks(5, 20) }
  const { rows } = await answer({ query: parse('host:in(_msg:"row 3 of" | fields host) | count() c'), source: new ListSource(options) })
  const hosts = new Set(
    options.blocks
      .flat()
      .filter(({ fields }) => fields['_msg']!.startsWith('row 3 of'))
      .map(({ fields }) => fields['host']),
  )
  assert.deepEqual(shown(rows), [['', { c: String(options.blocks.flat().filter(({ fields }) => hosts.has(fields['host'])).length) }]])
})
