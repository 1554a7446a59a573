import { createRequire, findPackageJSON } from 'node:module'
import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CodedError } from '@pullbox/log/errors'
import { didYouMean } from './did-you-mean.ts'
import { type OptionsSchema, checkOptions } from './driver-options.ts'

export { didYouMean } from './did-you-mean.ts'
export type { OptionIssue, OptionsSchema } from './driver-options.ts'

/** A backend that can be named in the configuration. A third party's module exports one as `driver` or as its default. */
export interface Driver<Opened, Context, Options = any> {
  /** The kind of backend, `records` or `kv` for example. A module must say it; for `register` it may be left out. */
  readonly kind?: string
  /** What stands under `type`. */
  readonly name: string
  /** Other products for which this driver is suggested; asking for `boltdb` may suggest `lmdb`. */
  readonly standsFor?: readonly string[]
  readonly options: OptionsSchema<Options>
  /** Opens the backend; the caller owns what it gets and closes it. Options have passed the schema. */
  open(options: Options, context: Context): Opened | Promise<Opened>
}

/** More about a registry. */
export interface RegistryOptions {
  /** Methods that what a driver opens must have; a driver whose backend lacks one is refused. */
  readonly methods?: readonly string[]
}

/** Where a module named in `type` is looked for: the folder of the configuration file. The working directory when left out. */
export interface From {
  readonly from?: string
}

/** The drivers of one kind of backend. */
export interface Registry<Opened, Context> {
  readonly kind: string
  /** Names of the registered drivers, sorted. */
  names(): string[]
  /** @throws CodedError STORE_DRIVER_CONTRACT when it is no driver, STORE_DRIVER_DUPLICATE when the name is taken */
  register(driver: Driver<Opened, Context>): void
  /**
   * The driver under that name; a path (`./x.mjs`, absolute, `file:`) or the name of an installed package is imported.
   * @throws CodedError STORE_DRIVER_UNKNOWN, STORE_DRIVER_LOAD, STORE_DRIVER_CONTRACT
   */
  find(type: string, where?: From): Promise<Driver<Opened, Context>>
  /** Checks the options without opening anything, and gives them back with defaults filled in. @throws as find, and STORE_DRIVER_OPTIONS */
  check(type: string, options: unknown, where?: From): Promise<unknown>
  /** Opens a backend; what the driver itself throws passes through. @throws as check */
  open(type: string, options: unknown, context: Context, where?: From): Promise<Opened>
}

/**
 * An empty registry for one kind of backend. It is a value: nothing is shared between two of them, and whoever makes it decides
 * what is registered.
 */
export function createRegistry<Opened extends object, Context>(kind: string, more: RegistryOptions = {}): Registry<Opened, Context> {
  const drivers = new Map<string, Driver<Opened, Context>>()

  async function find(type: string, where: From = {}): Promise<Driver<Opened, Context>> {
    const known = drivers.get(type)
    if (known !== undefined) return known
    const address = locate(type, where.from ?? process.cwd())
    if (address === null) throw unknown(kind, type, [...drivers.values()])
    const found = await load(kind, type, address)
    assertDriver(kind, found, `"${type}"`)
    return found as Driver<Opened, Context>
  }

  async function check(type: string, options: unknown, where?: From): Promise<unknown> {
    const driver = await find(type, where)
    return checkOptions(driver.name, driver.options, options)
  }

  return {
    kind,
    names: () => [...drivers.keys()].sort(),
    register(driver) {
      assertDriver(kind, { kind, ...driver }, `driver "${String(driver?.name)}"`)
      if (drivers.has(driver.name)) {
        throw new CodedError('STORE_DRIVER_DUPLICATE', `a ${kind} driver named "${driver.name}" is registered already`, {
          hint: 'give one of the two another name',
        })
      }
      drivers.set(driver.name, driver)
    },
    find,
    check,
    async open(type, options, context, where) {
      const driver = await find(type, where)
      const opened = await driver.open(checkOptions(driver.name, driver.options, options), context)
      assertOpened(kind, type, opened, more.methods ?? [])
      return opened
    },
  }
}

function unknown(kind: string, type: string, drivers: readonly Driver<any, any>[]): CodedError {
  const names = drivers.map((driver) => driver.name).sort()
  const instead = drivers.find((driver) => driver.standsFor?.includes(type.toLowerCase()))
  const meant = instead?.name ?? didYouMean(type, names)
  const list = names.length === 0 ? 'none is registered' : `known: ${names.join(', ')}`
  const suggestion = meant === null ? '' : `; did you mean "${meant}"?`
  return new CodedError('STORE_DRIVER_UNKNOWN', `no ${kind} driver is named "${type}" (${list})${suggestion}`, {
    at: 'type',
    hint:
      meant === null
        ? "a third party's driver is named by a path (./driver.mjs) or by the name of its installed package"
        : `did you mean "${meant}"?`,
  })
}

/** The address of the module that `type` names; null when it names none. */
function locate(type: string, from: string): string | null {
  if (type.startsWith('file:')) return type
  if (/^\.\.?[\\/]/.test(type) || isAbsolute(type)) return pathToFileURL(resolve(from, type)).href
  if (!/^(?:@[a-z0-9._~-]+\/)?[a-z0-9_~-][a-z0-9._~-]*(?:\/[\w./-]+)?$/.test(type)) return null
  const base = pathToFileURL(resolve(from, 'pullbox.yaml'))
  try {
    // A module of Node's own would be found as well, so ask for the package first.
    return findPackageJSON(type, base) === undefined ? null : pathToFileURL(createRequire(base).resolve(type)).href
  } catch {
    return null
  }
}

async function load(kind: string, type: string, address: string): Promise<unknown> {
  let module: { driver?: unknown; default?: unknown }
  try {
    module = (await import(address)) as typeof module
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
    throw new CodedError(
      'STORE_DRIVER_LOAD',
      `the ${kind} driver "${type}" could not be loaded: ${(cause as Error)?.message ?? String(cause)}`,
      {
        at: 'type',
        hint: missing ? 'is the path right, and is what it imports installed?' : 'correct the module; the error is its own',
        cause,
      },
    )
  }
  return module.driver ?? module.default
}

function assertDriver(kind: string, driver: unknown, who: string): void {
  const lacks: string[] = []
  const it = (driver ?? {}) as Partial<Driver<object, unknown>>
  if (driver === undefined || driver === null) lacks.push('an export `driver` or a default export')
  else {
    if (typeof it.name !== 'string' || it.name === '') lacks.push('`name`, a text')
    if (it.kind !== kind) lacks.push(`\`kind: "${kind}"\``)
    if (typeof it.options?.safeParse !== 'function') lacks.push('`options`, a schema with safeParse')
    if (typeof it.open !== 'function') lacks.push('`open(options, context)`')
  }
  if (lacks.length === 0) return
  throw new CodedError('STORE_DRIVER_CONTRACT', `${who} is no ${kind} driver: it lacks ${lacks.join(', ')}`, {
    at: 'type',
    hint: `a driver is {kind: "${kind}", name, options, open}`,
  })
}

function assertOpened(kind: string, type: string, opened: unknown, methods: readonly string[]): void {
  const lacks = methods.filter((name) => typeof (opened as Record<string, unknown> | null | undefined)?.[name] !== 'function')
  if (lacks.length === 0) return
  throw new CodedError('STORE_DRIVER_CONTRACT', `what the ${kind} driver "${type}" opened lacks the methods ${lacks.join(', ')}`, {
    at: 'type',
    hint: 'the driver was made for another version, or is not finished',
  })
}
