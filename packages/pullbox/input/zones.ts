import { parse, parsePrefix, PrefixTable, prefixOf, tryParse, unmap } from '@pullbox/ip'
import { zone } from '@pullbox/log/wire'
import type { Zone } from '@pullbox/log/wire'

/** Which zone the clocks of some sources show when they do not say it. */
export interface ZoneRule {
  /** A prefix (`10.0.0.0/8`), an address, or the key of a unix socket (`unix:/dev/log`). */
  match: string
  /** What the wire's `zone` takes: `Europe/Berlin`, `+02:00`, `UTC`. */
  zone: string
}

/** The zone of each source, found once per source: the longest matching prefix wins, of two equal ones the first. */
export class SourceZones {
  private readonly prefixes = new PrefixTable<Zone>()
  private readonly exact = new Map<string, Zone>()
  private readonly fallback: Zone
  private readonly zones: Zone[] = []

  /** Throws what `parsePrefix` and `zone` throw for a bad rule. */
  constructor(rules: readonly ZoneRule[] = [], fallback = 'UTC') {
    this.fallback = zone(fallback)
    for (const rule of rules) {
      if (rule.match.startsWith('unix:')) {
        if (!this.exact.has(rule.match)) this.exact.set(rule.match, zone(rule.zone))
        continue
      }
      const prefix = prefixFrom(rule.match)
      if (this.prefixes.exact(prefix) === undefined) this.prefixes.set(prefix, zone(rule.zone))
    }
  }

  /** Finds the zone of the source `id`, whose key is the text of an address or `unix:<path>`. */
  resolve(id: number, key: string | undefined): void {
    if (id in this.zones || key === undefined || id === 0) return
    this.zones[id] = this.find(key)
  }

  /** The zone of a source; the fallback for one that was never resolved. */
  of(id: number): Zone {
    return this.zones[id] ?? this.fallback
  }

  private find(key: string): Zone {
    const exact = this.exact.get(key)
    if (exact !== undefined) return exact
    const address = tryParse(key)
    return (address === undefined ? undefined : this.prefixes.get(unmap(address))) ?? this.fallback
  }
}

function prefixFrom(match: string) {
  if (match.includes('/')) return parsePrefix(match)
  const address = unmap(parse(match))
  return prefixOf(address, address.family === 4 ? 32 : 128)
}
