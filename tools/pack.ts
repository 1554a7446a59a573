import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { ROOT, houseFiles, isSource, isTest, read } from './files.ts'
import { npm } from './npm.ts'
import { reachable } from './reach.ts'

/** Pages that `pullbox help` reads; they go along in the package of the program. */
const HELP_PAGES = ['docs/errors/', 'docs/guides/']
const PROGRAM = 'pullbox'
/** What the launcher of the program starts. */
const PROGRAM_ENTRY = 'cli/main.ts'
/** Goes along in every package. */
const LICENSE = 'LICENSE'

/** A package as it would be published. */
export interface Packed {
  name: string
  /** Full path of the tarball. */
  tarball: string
  /** What can be imported: `@pullbox/log/record`, one for each entry of `exports`. */
  doors: string[]
}

/**
 * Builds every package under `root/packages` and writes its tarball to `out`: JavaScript and declarations instead of TypeScript,
 * in the same places, so that what a file finds beside itself is found. Sources that nothing published comes to (what only tests use) stay
 * at home; what is no source is copied.
 * @throws Error when a source does not compile or an export has no file
 */
export function packAll(root: string, out: string): Packed[] {
  const work = mkdtempSync(join(tmpdir(), 'pullbox-pack-'))
  try {
    const files = houseFiles(root)
    compile(root, work)
    const folders = readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
    mkdirSync(out, { recursive: true })
    return folders.sort().map((folder) => packOne(root, work, out, folder, files))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function compile(root: string, work: string): void {
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      // Sources are not shipped, so nothing may point to them.
      sourceMap: false,
      rootDir: join(root, 'packages'),
      outDir: join(work, 'packages'),
      typeRoots: [join(ROOT, 'node_modules', '@types')],
    },
    include: [join(root, 'packages')],
    exclude: ['test', 'bench', 'arbitrary', 'fixture']
      .map((kind) => join(root, `packages/**/*.${kind}.ts`))
      .concat(join(root, 'packages/**/testing/**'), join(root, '**/node_modules')),
  }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const result = spawnSync(tsc, ['-p', join(work, 'tsconfig.json'), '--pretty', 'false'], { cwd: root, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`tsc ended with ${result.status ?? result.error?.message}\n${result.stdout}${result.stderr}`)
}

function packOne(root: string, work: string, out: string, folder: string, files: readonly string[]): Packed {
  const home = `packages/${folder}/`
  const stage = join(work, home)
  const manifest = JSON.parse(read(root, `${home}package.json`)) as Manifest
  mkdirSync(stage, { recursive: true })
  leaveOut(root, work, home, manifest, files)
  if (files.includes(LICENSE)) copy(join(root, LICENSE), join(stage, LICENSE))
  for (const path of files) {
    if (!path.startsWith(home) || isSource(path) || isTest(path) || path === `${home}package.json`) continue
    copy(join(root, path), join(work, path))
  }
  if (manifest.name === PROGRAM) {
    for (const path of files) if (HELP_PAGES.some((prefix) => path.startsWith(prefix))) copy(join(root, path), join(stage, path))
  }
  const published = publishedManifest(manifest)
  for (const [door, { default: file }] of Object.entries(published.exports)) {
    if (!existsSync(join(stage, file))) throw new Error(`${manifest.name}: the export "${door}" names ${file}, which is not there`)
  }
  published.files = readdirSync(stage).sort()
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  const [{ filename }] = packResult(npm(stage, ['pack', '--json', '--ignore-scripts', '--pack-destination', out]))
  const doors = Object.keys(published.exports).map((door) => manifest.name + door.slice(1))
  return { name: manifest.name, tarball: join(out, filename), doors }
}

/** Takes away what was compiled of sources that nothing published comes to. */
function leaveOut(root: string, work: string, home: string, manifest: Manifest, files: readonly string[]): void {
  const own = files.filter((path) => path.startsWith(home))
  const doors = [...Object.values(manifest.exports ?? {}), ...(manifest.name === PROGRAM ? [PROGRAM_ENTRY] : [])]
  const entries = doors.map((file) => posix.join(home, file))
  const wanted = reachable(own, entries, (path) => read(root, path))
  for (const path of own.filter((one) => isSource(one) && !wanted.has(one)))
    for (const built of ['.js', '.d.ts']) rmSync(join(work, path.replace(/\.ts$/, built)), { force: true })
}

/** npm prints a list or, in newer ones, an object by name. */
function packResult(text: string): { filename: string }[] {
  return Object.values(JSON.parse(text) as Record<string, { filename: string }>)
}

interface Manifest {
  name: string
  exports?: Record<string, string>
  [field: string]: unknown
}

/** The manifest with exports that point to what was built, and without what only the house needs. */
function publishedManifest(manifest: Manifest): Manifest & { exports: Record<string, any> } {
  const { devDependencies: _, scripts: __, private: ___, ...kept } = manifest
  const exports = Object.entries(manifest.exports ?? {}).map(([door, file]) => {
    const base = file.replace(/\.ts$/, '')
    return [door, base === file ? { default: file } : { types: `${base}.d.ts`, default: `${base}.js` }]
  })
  return { ...kept, exports: Object.fromEntries(exports) }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { dereference: true })
}

if (import.meta.main) {
  const out = join(ROOT, 'dist')
  rmSync(out, { recursive: true, force: true })
  for (const { name, tarball } of packAll(ROOT, out)) process.stdout.write(`${name}  ${statSync(tarball).size} bytes  ${tarball}\n`)
}
