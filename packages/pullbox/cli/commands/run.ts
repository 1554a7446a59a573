import type { Config, ConfigSources } from '../../config/index.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import type { Started } from '../run/start.ts'
import type { StatusLine } from '../run/status-line.ts'

export const command: Command = {
  name: 'run',
  summary: 'collector and store in the foreground',
  group: 'run',
  details:
    'Listens, stores and answers until it is told to stop. SIGTERM and SIGINT stop it in order: what was read is synced first; a second one stops it at once. SIGHUP reads the configuration again and takes it whole or not at all: limits of retention are changed while it runs, all else needs a restart and is named. Without a configuration it listens for syslog on udp and tcp 5514 and keeps records in the state folder. On a terminal the last line shows what comes in.',
  options: [COMMON.config],
  examples: [
    { line: 'pullbox', says: 'with no configuration at all' },
    { line: 'pullbox run -c /etc/pullbox/pullbox.yaml', says: 'with one' },
  ],
  async run(ctx, given) {
    const [{ loadConfig }, { StatusLine: Line }, { startCollector }, { version }] = await Promise.all([
      import('../../config/index.ts'),
      import('../run/status-line.ts'),
      import('../run/start.ts'),
      import('./version.ts'),
    ])
    // From here on a SIGHUP is no end; one that comes before all has started is seen to then.
    let reload: () => void = () => (early = true)
    let early = false
    ctx.onHangup(() => reload())
    const file = given.text('config')
    const sources: ConfigSources = { env: ctx.env, cwd: ctx.cwd, uid: ctx.uid, ...(file === undefined ? {} : { file }) }
    const loaded = loadConfig(sources)
    const line = new Line(ctx.stderr, ctx.color.stderr)
    for (const warning of loaded.warnings) line.say(`warning: ${warning}`)
    const started = await startCollector(loaded.config, version())
    const ended = end(ctx, started, line)
    for (const text of await banner(ctx, started, loaded.config, loaded.file !== null)) line.say(text)
    reload = await reloader(sources, loaded.config, started, line)
    if (early) reload()
    line.start(() => started.collector.status())
    const failed = await ended
    line.stop()
    reload = () => {}
    const { totals } = await started.stop()
    const { received, stored, refused, missing } = totals
    ctx.covered(() => `stopped: received ${received}  stored ${stored}  refused ${refused}  missing ${missing}`)
    if (failed !== null) throw failed
    return EXIT.done
  },
}

/** Resolves when it is to stop, with what failed, if something did. What the store is troubled by is said meanwhile. */
function end(ctx: Context, { collector, failed }: Started, line: StatusLine): Promise<Error | null> {
  collector.events.on('trouble', (code: string, message: string) => line.say(`trouble: ${code}: ${message}. See: pullbox help ${code}`))
  collector.events.on('recovered', () => line.say('the store takes records again'))
  return new Promise((resolve) => {
    void failed.then(resolve)
    ctx.signal.addEventListener('abort', () => resolve(null), { once: true })
    if (ctx.signal.aborted) resolve(null)
  })
}

async function banner(ctx: Context, { collector, http }: Started, config: Config, configured: boolean): Promise<string[]> {
  const { bannerLines } = await import('../run/banner.ts')
  const { stats } = await collector.status()
  const { path } = collector.options.store.options as { path?: string }
  return bannerLines({
    version: collector.options.version,
    store: { type: config.store.type, path: path ?? null, freeBytes: path === undefined ? Number.NaN : stats.freeBytes },
    http,
    listeners: collector.addresses,
    configured,
    uid: ctx.uid,
    home: ctx.env['HOME'],
  })
}

/** What SIGHUP does: one reload after the other. */
async function reloader(sources: ConfigSources, config: Config, { collector }: Started, line: StatusLine): Promise<() => void> {
  const { reload } = await import('../run/reload.ts')
  let running = Promise.resolve(config)
  return () => {
    running = running.then((now) => reload(sources, now, collector, (text) => line.say(text)))
  }
}
