import type { StatusView } from '../../api/index.ts'
import type { Client } from '../../client/index.ts'
import type { Zone } from '../../time/zone.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'

export const command: Command = {
  name: 'status',
  summary: 'the state of collector and store, once',
  group: 'run',
  details:
    'Totals of all sources (received = stored + duplicate + refused + held; missing beside it), the listeners, the store, and what keeps it from writing. Without a running collector the store tells what it can, and the first line says so; that is no error. pullbox top shows it live.',
  options: [COMMON.config, COMMON.tz, COMMON.json],
  examples: [
    { line: 'pullbox status', says: 'once' },
    { line: 'pullbox status --json', says: 'the same as GET /api/v1/status, as one object' },
  ],
  async run(ctx, given) {
    const [{ openClient }, { writeJson }, { zoneOf }] = await Promise.all([
      import('../ask.ts'),
      import('../output/json.ts'),
      import('../time-range.ts'),
    ])
    const zone = zoneOf(ctx, given)
    const { client } = await openClient(ctx, given)
    try {
      const status = await client.status()
      if (given.has('json')) await writeJson(ctx.stdout, { type: 'status', via: client.via, at: client.at, ...status })
      else await show(ctx, client, status, zone)
      return EXIT.done
    } finally {
      await client.close()
    }
  },
}

async function show(ctx: Context, client: Client, status: StatusView, zone: Zone): Promise<void> {
  const [{ writeTable }, { hostile }, { paint }] = await Promise.all([
    import('../output/table.ts'),
    import('../output/hostile.ts'),
    import('../output/color.ts'),
  ])
  const color = ctx.color.stdout
  for (const line of await headLines(client, status, zone)) await ctx.stdout.write(`${hostile(line, color)}\n`)
  const { received, stored, duplicate, refused, held, missing, balanced, trouble } = status
  await ctx.stdout.write('\n')
  await writeTable(ctx.stdout, TOTALS, [[received, stored, duplicate, refused, held, missing, balanced ? 'balanced' : 'NOT BALANCED']])
  if (status.listeners.length > 0) {
    await ctx.stdout.write('\n')
    const rows = status.listeners.map((l) => [
      l.type,
      l.address,
      l.counters['received'] ?? 0,
      l.counters['bytes'] ?? 0,
      l.kernel_drops,
      l.counters['connectionsOpen'] ?? 0,
      l.counters['framesDamaged'] ?? 0,
      l.counters['truncated'] ?? 0,
      l.counters['abandoned'] ?? 0,
    ])
    await writeTable(ctx.stdout, LISTENERS, rows, color)
  }
  if (trouble !== null) {
    await ctx.stdout.write(
      `\n${paint(hostile(`trouble: ${trouble.code}: ${trouble.message}. See: pullbox help ${trouble.code}`, color), 'red', color)}\n`,
    )
  }
}

async function headLines(client: Client, status: StatusView, zone: Zone): Promise<string[]> {
  const [{ formatTime }, { bytesText }, { countText, counted }, { durationText }] = await Promise.all([
    import('../../time/zone.ts'),
    import('../output/progress.ts'),
    import('../look/summary.ts'),
    import('../state/rates.ts'),
  ])
  const { store, now, started } = status
  const running = client.via === 'collector'
  const who = running
    ? `pullbox ${status.version}   pid ${status.pid}   up ${durationText(now - started)}   ${bytesText(status.memory_bytes)} of memory   ${client.at}`
    : 'no collector runs; this is what the store tells'
  const free = store.free_bytes === null ? '' : ` (${bytesText(store.free_bytes)} free)`
  const damage = store.damages === 0 ? '' : `   ${counted(store.damages, 'damage')}: pullbox store fsck`
  const sync = store.last_sync === null ? '' : `   last sync ${formatTime(store.last_sync, zone, 0)}`
  const waiting = store.waiting_bytes === 0 ? '' : `   ${bytesText(store.waiting_bytes)} wait for the disk`
  return [
    who,
    `store ${store.type}${store.path === null ? '' : ` ${store.path}`}${free}`,
    `  ${counted(store.records, 'record')} in ${counted(store.segments, 'segment')}, ${countText(store.blocks)} blocks (${countText(store.raw_blocks)} raw), ${bytesText(store.bytes)}${sync}${waiting}${damage}`,
  ]
}

const TOTALS = [
  { title: 'RECEIVED', right: true },
  { title: 'STORED', right: true },
  { title: 'DUP', right: true },
  { title: 'REFUSED', right: true },
  { title: 'HELD', right: true },
  { title: 'MISSING', right: true },
  { title: 'LEDGER' },
]

const LISTENERS = [
  { title: 'LISTENER' },
  { title: 'ADDRESS', cuts: true },
  { title: 'RECEIVED', right: true },
  { title: 'BYTES', right: true },
  { title: 'KERNEL DROPS', right: true },
  { title: 'OPEN', right: true },
  { title: 'BAD FRAMES', right: true },
  { title: 'CUT', right: true },
  { title: 'GIVEN UP', right: true },
]
