import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import { EXIT } from '../exit.ts'
import { SORTS } from '../state/sources-table.ts'

export const command: Command = {
  name: 'sources',
  summary: 'who sends: the account of each source',
  group: 'look',
  details:
    'One line a source: received = stored + duplicate + refused + held, and beside it what never came (missing, by the numbers that the sender gives). CHECK is received less the four and must be 0. The running collector is asked if there is one, else the store tells what it can: held is 0 then, and nobody is silent.',
  options: [
    COMMON.config,
    { name: 'sort', value: 'COLUMN', choices: SORTS, says: 'text up, numbers down (default source)' },
    COMMON.tz,
    COMMON.json,
  ],
  examples: [
    { line: 'pullbox sources --sort missing', says: 'who loses most, first' },
    { line: 'pullbox sources --json', says: 'one object a source, refusals by their reasons' },
  ],
  async run(ctx, given) {
    const [{ openClient }, { writeJson }, { writeTable }, { zoneOf }, table, { counted }] = await Promise.all([
      import('../ask.ts'),
      import('../output/json.ts'),
      import('../output/table.ts'),
      import('../time-range.ts'),
      import('../state/sources-table.ts'),
      import('../look/summary.ts'),
    ])
    const zone = zoneOf(ctx, given)
    const by = table.sortOf(given.text('sort'), 'source')
    const { client } = await openClient(ctx, given)
    try {
      const { sources } = await client.sources()
      const list = table.sorted(
        sources.map((s) => ({ ...s, rate: null })),
        by,
      )
      if (given.has('json')) {
        for (const { rate: _, ...source } of list) await writeJson(ctx.stdout, { type: 'source', ...source })
        return EXIT.done
      }
      await writeTable(
        ctx.stdout,
        table.SOURCE_COLUMNS,
        list.map((s) => table.sourceCells(s, zone)),
        ctx.color.stdout,
      )
      const silent = list.filter((s) => s.silent).length
      const loss = list.filter((s) => s.missing > 0).length
      const off = list.filter((s) => s.check !== 0).length
      await ctx.stderr.write(
        `${counted(list.length, 'source')}, ${silent} silent, ${loss} with loss, ${off === 0 ? 'balanced' : `${off} not balanced`}${client.via === 'store' ? '; no collector runs' : ''}\n`,
      )
      return EXIT.done
    } finally {
      await client.close()
    }
  },
}
