import type { ListenerSpec } from '../../collector/index.ts'
import type { Config, Listen } from '../../config/index.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'

/** The listeners that a configuration asks for. */
function listenersOf(config: Config, listenText: (listen: Listen) => string): ListenerSpec[] {
  return config.inputs.flatMap((input): ListenerSpec[] => {
    if (input.type === 'unix')
      return [{ type: 'unix-datagram' as const, at: input.options.path === 'auto' ? '/dev/log' : input.options.path }]
    const { udp, tcp, receive_buffer: receiveBuffer } = input.options
    return [
      ...udp.map((a) => ({ type: 'udp' as const, at: listenText(a), receiveBuffer })),
      ...tcp.map((a) => ({ type: 'tcp' as const, at: listenText(a) })),
    ]
  })
}

/** The store's options as its driver takes them, and the retention, which the collector sees to. */
function storeOf(config: Config) {
  const { retention, ...options } = config.store.options as Record<string, unknown> & {
    retention?: { days: number | null; bytes: number | null }
  }
  const days = retention?.days ?? undefined
  const bytes = retention?.bytes ?? undefined
  return {
    store: { type: config.store.type, options },
    retention: { ...(days === undefined ? {} : { days }), ...(bytes === undefined ? {} : { bytes }) },
  }
}

async function start(config: Config) {
  const { listenText } = await import('../../config/index.ts')
  const { Collector } = await import('../../collector/index.ts')
  const { version } = await import('./version.ts')
  const { store, retention } = storeOf(config)
  const zones = config.sources.flatMap((s) => (s.zone === null ? [] : [{ match: s.match, zone: s.zone }]))
  const collector = await Collector.start({
    listeners: listenersOf(config, listenText),
    store,
    retention,
    limits: config.limits,
    sources: zones,
    version: version(),
  })
  if (config.http.address === null) return { collector, server: null }
  try {
    const { serveCollector } = await import('../../api/index.ts')
    const server = await serveCollector({
      collector,
      host: config.http.address.host,
      port: config.http.address.port,
      names: config.http.names,
      sources: config.sources,
      spillDir: (await import('node:os')).tmpdir(),
    })
    return { collector, server }
  } catch (error) {
    await collector.stop()
    throw error
  }
}

export const command: Command = {
  name: 'run',
  summary: 'collector and store in the foreground',
  group: 'run',
  details:
    'Listens, stores and answers until it is told to stop. SIGTERM and SIGINT stop it in order: what was read is synced first. Without a configuration it listens for syslog on udp and tcp 5514 and keeps records in the state folder.',
  options: [COMMON.config],
  examples: [
    { line: 'pullbox', says: 'with no configuration at all' },
    { line: 'pullbox run -c /etc/pullbox/pullbox.yaml', says: 'with one' },
  ],
  async run(ctx, given) {
    const { loadConfig } = await import('../../config/index.ts')
    const { hostile } = await import('../output/hostile.ts')
    const file = given.text('config')
    const { config, warnings } = loadConfig({ env: ctx.env, cwd: ctx.cwd, uid: ctx.uid, ...(file === undefined ? {} : { file }) })
    const say = (text: string) => ctx.stderr.write(`${hostile(text, false)}\n`)
    for (const warning of warnings) await say(`warning: ${warning}`)
    const { collector, server } = await start(config)
    let failed: Error | null = null
    const stopped = new Promise<void>((resolve) => {
      ctx.signal.addEventListener('abort', () => resolve(), { once: true })
      collector.events.on('failed', (error: Error) => {
        failed = error
        resolve()
      })
      if (ctx.signal.aborted) resolve()
    })
    collector.events.on('trouble', (code: string, message: string) => void say(`trouble: ${code}: ${message}`))
    collector.events.on('recovered', () => void say('the store takes records again'))
    await say(
      `pullbox ${collector.options.version}   store ${config.store.type} ${String((config.store.options as { path?: string }).path ?? '')}`,
    )
    await say(
      `  ${collector.addresses.map((a) => `${a.type} ${a.address}`).join('  ')}${server === null ? '' : `  http http://${server.address}`}`,
    )
    const udp = collector.addresses
      .find((a) => a.type === 'udp')
      ?.address.split(':')
      .at(-1)
    if (udp !== undefined) await say(`  try    logger -n 127.0.0.1 -P ${udp} -d hello`)
    await stopped
    await server?.close()
    const { totals } = await collector.stop()
    ctx.covered(() => `received ${totals.received}  stored ${totals.stored}  refused ${totals.refused}  missing ${totals.missing}`)
    if (failed !== null) throw failed
    return 0
  },
}
