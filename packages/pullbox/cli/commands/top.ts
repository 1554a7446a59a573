import { setTimeout as sleep } from 'node:timers/promises'

import type { Client } from '../../client/index.ts'
import type { Given } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import type { Look } from '../state/rates.ts'
import type { RatedSource, SortBy } from '../state/sources-table.ts'
import { SORTS } from '../state/sources-table.ts'

const EVERY_MS = 1000

export const command: Command = {
  name: 'top',
  summary: 'live table of sources: rates, held, missing, refused',
  group: 'run',
  details:
    'Asks the running collector once a second. On a terminal the table is drawn again in its place, as many sources as fit; in a pipe it is printed once, after one second, so that there is a rate. Ctrl-C ends it.',
  options: [
    COMMON.config,
    { name: 'sort', value: 'COLUMN', choices: SORTS, says: 'text up, numbers down (default rate)' },
    { name: 'times', short: 'n', value: 'TIMES', says: 'end after so many tables (default: never on a terminal, else 1)' },
    COMMON.json,
  ],
  examples: [
    { line: 'pullbox top --sort missing', says: 'who loses most, first' },
    { line: 'pullbox top -n 60 --json', says: 'a minute of it, one object a source and second' },
  ],
  async run(ctx, given) {
    const [{ openClient }, { wholeNumber }, { sortOf }] = await Promise.all([
      import('../ask.ts'),
      import('../look/numbers.ts'),
      import('../state/sources-table.ts'),
    ])
    const by = sortOf(given.text('sort'), 'rate')
    const times = wholeNumber(given, 'times', 1) ?? (ctx.stdout.isTTY && !given.has('json') ? Number.POSITIVE_INFINITY : 1)
    const { client } = await openClient(ctx, given, 'collector')
    try {
      return await follow(ctx, given, client, by, times)
    } finally {
      await client.close()
    }
  },
}

async function follow(ctx: Context, given: Given, client: Client, by: SortBy, times: number): Promise<number> {
  const [{ rated }, { sorted }, draw] = await Promise.all([
    import('../state/rates.ts'),
    import('../state/sources-table.ts'),
    drawer(ctx, given, client),
  ])
  let tables = 0
  ctx.covered(() => `stopped after ${tables} ${tables === 1 ? 'table' : 'tables'}`)
  let before = await look(client)
  while (tables < times) {
    try {
      await sleep(EVERY_MS, undefined, { signal: ctx.signal })
    } catch {
      break
    }
    const now = await look(client)
    await draw(sorted(rated(before, now), by))
    before = now
    tables++
  }
  return EXIT.done
}

async function look(client: Client): Promise<Look> {
  return { sources: (await client.sources()).sources, at: performance.now() }
}

type Draw = (sources: readonly RatedSource[]) => Promise<void>

async function drawer(ctx: Context, given: Given, client: Client): Promise<Draw> {
  const [{ writeJson }, { drawTop }] = await Promise.all([import('../output/json.ts'), import('../state/top-table.ts')])
  if (!given.has('json')) return (sources) => drawTop(ctx, client.at, sources)
  return async (sources) => {
    const at = ctx.now()
    for (const source of sources) await writeJson(ctx.stdout, { type: 'source', at, ...source })
  }
}
