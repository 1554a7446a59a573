import { spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ROOT } from './files.ts'

/** A program that tests run as a user would have it: a real sender, server or tool, never a stand-in. */
export interface Service {
  /** The Debian package that brings it. */
  readonly package: string
  /** The program's file name. */
  readonly program: string
  /** What is proved with it. */
  readonly why: string
  /**
   * Present when the package can't be installed beside another of the list (two log daemons exclude each other): it is unpacked into
   * a folder of its own, `libraries` are installed, and a small script starts the program from there.
   */
  readonly aside?: { readonly libraries: readonly string[]; readonly script: (folder: string) => string }
}

/** Where packages are unpacked that can't be installed; goes with node_modules. */
const ASIDE = join(ROOT, 'node_modules', '.services')

/** Programs that tests look for, by the name they ask for. */
export const SERVICES: Readonly<Record<string, Service>> = {
  rsyslogd: { package: 'rsyslog', program: 'rsyslogd', why: 'sends syslog and RELP as most hosts do' },
  'syslog-ng': {
    package: 'syslog-ng-core',
    program: 'syslog-ng',
    why: 'sends syslog as the second most common daemon does',
    aside: {
      libraries: ['libglib2.0-0', 'libivykis0', 'libjson-c5', 'libnet1', 'libpcre3', 'libssl3', 'libwrap0'],
      script: (folder) => {
        const libraries = join(folder, 'usr/lib/syslog-ng')
        const version = readdirSync(libraries).find((name) => /^\d/.test(name)) ?? ''
        return `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${folder}/usr/sbin/syslog-ng' --module-path='${join(libraries, version)}' "$@"\n`
      },
    },
  },
  logger: { package: 'bsdutils', program: 'logger', why: 'sends a single message' },
  strace: { package: 'strace', program: 'strace', why: 'shows that data is synced before it is acknowledged' },
  zstd: { package: 'zstd', program: 'zstd', why: 'reads what we compress' },
  openssl: { package: 'openssl', program: 'openssl', why: 'makes certificates for TLS' },
  ip: { package: 'iproute2', program: 'ip', why: 'makes network namespaces and reads interfaces' },
  clang: { package: 'clang', program: 'clang', why: 'compiles what is committed compiled' },
  'wasm-ld': { package: 'lld', program: 'wasm-ld', why: 'links it' },
  script: { package: 'bsdutils', program: 'script', why: 'gives a program a terminal' },
}

const FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin', join(ASIDE, 'bin')]

/** The full path of a program on PATH or where servers lie, or null. */
export function findProgram(program: string, env: NodeJS.ProcessEnv = process.env): string | null {
  for (const folder of [...(env.PATH ?? '').split(delimiter), ...FOLDERS]) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      if (folder !== '' && statSync(path).isFile()) return path
    } catch {
      continue
    }
  }
  return null
}

/** True where a missing program is a failure and not a reason to skip: in CI, or when asked for. */
export function servicesRequired(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.CI === 'true' || (env.REQUIRE_SERVICES ?? '') !== ''
}

/**
 * The program of a service, for a test. Null when it is missing on a machine that may lack it: the test then skips with the reason that
 * was written to stderr.
 * @throws Error for an unknown name, and when it is missing where services are required
 */
export function service(name: string, env: NodeJS.ProcessEnv = process.env): { path: string } | null {
  const wanted = SERVICES[name]
  if (wanted === undefined) throw new Error(`no service "${name}" in tools/services.ts; add it with its package`)
  const path = findProgram(wanted.program, env)
  if (path !== null) return { path }
  const text = `${wanted.program} is missing (apt-get install ${wanted.package}; it ${wanted.why})`
  if (servicesRequired(env)) throw new Error(text)
  process.stderr.write(`SKIPPED: ${text}\n`)
  return null
}

/** Names of the services whose program is missing. */
export function missingServices(env: NodeJS.ProcessEnv = process.env): string[] {
  return Object.keys(SERVICES).filter((name) => findProgram(SERVICES[name].program, env) === null)
}

/**
 * Installs what is missing with apt-get (as root) and says what it did on stderr.
 * @throws Error when a program is still missing afterwards
 */
export function installServices(): void {
  const missing = missingServices().map((name) => SERVICES[name])
  if (missing.length === 0) return
  const packages = [...new Set(missing.flatMap((one) => (one.aside === undefined ? [one.package] : one.aside.libraries)))]
  process.stderr.write(`services: installing ${packages.join(' ')}\n`)
  if (!apt('install', '--no-install-recommends', '--no-upgrade', ...packages)) {
    apt('update')
    apt('install', '--no-install-recommends', '--no-upgrade', ...packages)
  }
  for (const one of missing) if (one.aside !== undefined) unpackAside(one, one.aside.script)
  const still = missingServices()
  if (still.length > 0) throw new Error(`still missing: ${still.join(', ')}; what apt-get printed above says why`)
}

function apt(...args: string[]): boolean {
  // No daemon may start by being installed: tests run their own, with their own configuration.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  return run('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], undefined, env)
}

function run(program: string, args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv): boolean {
  const result = spawnSync(program, args, { cwd, env, stdio: ['ignore', 2, 2] })
  if (result.status !== 0)
    process.stderr.write(`services: ${program} ${args.join(' ')} ended with ${result.status ?? result.error?.message}\n`)
  return result.status === 0
}

function unpackAside(one: Service, script: (folder: string) => string): void {
  const folder = join(ASIDE, one.package)
  // apt-get fetches as a user of its own, who can't write everywhere.
  const fetched = mkdtempSync(join(tmpdir(), 'pullbox-services-'))
  try {
    if (!run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', one.package], fetched)) return
    mkdirSync(folder, { recursive: true })
    for (const file of readdirSync(fetched)) if (file.endsWith('.deb') && !run('dpkg', ['-x', join(fetched, file), folder])) return
    mkdirSync(join(ASIDE, 'bin'), { recursive: true })
    writeFileSync(join(ASIDE, 'bin', one.program), script(folder), { mode: 0o755 })
  } finally {
    rmSync(fetched, { recursive: true, force: true })
  }
}
