import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import type { QueryAsk, WhyNot } from '../../client/index.ts'

/** Findings of one kind that are printed; --json has all. */
const SHOWN = 20

export const command: Command = {
  name: 'why-not',
  summary: 'what was refused, late, unreadable, missing or silent',
  group: 'look',
  details:
    'Tells what is known of records that a search does not show: numbers that never came, records that cannot be read, what was refused and by which name, what the kernel dropped, what is read and not synced yet, records that came in the range with a time outside of it, and sources that are silent. Where the whole query finds nothing, each of its parts is counted alone. Exit status 3 when something of the range is lost, or may be.',
  args: [{ name: 'QUERY', says: 'as for search; pipes are passed over', optional: true, many: true }],
  options: [COMMON.config, COMMON.since, COMMON.until, COMMON.tz, COMMON.json],
  examples: [{ line: 'pullbox why-not --since 10m host:sw1', says: 'why the last ten minutes of sw1 look thin' }],
  async run(ctx, given) {
    const [{ openClient }, { timeRange }, { recordTime }, { whyNot }] = await Promise.all([
      import('../ask.ts'),
      import('../time-range.ts'),
      import('../look/record-time.ts'),
      import('../../client/index.ts'),
    ])
    const { client } = await openClient(ctx, given)
    try {
      const { since, until, zone } = await timeRange(ctx, given, recordTime(client))
      const ask: QueryAsk = {
        ...(since === null ? {} : { since }),
        ...(until === null ? {} : { until }),
        tz: zone.name,
        now: ctx.now(),
        signal: ctx.signal,
      }
      ctx.covered(() => 'stopped before all was looked at')
      const answer = await whyNot(client, given.args.join(' '), ask)
      if (ctx.signal.aborted) return EXIT.done
      await print(ctx, answer, given.has('json'))
      return answer.complete ? EXIT.done : EXIT.incomplete
    } finally {
      await client.close()
    }
  },
}

async function print(ctx: Context, { matched, complete, findings }: WhyNot, json: boolean): Promise<void> {
  const [{ hostile }, { writeJson }, { pad }, { paint }, { countText, counted }] = await Promise.all([
    import('../output/hostile.ts'),
    import('../output/json.ts'),
    import('../output/width.ts'),
    import('../output/color.ts'),
    import('../look/summary.ts'),
  ])
  if (json) {
    for (const finding of findings) await writeJson(ctx.stdout, { type: 'row', ...finding })
    return writeJson(ctx.stdout, { type: 'end', complete, matched })
  }
  const kinds = [...new Set(findings.map((f) => f.kind))]
  for (const kind of kinds) {
    const some = findings.filter((f) => f.kind === kind)
    const label = paint(pad(kind, 10), 'bold', ctx.color.stdout)
    for (const { text } of some.slice(0, SHOWN)) await ctx.stdout.write(`${label}  ${hostile(text, ctx.color.stdout)}\n`)
    if (some.length > SHOWN) await ctx.stdout.write(`${label}  and ${countText(some.length - SHOWN)} more (--json has all)\n`)
  }
  if (findings.length === 0) await ctx.stdout.write('nothing is known to be missing, refused, unreadable, late or silent\n')
  await ctx.stderr.write(
    `${counted(matched, 'record')} of the range ${matched === 1 ? 'matches' : 'match'}.${complete ? '' : ' Incomplete (exit 3).'}\n`,
  )
}
