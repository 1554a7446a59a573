import type { Client, MissingAnswer, QueryAsk } from '../../client/index.ts'
import type { Given } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { ClosedPipe } from '../context.ts'
import { EXIT, usage } from '../exit.ts'
import type { Answer } from '../look/answer.ts'
import type { TimeRange } from '../time-range.ts'

const NOTHING_MISSING: MissingAnswer = { missing: [], incomplete: '' }

export const command: Command = {
  name: 'search',
  summary: 'find records, oldest first',
  group: 'look',
  details:
    'The query is LogsQL (docs/guides/logsql.md). Without --since and --until all of the store is covered, with no limit of rows. The running collector is asked if there is one, else the store is read, beside whatever else reads it. Exit status 3 when the answer is incomplete: something cannot be read, or messages of the range never came.',
  args: [{ name: 'QUERY', says: 'such as: host:sw1 severity:<=warning', optional: true, many: true }],
  options: [
    COMMON.config,
    COMMON.since,
    COMMON.until,
    COMMON.tz,
    { name: 'limit', short: 'n', value: 'N', says: 'at most so many rows' },
    { name: 'match', says: 'exit status 1 when nothing matched and the range was complete' },
    COMMON.json,
    COMMON.raw,
    COMMON.framing,
    COMMON.force,
    COMMON.noPager,
  ],
  examples: [
    { line: "pullbox search --since 2h 'host:sw1 severity:<=warning'", says: 'the last two hours of one switch' },
    { line: "pullbox search --json '* | stats by (host) count() as n'", says: 'counts by host' },
    { line: 'pullbox search --raw --framing octet host:sw1 > sw1.raw', says: 'the bytes as they were received' },
  ],
  async run(ctx, given) {
    const [{ openClient }, { wholeNumber }, { timeRange }, { recordTime }] = await Promise.all([
      import('../ask.ts'),
      import('../look/numbers.ts'),
      import('../time-range.ts'),
      import('../look/record-time.ts'),
    ])
    const limit = wholeNumber(given, 'limit', 1)
    const { client } = await openClient(ctx, given)
    try {
      const range = await timeRange(ctx, given, recordTime(client))
      return await search(ctx, given, client, range, limit)
    } finally {
      await client.close()
    }
  },
}

async function search(ctx: Context, given: Given, client: Client, range: TimeRange, limit: number | undefined): Promise<number> {
  const [{ namedFields }, { Answer }, { recordFormat }, { openPager }] = await Promise.all([
    import('../../search/index.ts'),
    import('../look/answer.ts'),
    import('../output/record.ts'),
    import('../output/pager.ts'),
  ])
  const format = recordFormat(ctx, given, range.zone)
  const text = given.args.join(' ')
  if (format.how === 'raw') await checkRaw(text, ctx.now())
  const columns = namedFields(text === '' ? '*' : text, ctx.now())
  const paged = await openPager(ctx, given.has('no-pager') || format.how !== 'text')
  const answer = new Answer(ctx, paged.sink, format, columns)
  ctx.covered(() => `stopped after ${answer.covered()}`)
  const ask: QueryAsk = {
    ...(range.since === null ? {} : { since: range.since }),
    ...(range.until === null ? {} : { until: range.until }),
    ...(limit === undefined ? {} : { limit }),
    tz: range.zone.name,
    now: ctx.now(),
    signal: ctx.signal,
  }
  let missing = NOTHING_MISSING
  try {
    missing = await print(ctx, client, text, ask, answer, format.how)
  } catch (error) {
    // A person who leaves the pager has seen enough.
    if (!(error instanceof ClosedPipe) || paged.sink === ctx.stdout) throw error
    return EXIT.done
  } finally {
    answer.endBar()
    await paged.end()
  }
  return conclude(ctx, given, answer, missing, text)
}

/** Prints the answer, and what is missing from it as the last object of `--json`. */
async function print(ctx: Context, client: Client, text: string, ask: QueryAsk, answer: Answer, how: string): Promise<MissingAnswer> {
  const [{ rawQuery }, { missingFor }] = await Promise.all([import('../look/answer.ts'), import('../../client/index.ts')])
  try {
    for await (const frame of client.query(how === 'raw' ? rawQuery(text) : text, ask)) await answer.frame(frame)
    if (ctx.signal.aborted) return NOTHING_MISSING
    const missing = await missingFor(client, text, ask)
    const { end } = answer
    if (end !== null) {
      const complete = end.complete && missing.missing.length === 0 && missing.incomplete === ''
      await answer.object({ ...end, complete, missing: missing.missing })
    }
    return missing
  } finally {
    // What was found is shown, also when it ended with an error or was stopped.
    await answer.flush()
  }
}

/** The line on stderr, and the exit status. */
async function conclude(ctx: Context, given: Given, answer: Answer, missing: MissingAnswer, text: string): Promise<number> {
  const [{ whyIncomplete, quoted }, { hostile }] = await Promise.all([import('../look/summary.ts'), import('../output/hostile.ts')])
  if (ctx.signal.aborted) return EXIT.done
  const why = whyIncomplete(answer.end, missing)
  if (why === '') {
    if (!given.has('json')) await ctx.stderr.write(`${answer.covered()}, ${(answer.end?.seconds ?? 0).toFixed(1)} s.\n`)
    return answer.rows === 0 && given.has('match') ? EXIT.noMatch : EXIT.done
  }
  const range = ['since', 'until'].flatMap((name) => (given.text(name) === undefined ? [] : [`--${name}`, given.text(name)!]))
  const more = ['pullbox', 'why-not', ...range, ...(text === '' ? [] : [text])].map(quoted).join(' ')
  const line = `${answer.covered()}, ${(answer.end?.seconds ?? 0).toFixed(1)} s. Incomplete: ${why} (exit 3; ${more})`
  await ctx.stderr.write(`${hostile(line, ctx.color.stderr)}\n`)
  return EXIT.incomplete
}

/** @throws CLI_USAGE when pipes make other rows than records: those have no bytes */
async function checkRaw(text: string, now: number): Promise<void> {
  const { picksRecords } = await import('../../search/index.ts')
  if (!picksRecords(text === '' ? '*' : text, now))
    throw usage('--raw prints records, and the pipes of this query make other rows', 'use --json')
}
