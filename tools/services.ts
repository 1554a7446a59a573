import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that tests run as a user would have it: a real sender, server or tool, never a stand-in. */
export interface Service {
  /** The Debian package that brings it. */
  readonly package: string
  /** The program's file name. */
  readonly program: string
  /** What is proved with it. */
  readonly why: string
}

/** Programs that tests look for, by the name they ask for. */
export const SERVICES: Readonly<Record<string, Service>> = {
  rsyslogd: { package: 'rsyslog', program: 'rsyslogd', why: 'sends syslog and RELP as most hosts do' },
  'syslog-ng': { package: 'syslog-ng-core', program: 'syslog-ng', why: 'sends syslog as the second most common daemon does' },
  logger: { package: 'bsdutils', program: 'logger', why: 'sends a single message' },
  strace: { package: 'strace', program: 'strace', why: 'shows that data is synced before it is acknowledged' },
  zstd: { package: 'zstd', program: 'zstd', why: 'reads what we compress' },
  openssl: { package: 'openssl', program: 'openssl', why: 'makes certificates for TLS' },
  ip: { package: 'iproute2', program: 'ip', why: 'makes network namespaces and reads interfaces' },
  script: { package: 'bsdutils', program: 'script', why: 'gives a program a terminal' },
}

const FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin']

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
  const missing = missingServices()
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((name) => SERVICES[name].package))]
  process.stderr.write(`services: installing ${packages.join(' ')}\n`)
  // No daemon may start by being installed: tests run their own, with their own configuration.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio: ['ignore', 2, 2] })
  let result = apt('install', '--no-install-recommends', ...packages)
  if (result.status !== 0) {
    apt('update')
    result = apt('install', '--no-install-recommends', ...packages)
  }
  const still = missingServices()
  if (still.length > 0) throw new Error(`still missing: ${still.join(', ')} (apt-get ended with ${result.status ?? result.error?.message})`)
}
