import type { Client, ConnectOptions } from '../client/index.ts'
import type { Config } from '../config/index.ts'
import type { Context } from './context.ts'

/**
 * Whom the commands that look ask: the running collector of the configuration, else its store, read-only; with `via` that one only. To be closed.
 * @throws CONFIG_*, CLIENT_NO_COLLECTOR, STORE_*
 */
export async function openClient(
  ctx: Pick<Context, 'env' | 'cwd' | 'uid' | 'now'>,
  given: { text(name: string): string | undefined },
  via?: ConnectOptions['via'],
): Promise<{ client: Client; config: Config }> {
  const [{ loadConfig }, { connect }, { version }] = await Promise.all([
    import('../config/index.ts'),
    import('../client/index.ts'),
    import('./commands/version.ts'),
  ])
  const file = given.text('config')
  const { config } = loadConfig({ env: ctx.env, cwd: ctx.cwd, uid: ctx.uid, ...(file === undefined ? {} : { file }) })
  return { client: await connect({ config, version: version(), now: ctx.now, ...(via === undefined ? {} : { via }) }), config }
}
