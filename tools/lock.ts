// npm leaves packages for other platforms out of the lock file when their version can't be looked up while it is written, and then
// `npm ci` refuses that lock file. `node tools/lock.ts` puts the missing ones in by name and version, without a checksum.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, houseFiles, read } from './files.ts'

const LOCK = 'package-lock.json'
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

interface Entry {
  version?: string
  dev?: boolean
  optional?: boolean
  license?: string
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

interface LockFile {
  packages: Record<string, Entry>
}

/** The optional packages that a lock file should have and lacks, each with the entry that would complete it, or null when its name does not tell the platform. */
export function missingFromLock(lock: LockFile): Map<string, Entry | null> {
  const missing = new Map<string, Entry | null>()
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`
      if (lock.packages[key] === undefined && lock.packages[`${path}/${key}`] === undefined)
        missing.set(key, entryFor(name, version, parent))
    }
  }
  return missing
}

function entryFor(name: string, version: string, parent: Entry): Entry | null {
  const words = name.split(/[/-]/)
  const system = SYSTEMS.find((one) => words.includes(one))
  const processor = PROCESSORS.find((one) => words.includes(one))
  if (system === undefined || processor === undefined) return null
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : undefined
  const known = { version, cpu: [processor], license: parent.license, optional: true, os: [system] }
  return { ...known, ...(parent.dev === true ? { dev: true } : {}), ...(system === 'linux' && libc !== undefined ? { libc } : {}) }
}

/** A check: what `npm ci` would refuse. */
export function checkLock(root: string): string[] {
  if (!houseFiles(root).includes(LOCK)) return []
  const missing = missingFromLock(JSON.parse(read(root, LOCK)) as LockFile)
  return [...missing.keys()].map((key) => `${LOCK}: ${key} is missing, so npm ci will fail; run: node tools/lock.ts`)
}

if (import.meta.main) {
  const lock = JSON.parse(read(ROOT, LOCK)) as LockFile
  for (const [key, entry] of missingFromLock(lock)) {
    process.stderr.write(
      entry === null ? `lock: ${key} is missing, and its name tells no platform; add it by hand\n` : `lock: ${key} ${entry.version}\n`,
    )
    if (entry === null) process.exitCode = 1
    else lock.packages[key] = entry
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(join(ROOT, LOCK), `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
}
