import type { Client, ClientTailAsk } from '../../client/index.ts'
import type { Given } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'

/** Rows that are shown first where nothing is said, as tail(1) does. */
const LAST = 10

export const command: Command = {
  name: 'tail',
  summary: 'follow records as they are stored',
  group: 'look',
  details:
    'Shows the last rows that match, then each record as it is synced, in the order in which they were stored. When the collector ends or is restarted it connects again and goes on where it stood; without a collector it follows the store. With --cursor-file the place is kept: the next run goes on from there, without a gap and without a repeat, and -n and --since count for the first run only. Where the output is a regular file to which it appends, that also holds after kill -9; into a pipe, the records of the last moment before a kill -9 may come again.',
  args: [{ name: 'QUERY', says: 'a filter, and pipes that look at one row', optional: true, many: true }],
  options: [
    COMMON.config,
    { name: 'lines', short: 'n', value: 'N', says: `first the last N rows that match (default ${LAST}; all with --since)` },
    { ...COMMON.since, says: 'first all rows from this time on; with -n the last N of those' },
    COMMON.tz,
    { name: 'cursor-file', value: 'FILE', completes: 'file', says: 'keep the place in this file, and go on from it' },
    COMMON.json,
    COMMON.raw,
    COMMON.framing,
    COMMON.force,
  ],
  examples: [
    { line: 'pullbox tail -n 20 app:sshd', says: 'the last twenty, then what comes' },
    {
      line: 'pullbox tail --json --cursor-file /var/lib/x/cursor severity:<=err >> errors.ndjson',
      says: 'each record once, over restarts',
    },
  ],
  async run(ctx, given) {
    const [{ openClient }, { wholeNumber }, { timeRange }, { recordTime }, { MOST_LAST }] = await Promise.all([
      import('../ask.ts'),
      import('../look/numbers.ts'),
      import('../time-range.ts'),
      import('../look/record-time.ts'),
      import('../../tail/index.ts'),
    ])
    const last = wholeNumber(given, 'lines', 0, MOST_LAST)
    const { client } = await openClient(ctx, given)
    try {
      const { since, zone } = await timeRange(ctx, given, recordTime(client))
      const start = { ...(last === undefined ? {} : { last }), ...(since === null ? {} : { since }) }
      return await tail(ctx, given, client, { ...start, tz: zone.name, signal: ctx.signal })
    } finally {
      await client.close()
    }
  },
}

async function tail(ctx: Context, given: Given, client: Client, asked: ClientTailAsk): Promise<number> {
  const [{ Follower }, { recordFormat }, { rawQuery }, files, { zoneOf }, { counted }, { namedFields }] = await Promise.all([
    import('../look/follow.ts'),
    import('../output/record.ts'),
    import('../look/answer.ts'),
    import('../look/cursor-file.ts'),
    import('../time-range.ts'),
    import('../look/summary.ts'),
    import('../../search/index.ts'),
  ])
  const format = recordFormat(ctx, given, zoneOf(ctx, given))
  const path = given.text('cursor-file')
  const file = path === undefined ? null : new files.CursorFile((await import('node:path')).resolve(ctx.cwd, path))
  const kept = file?.read() ?? null
  const sink = new files.ResumedSink(ctx.stdout, files.writtenSince(ctx.stdout, kept?.output ?? null))
  const text = given.args.join(' ')
  const keep = (cursor: string) => file?.write(cursor, files.outputPlace(ctx.stdout))
  const follower = new Follower(ctx, sink, format, keep, namedFields(text === '' ? '*' : text, ctx.now()))
  ctx.covered(() => `stopped after ${counted(follower.records, 'record')}`)
  const ask = await begin(ctx, asked, kept?.cursor, path)
  try {
    for await (const event of client.tail(format.how === 'raw' ? rawQuery(text) : text, ask)) await follower.event(event)
  } finally {
    await follower.end()
  }
  return EXIT.done
}

/** Where it begins, and what is said of breaks. */
async function begin(ctx: Context, asked: ClientTailAsk, cursor: string | undefined, path = ''): Promise<ClientTailAsk> {
  const { hostile } = await import('../output/hostile.ts')
  const say = (text: string) => void ctx.stderr.write(`${hostile(text, ctx.color.stderr)}\n`).catch(() => {})
  const { last, since, ...rest } = asked
  const notes = {
    onBreak: (why: Error, delay: number, times: number) => {
      if (times === 1) say(`${why.message}; trying again in ${delay} ms, and then less and less often`)
    },
    onResume: (at: string) => say(`connected again to ${at}, going on where it stood`),
  }
  if (cursor === undefined) {
    const start = last === undefined && since === undefined ? { last: LAST } : asked
    return { ...rest, ...start, ...notes }
  }
  const passed = [last === undefined ? '' : '-n', since === undefined ? '' : '--since'].filter((name) => name !== '')
  if (passed.length > 0) say(`going on from the cursor in ${path}; ${passed.join(' and ')} counted for the first run only`)
  return { ...rest, ...notes, cursor }
}
