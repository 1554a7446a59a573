import { parse, parsePrefix, PrefixTable, prefixOf, tryParse, unmap } from '@pullbox/ip'

export interface SilenceRule {
  /** A prefix, an address, or the key of a unix socket (`unix:/dev/log`). */
  readonly match: string
  /** Microseconds without a message after which a source counts as silent; null = no rule. */
  readonly silence: number | null
}

/** How long each source may be quiet, by the longest matching prefix; null where no rule says it. Throws what `parsePrefix` throws. */
export function silenceOf(rules: readonly SilenceRule[]): (source: string) => number | null {
  const prefixes = new PrefixTable<number>()
  const exact = new Map<string, number>()
  for (const { match, silence } of rules) {
    if (silence === null) continue
    if (match.startsWith('unix:')) {
      if (!exact.has(match)) exact.set(match, silence)
      continue
    }
    const prefix = match.includes('/') ? parsePrefix(match) : hostPrefix(match)
    if (prefixes.exact(prefix) === undefined) prefixes.set(prefix, silence)
  }
  return (source) => {
    const address = tryParse(source)
    return exact.get(source) ?? (address === undefined ? undefined : prefixes.get(unmap(address))) ?? null
  }
}

function hostPrefix(text: string) {
  const address = unmap(parse(text))
  return prefixOf(address, address.family === 4 ? 32 : 128)
}
