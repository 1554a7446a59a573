import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isLoopback, listenText } from './listen.ts'
import type { Listen } from './listen.ts'
import type { Overlay } from './overlay.ts'
import { applyOverlays, envOverlays, flagOverlays } from './overlay.ts'
import type { Problem } from './problem.ts'
import { ConfigError } from './problem.ts'
import type { ParsedConfig } from './schema.ts'
import { pathText, readSourceText } from './source-text.ts'
import type { Path, SourceText } from './source-text.ts'
import { stateDirectory } from './state-directory.ts'
import { validate } from './validate.ts'

export { isLoopback, listenText, parseListen } from './listen.ts'
export type { Listen } from './listen.ts'
export { ConfigError } from './problem.ts'
export type { Problem } from './problem.ts'
export { parseDuration, parseSize, sizeText } from './quantities.ts'
export { Secret, secret } from './secret.ts'
export { SETTABLE, variableOf } from './overlay.ts'
export { stateDirectory } from './state-directory.ts'
export { initText } from './init.ts'

/** Bytes and microseconds as plain numbers; names as in the file. */
export type Config = Omit<ParsedConfig, 'store'> & { readonly store: StoreConfig }
export type InputConfig = Config['inputs'][number]
export type SourceConfig = Config['sources'][number]
export type StoreConfig =
  | {
      readonly type: 'segments'
      readonly options: { readonly path: string; readonly retention: { readonly days: number | null; readonly bytes: number | null } }
    }
  | { readonly type: string; readonly options: Readonly<Record<string, unknown>> }

/** Whence a value came. */
export interface Origin {
  readonly from: 'flag' | 'env' | 'file' | 'default'
  /** `--http-address`, `PULLBOX_HTTP_ADDRESS`, `pullbox.yaml:14:3`, or '' for a default. */
  readonly at: string
}

export interface ConfigSources {
  /** Path of the file; without one, PULLBOX_CONFIG; without that, none is read. */
  readonly file?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Values by key with dots (`store.options.path`); text is read as in the file. */
  readonly flags?: Readonly<Record<string, unknown>>
  readonly readFile?: (path: string) => string
  readonly uid?: number
  /** Relative paths of the file start at its folder, others here. */
  readonly cwd?: string
}

export interface LoadedConfig {
  readonly config: Config
  /** By key as `inputs[0].options.udp`: each value that is no object. */
  readonly origins: ReadonlyMap<string, Origin>
  /** What is no error but probably not meant. */
  readonly warnings: readonly string[]
  /** The file that was read, or null. */
  readonly file: string | null
}

/**
 * The configuration: flags before PULLBOX_* before the file before the defaults, key by key; a list is taken whole.
 * Nothing is opened or bound. A value is either whole and checked, or this throws: for a reload, keep the old one then.
 * @throws ConfigError with the first problem's code, and all problems
 */
export function loadConfig(sources: ConfigSources = {}): LoadedConfig {
  const checked = checkConfig(sources)
  const [first, ...rest] = checked.problems
  if (checked.loaded !== null && first === undefined) return checked.loaded
  throw new ConfigError([first, ...rest])
}

/** As `loadConfig`, but gives all problems instead of throwing. Without problems `loaded` is there. */
export function checkConfig(sources: ConfigSources): { loaded: LoadedConfig | null; problems: Problem[]; file: string | null } {
  const env = sources.env ?? process.env
  const cwd = sources.cwd ?? process.cwd()
  const file = sources.file ?? (env['PULLBOX_CONFIG'] || null)
  const text = readText(file, cwd, sources.readFile)
  const fromEnv = envOverlays(env)
  const overlays = [...fromEnv.overlays, ...flagOverlays(sources.flags ?? {})]
  const problems = [...text.problems, ...fromEnv.problems]
  if (problems.length > 0) return { loaded: null, problems, file }
  const where = (path: Path) => overlayOf(overlays, path)?.name ?? text.at(path)
  const { parsed, problems: found } = validate(applyOverlays(text.value, overlays), where)
  if (parsed === null) return { loaded: null, problems: found, file }
  const context: Finish = { overlays, text, where, env, cwd, uid: sources.uid ?? process.getuid?.() ?? -1, file }
  try {
    const config = finish(parsed, context)
    const open = authOpen(config, where)
    if (open !== null) return { loaded: null, problems: [open], file }
    return { loaded: { config, origins: originsOf(config, context), warnings: fromEnv.warnings, file }, problems: [], file }
  } catch (error) {
    const e = error as { code?: string; message: string; hint?: string }
    if (e.code !== 'CONFIG_STATE_DIRECTORY') throw error
    return { loaded: null, problems: [{ code: e.code, message: e.message, at: '', hint: e.hint ?? '' }], file }
  }
}

