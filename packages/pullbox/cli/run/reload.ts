import type { Collector } from '../../collector/index.ts'
import type { Config, ConfigSources } from '../../config/index.ts'
import { checkConfig } from '../../config/index.ts'
import { differences } from '../../config/difference.ts'
import { storeOf } from './start.ts'

/** Keys that can be changed without a restart. */
const LIVE = /^store\.options\.retention\./

/**
 * Reads the configuration again and takes it whole or not at all. `now` is what the collector runs with; the result is what it runs
 * with afterwards. What was done, or why nothing was, is said. Never throws.
 */
export async function reload(
  sources: ConfigSources,
  now: Config,
  collector: Pick<Collector, 'setRetention'>,
  say: (text: string) => void,
): Promise<Config> {
  const refused = (why: string) => say(`not reloaded, nothing was changed: ${why}`)
  try {
    const { loaded, problems, file } = checkConfig(sources)
    if (loaded === null) {
      for (const p of problems) refused(`${p.code}: ${p.message}${p.at === '' ? '' : ` at ${p.at}`}${p.hint === '' ? '' : ` - ${p.hint}`}`)
      return now
    }
    for (const warning of loaded.warnings) say(`warning: ${warning}`)
    const changed = differences(now, loaded.config)
    const fixed = changed.filter(({ key }) => !LIVE.test(key)).map(({ key }) => key)
    if (fixed.length > 0) {
      refused(`a restart is needed for ${fixed.join(', ')}`)
      return now
    }
    if (changed.length > 0) await collector.setRetention(storeOf(loaded.config).retention)
    const what = changed.map(({ key, before, after }) => `${key} ${shown(before)} -> ${shown(after)}`).join(', ')
    say(`reloaded${file === null ? '' : ` ${file}`}: ${what === '' ? 'nothing has changed' : what}`)
    return loaded.config
  } catch (error) {
    refused((error as Error).message)
    return now
  }
}

function shown(value: unknown): string {
  return value === null || value === undefined ? 'none' : JSON.stringify(value)
}
