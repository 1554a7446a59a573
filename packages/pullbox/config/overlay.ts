import { parseDocument } from 'yaml'
import { didYouMean } from '@pullbox/store'
import type { Problem } from './problem.ts'
import type { Path } from './source-text.ts'

/** Keys that a variable or a flag can set, with dots. The variable is PULLBOX_ and the key in capitals, dots as `_`. */
export const SETTABLE = [
  'inputs',
  'sources',
  'store',
  'store.type',
  'store.options.path',
  'store.options.retention.days',
  'store.options.retention.bytes',
  'http.address',
  'http.names',
  'http.trusted_proxies',
  'auth',
  'limits.message',
  'limits.memory',
] as const

/** Variables of that prefix which are no keys. */
const OTHER_VARIABLES = ['PULLBOX_CONFIG', 'PULLBOX_PAGER', 'PULLBOX_PROVE']

/** One value from outside the file. */
export interface Overlay {
  readonly path: Path
  readonly value: unknown
  readonly from: 'env' | 'flag'
  /** `PULLBOX_HTTP_ADDRESS` or `--http-address`. */
  readonly name: string
}

/** `PULLBOX_STORE_OPTIONS_PATH` */
export function variableOf(key: string): string {
  return `PULLBOX_${key.toUpperCase().replaceAll('.', '_')}`
}

/** The values of the environment, shorter paths first so that `store` does not undo `store.type`. Text is read as YAML, so lists can be given. */
export function envOverlays(env: Readonly<Record<string, string | undefined>>): {
  overlays: Overlay[]
  problems: Problem[]
  warnings: string[]
} {
  const overlays: Overlay[] = []
  const problems: Problem[] = []
  for (const key of SETTABLE) {
    const name = variableOf(key)
    const text = env[name]
    if (text === undefined || text === '') continue
    const value = readValue(text)
    if (value instanceof Error) problems.push({ code: 'CONFIG_SYNTAX', message: value.message.split('\n', 1)[0], at: name, hint: '' })
    else overlays.push({ path: key.split('.'), value, from: 'env', name })
  }
  return { overlays, problems, warnings: strangers(env) }
}

/** The values of flags, by key with dots. */
export function flagOverlays(flags: Readonly<Record<string, unknown>>): Overlay[] {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({
      path: key.split('.'),
      value: typeof value === 'string' ? readFlag(value) : value,
      from: 'flag',
      name: `--${key.replaceAll(/[._]/g, '-')}`,
    }))
}

function readFlag(text: string): unknown {
  const value = readValue(text)
  return value instanceof Error ? text : value
}

/** A word as YAML reads it, but an address in brackets is a text: `[::]:514` would be no YAML. */
function readValue(text: string): unknown {
  if (/^\[[0-9a-f:.%]*\]:\d+$/i.test(text)) return text
  const doc = parseDocument(text, { prettyErrors: false })
  return doc.errors[0] ?? (doc.toJS({ maxAliasCount: 0 }) as unknown)
}

/** Variables that look as if they were meant for us. Others that begin alike are left alone: Kubernetes makes some for a service of that name. */
function strangers(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...SETTABLE.map(variableOf), ...OTHER_VARIABLES]
  const out: string[] = []
  for (const name of Object.keys(env)) {
    if (!name.startsWith('PULLBOX_') || known.includes(name)) continue
    const near = didYouMean(
      name.slice(8),
      known.map((k) => k.slice(8)),
    )
    if (near !== null) out.push(`${name} is no variable of pullbox - did you mean PULLBOX_${near}?`)
  }
  return out
}

/** The tree with the values set; the tree itself is left as it is. */
export function applyOverlays(tree: unknown, overlays: readonly Overlay[]): unknown {
  let out = tree
  for (const o of overlays) out = setAt(out, o.path, o.value)
  return out
}

function setAt(tree: unknown, path: Path, value: unknown): unknown {
  if (path.length === 0) return value
  const here = typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? (tree as Record<string, unknown>) : {}
  const [first, ...rest] = path
  return { ...here, [first]: setAt(Object.hasOwn(here, first) ? here[first] : undefined, rest, value) }
}