const EMPTY: SourceText = { value: undefined, problems: [], at: () => '', has: () => false }

function readText(file: string | null, cwd: string, readFile = (path: string) => readFileSync(path, 'utf8')): SourceText {
  if (file === null) return EMPTY
  try {
    return readSourceText(readFile(resolve(cwd, file)), file)
  } catch (error) {
    const problem = {
      code: 'CONFIG_FILE',
      message: `the file could not be read: ${(error as Error).message}`,
      at: file,
      hint: 'pullbox config init prints one to start with',
    }
    return { ...EMPTY, problems: [problem] }
  }
}

interface Finish {
  readonly overlays: readonly Overlay[]
  readonly text: SourceText
  readonly where: (path: Path) => string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly uid: number
  readonly file: string | null
}

const STORE_PATH: Path = ['store', 'options', 'path']

function finish(parsed: ParsedConfig, c: Finish): Config {
  const { store } = parsed
  if (store.type !== 'segments') return { ...parsed, store: store as StoreConfig }
  const options = store.options as { path?: string; retention: { days: number | null; bytes: number | null } }
  const fromFile = c.file !== null && overlayOf(c.overlays, STORE_PATH) === undefined
  const base = fromFile ? dirname(resolve(c.cwd, c.file as string)) : c.cwd
  const path = options.path === undefined ? stateDirectory(c.env, c.uid) : resolve(base, options.path)
  return { ...parsed, store: { type: 'segments', options: { path, retention: options.retention } } }
}

function authOpen(config: Config, where: (path: Path) => string): Problem | null {
  const address = config.http.address as Listen | null
  if (address === null || config.auth.type !== 'none' || isLoopback(address.host)) return null
  return {
    code: 'CONFIG_AUTH_OPEN',
    message: `http.address ${listenText(address)} can be reached from elsewhere, and auth is none`,
    at: where(['http', 'address']),
    hint: 'use a loopback address',
  }
}

function overlayOf(overlays: readonly Overlay[], path: Path): Overlay | undefined {
  return overlays.findLast((o) => o.path.every((key, i) => path[i] === key))
}

/** Each value with its origin: an overlay above it, else the file where it holds the key or something above that is a list or a value. */
function originsOf(config: Config, c: Finish): Map<string, Origin> {
  const out = new Map<string, Origin>()
  const visit = (value: unknown, path: Path): void => {
    const isTree =
      typeof value === 'object' &&
      value !== null &&
      !isListen(value) &&
      (Array.isArray(value) ? value.some((v) => typeof v === 'object' && !isListen(v)) : Object.keys(value).length > 0)
    if (!isTree) return void out.set(pathText(path), originOf(path, c))
    for (const [key, item] of Object.entries(value as object)) visit(item, [...path, Array.isArray(value) ? Number(key) : key])
  }
  visit(config, [])
  return out
}

function originOf(path: Path, c: Finish): Origin {
  const overlay = overlayOf(c.overlays, path)
  if (overlay !== undefined) return { from: overlay.from, at: overlay.name }
  return c.text.has(path) ? { from: 'file', at: c.text.at(path) } : { from: 'default', at: '' }
}

function isListen(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'host' in value && 'port' in value
}
