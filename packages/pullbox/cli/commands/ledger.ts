import type { LedgerCheckView } from '../../api/index.ts'
import type { Client } from '../../client/index.ts'
import type { Given } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import type { Progress as Bar } from '../output/progress.ts'

const check: Command = {
  name: 'check',
  summary: 'count every record again and compare with the account',
  group: 'look',
  details:
    'Reads every block of the store, checks every byte, counts the records of each source and compares: account = counted on disk + gone by retention + unreadable. The running collector is asked if there is one, else the store is read. With --since only what came after the checkpoint nearest at or before that time is counted. Exit status 8 when the account does not balance: a difference, damage, or records that went otherwise than by retention.',
  options: [COMMON.config, COMMON.since, COMMON.tz, COMMON.json],
  examples: [
    { line: 'pullbox ledger check', says: 'all of the store' },
    { line: 'pullbox ledger check --since today', says: 'what came today' },
  ],
  async run(ctx, given) {
    const [{ openClient }, { timeRange }, { recordTime }] = await Promise.all([
      import('../ask.ts'),
      import('../time-range.ts'),
      import('../look/record-time.ts'),
    ])
    const { client } = await openClient(ctx, given)
    try {
      const { since } = await timeRange(ctx, given, recordTime(client))
      ctx.covered(() => 'stopped before all was counted: nothing is said about the account')
      const view = await count(ctx, client, since)
      await show(ctx, given, view)
      return view.balanced ? EXIT.done : EXIT.checkFailed
    } catch (error) {
      // Whatever a count that is stopped fails with, it was stopped.
      if (ctx.signal.aborted) return EXIT.done
      throw error
    } finally {
      await client.close()
    }
  },
}

/** With a bar where the count is made here. */
async function count(ctx: Context, client: Client, since: number | null): Promise<LedgerCheckView> {
  const { Progress } = await import('../output/progress.ts')
  const bars: Bar[] = []
  const onProgress = (done: number, total: number) => {
    if (bars.length === 0) bars.push(new Progress(ctx.stderr, () => ctx.now(), total))
    bars[0].update(done)
  }
  try {
    return await client.ledgerCheck({ signal: ctx.signal, onProgress, ...(since === null ? {} : { since }) })
  } finally {
    bars[0]?.end()
  }
}

async function show(ctx: Context, given: Given, view: LedgerCheckView): Promise<void> {
  const [{ writeJson }, { writeTable }, { zoneOf }, { formatTime }, { nameOf, checkText }, { counted }] = await Promise.all([
    import('../output/json.ts'),
    import('../output/table.ts'),
    import('../time-range.ts'),
    import('../../time/zone.ts'),
    import('../state/sources-table.ts'),
    import('../look/summary.ts'),
  ])
  const { sources, ...rest } = view
  if (given.has('json')) {
    for (const source of sources) await writeJson(ctx.stdout, { type: 'source', ...source })
    await writeJson(ctx.stdout, { type: 'end', ...rest })
    return
  }
  const rows = sources.map((s) => [
    nameOf(s.source),
    s.received,
    s.duplicate,
    s.refused,
    s.held,
    s.account,
    s.counted,
    s.gone,
    s.unreadable,
    checkText(s.difference),
    checkText(s.check),
    s.missing,
  ])
  await writeTable(ctx.stdout, COLUMNS, rows, ctx.color.stdout)
  const from = view.since === null ? '' : ` since ${formatTime(view.since, zoneOf(ctx, given), 3)}`
  const read = `${counted(view.records, 'record')} in ${counted(view.blocks, 'block')} counted${from}, ${view.seconds.toFixed(1)} s`
  const damage = view.damages === 0 ? '' : `; ${counted(view.damages, 'damage')}: pullbox store fsck`
  const off = sources.filter((s) => s.difference !== 0 || s.check !== 0 || s.unreadable !== 0).length
  const verdict = view.balanced ? 'balanced' : `NOT BALANCED: ${counted(off, 'source')} of ${sources.length} (exit 8)`
  await ctx.stderr.write(`${verdict}. ${read}${damage}\n`)
}

const COLUMNS = [
  { title: 'SOURCE', cuts: true },
  { title: 'RECEIVED', right: true },
  { title: 'DUP', right: true },
  { title: 'REFUSED', right: true },
  { title: 'HELD', right: true },
  { title: 'STORED', right: true },
  { title: 'ON DISK', right: true },
  { title: 'GONE', right: true },
  { title: 'UNREADABLE', right: true },
  { title: 'DIFFERENCE', right: true },
  { title: 'CHECK', right: true },
  { title: 'MISSING', right: true },
]

export const command: Command = {
  name: 'ledger',
  summary: 'prove that the account of the sources balances',
  group: 'look',
  commands: [check],
  examples: [{ line: 'pullbox ledger check', says: 'count every record again' }],
}
