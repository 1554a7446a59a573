import type { Config } from './index.ts'
import { listenText } from './listen.ts'
import type { Listen } from './listen.ts'
import { pathText } from './source-text.ts'
import type { Path } from './source-text.ts'

/** A key whose value is another one; undefined where a configuration does not have it. */
export interface Difference {
  /** With dots: `store.options.retention.days`, `inputs[0].options.udp[0]`. */
  readonly key: string
  readonly before: unknown
  readonly after: unknown
}

/** What two configurations have different, key by key, in the order of the keys. Addresses are given as text. */
export function differences(before: Config, after: Config): Difference[] {
  const [a, b] = [leaves(before), leaves(after)]
  const keys = new Set([...a.keys(), ...b.keys()])
  return [...keys].filter((key) => a.get(key) !== b.get(key)).map((key) => ({ key, before: a.get(key), after: b.get(key) }))
}

function leaves(config: Config): Map<string, unknown> {
  const out = new Map<string, unknown>()
  const visit = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return void out.set(pathText(path), value)
    if ('host' in value && 'port' in value) return void out.set(pathText(path), listenText(value as Listen))
    for (const [key, item] of Object.entries(value)) visit(item, [...path, Array.isArray(value) ? Number(key) : key])
  }
  visit(config, [])
  return out
}
