import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { CodedError } from '@pullbox/log/errors'

/**
 * Where state is kept when the configuration names no place: the first folder of `$STATE_DIRECTORY` (systemd), as root
 * `/var/lib/pullbox`, else `$XDG_STATE_HOME/pullbox`, else `~/.local/state/pullbox`. Relative values are ignored, as the XDG
 * specification wants it.
 * @throws CONFIG_STATE_DIRECTORY when there is none of them
 */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, uid: number): string {
  const given = env['STATE_DIRECTORY']?.split(':')[0]
  if (given && isAbsolute(given)) return given
  if (uid === 0) return '/var/lib/pullbox'
  const xdg = env['XDG_STATE_HOME']
  if (xdg && isAbsolute(xdg)) return join(xdg, 'pullbox')
  const home = env['HOME'] ?? (env === process.env ? homedir() : '')
  if (home && isAbsolute(home)) return join(home, '.local', 'state', 'pullbox')
  throw new CodedError('CONFIG_STATE_DIRECTORY', 'there is no place for the store', {
    hint: 'set store.options.path, STATE_DIRECTORY or HOME',
  })
}
