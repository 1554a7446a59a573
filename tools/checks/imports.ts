import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { houseFiles, isSource, isTest, read } from '../files.ts'
import { importsOf, tokenize } from '../tokens.ts'

/** Which packages a package may import, by folder name; the laws of the house: imports go down only. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  ip: [],
  log: ['ip'],
  store: ['ip', 'log'],
  flow: ['ip'],
  flood: [],
  cable: [],
  pullbox: ['ip', 'log', 'store', 'flow', 'flood', 'cable'],
}

/**
 * The order of the folders inside a package, lowest first: a folder imports itself and those before it. `.` stands for the files of
 * the package's own folder, but its index.ts is above all.
 */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  log: ['.', 'wire', 'record', 'reading', 'pattern', 'ledger', 'spool', 'ship', 'logger'],
  store: ['.', 'query', 'kv', 'records'],
  pullbox: ['.', 'exec', 'time', 'input', 'auth', 'config', 'collector', 'search', 'tail', 'api', 'client', 'cli'],
}

interface Manifest {
  name: string
  exports?: Record<string, unknown>
  [field: string]: unknown
}

interface House {
  /** Package manifests by folder name. */
  packages: Map<string, Manifest>
  root: Manifest
}

/** What breaks the order of imports under `root`, one line each: `file:line: what`. */
export function checkImports(root: string): string[] {
  const files = houseFiles(root)
  const house = manifests(root, files)
  const problems: string[] = []
  for (const path of files.filter(isSource)) {
    for (const { specifier, line } of importsOf(tokenize(read(root, path)))) {
      const problem = specifier.startsWith('.') ? relativeImport(path, specifier) : packageImport(house, path, specifier)
      if (problem !== null) problems.push(`${path}:${line}: ${problem}`)
    }
  }
  return problems
}

function manifests(root: string, files: readonly string[]): House {
  const packages = new Map<string, Manifest>()
  for (const path of files) {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1]
    if (folder !== undefined) packages.set(folder, JSON.parse(read(root, path)) as Manifest)
  }
  const own = files.includes('package.json') ? read(root, 'package.json') : '{}'
  return { packages, root: JSON.parse(own) as Manifest }
}

/** `packages/log` of `packages/log/wire/x.ts`, `bench` of `bench/main.ts`. */
function roomOf(path: string): string {
  const parts = path.split('/')
  return parts[0] === 'packages' ? parts.slice(0, 2).join('/') : parts[0]
}

function relativeImport(path: string, specifier: string): string | null {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier))
  const room = roomOf(path)
  const other = roomOf(target)
  if (room !== other) {
    // Tests find the servers they need through the house's own list.
    if (other === 'tools' && isTest(path)) return null
    const between = [room, other].every((name) => !name.startsWith('packages/') && !name.startsWith('..'))
    return between ? null : `"${specifier}" leaves ${room}; import the package by its name`
  }
  const order = room.startsWith('packages/') ? ORDER[room.slice('packages/'.length)] : undefined
  if (order === undefined) return null
  const from = rankOf(path, room, order)
  const to = rankOf(target, room, order)
  if (from === -1 || to === -1) return `a folder of ${room} has no place in the order of tools/checks/imports.ts`
  return to > from ? `"${specifier}" goes up: ${folderOf(path, room)} stands below ${folderOf(target, room)} in ${room}` : null
}

function folderOf(path: string, room: string): string {
  const rest = path.slice(room.length + 1).split('/')
  return rest.length === 1 ? '.' : rest[0]
}

function rankOf(path: string, room: string, order: readonly string[]): number {
  const folder = folderOf(path, room)
  // A test of the package as a whole may look at all of it, as its index does.
  if (folder === '.' && (path.endsWith('/index.ts') || isTest(path))) return order.length
  return order.indexOf(folder)
}

function packageImport(house: House, path: string, specifier: string): string | null {
  if (specifier.startsWith('node:')) return null
  const [name, subpath] = splitSpecifier(specifier)
  if (builtinModules.includes(name)) return `write "node:${specifier}"`
  const room = roomOf(path)
  const own = room.startsWith('packages/') ? room.slice('packages/'.length) : null
  const sibling = [...house.packages].find(([, manifest]) => manifest.name === name)
  if (sibling === undefined)
    return declared(house, own, isTest(path), name) ? null : `"${name}" is in no package.json that counts for ${room}`
  const [folder, manifest] = sibling
  if (own !== null && own !== folder && !(BELOW[own] ?? []).includes(folder)) return `${own} may not import ${folder}`
  if (own !== null && own !== folder && !lists(house.packages.get(own), ['dependencies']).has(name))
    return `"${name}" is not in the dependencies of ${own}`
  return subpath in (manifest.exports ?? {}) ? null : `${name} does not export "${subpath}"`
}

function splitSpecifier(specifier: string): [name: string, subpath: string] {
  const parts = specifier.split('/')
  const length = specifier.startsWith('@') ? 2 : 1
  const rest = parts.slice(length).join('/')
  return [parts.slice(0, length).join('/'), rest === '' ? '.' : `./${rest}`]
}

/** Tests may use whatever the house has; what is published only what its own package.json names. */
function declared(house: House, own: string | null, test: boolean, name: string): boolean {
  const everywhere = [house.root, ...house.packages.values()]
  if (own === null || test) return everywhere.some((manifest) => lists(manifest, FIELDS).has(name))
  return lists(house.packages.get(own), FIELDS).has(name)
}

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']

function lists(manifest: Manifest | undefined, fields: readonly string[]): Set<string> {
  return new Set(fields.flatMap((field) => Object.keys((manifest?.[field] ?? {}) as object)))
}
