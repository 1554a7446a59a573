import type { RecordView } from '@pullbox/log/record'

import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import { EXIT, ExitError } from '../exit.ts'
import type { PrintedRecord } from '../output/record.ts'

export const command: Command = {
  name: 'search',
  summary: 'find records, oldest first',
  group: 'look',
  details:
    'The query is LogsQL (docs/guides/logsql.md). Without --since and --until all of the store is covered, with no limit of rows. Reads what the collector has synced, beside it or without it. Exit status 3 when the answer is incomplete.',
  args: [{ name: 'QUERY', says: 'such as: host:sw1 severity:<=warning', many: true }],
  options: [
    COMMON.config,
    COMMON.since,
    COMMON.until,
    COMMON.tz,
    COMMON.json,
    { name: 'limit', short: 'n', value: 'N', says: 'at most so many rows' },
    { name: 'match', says: 'exit status 1 when nothing matched' },
  ],
  examples: [
    { line: "pullbox search --since 2h 'host:sw1 severity:<=warning'", says: 'the last two hours of one switch' },
    { line: "pullbox search --json '* | stats by (host) count() as n'", says: 'counts by host' },
  ],
  async run(ctx, given) {
    const [
      { loadConfig },
      { recordsSource },
      { createSearch },
      { timeRange },
      { RecordPrinter, recordFormat },
      { printedView },
      { writeJson },
    ] = await Promise.all([
      import('../../config/index.ts'),
      import('../../config/drivers.ts'),
      import('../../search/index.ts'),
      import('../time-range.ts'),
      import('../output/record.ts'),
      import('../output/record-view.ts'),
      import('../output/json.ts'),
    ])
    const file = given.text('config')
    const { config } = loadConfig({ env: ctx.env, cwd: ctx.cwd, uid: ctx.uid, ...(file === undefined ? {} : { file }) })
    const source = recordsSource(config.store.type, config.store.options as Record<string, unknown>)
    if (source === null)
      throw new ExitError(EXIT.usage, 'CLI_STORE_IN_MEMORY', `a store of type ${config.store.type} can be read by its collector only`)
    const range = await timeRange(ctx, given)
    const printer = new RecordPrinter(ctx.stdout, recordFormat(ctx, given, range.zone))
    const limit = given.text('limit')
    const { tmpdir } = await import('node:os')
    const search = createSearch({ source, workers: 2, spillDir: tmpdir() })
    let rows = 0
    try {
      const frames = search.query(given.args.join(' '), {
        ...(range.since === null ? {} : { since: range.since }),
        ...(range.until === null ? {} : { until: range.until }),
        ...(limit === undefined ? {} : { limit: Number(limit) }),
        signal: ctx.signal,
        now: ctx.now(),
      })
      for await (const frame of frames) {
        if (frame.type === 'rows') {
          for (const row of frame.rows) {
            rows++
            if (row.type === 'row') await writeJson(ctx.stdout, row)
            else await printer.record(printedView(row as RecordView) as PrintedRecord)
          }
        } else if (frame.type === 'end') {
          await printer.flush()
          const size = (n: number) => `${(n / 1e6).toFixed(1)}`
          const incomplete = frame.complete ? '' : ` Incomplete: ${JSON.stringify(frame.reasons)}`
          await ctx.stderr.write(
            `${rows} records, ${size(frame.bytes_read)} of ${size(frame.bytes_total)} MB read, ${frame.seconds.toFixed(1)} s.${incomplete}\n`,
          )
          if (!frame.complete) return EXIT.incomplete
        }
      }
    } finally {
      await search.close()
    }
    return rows === 0 && given.has('match') ? EXIT.noMatch : EXIT.done
  },
}
