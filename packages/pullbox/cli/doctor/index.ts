import { checkConfig } from '../../config/index.ts'
import type { Config } from '../../config/index.ts'
import type { Finding } from './finding.ts'
import { fail, ok, warn } from './finding.ts'
import { announced } from '../../collector/announce.ts'
import { checkCollector } from './collector.ts'
import { checkClock, checkDisk, checkKoffi, checkNode, checkOpenFiles, checkRights, checkUdpQueue, checkUnixQueue } from './machine.ts'
import { checkPort, checkSocketPath } from './ports.ts'

export type { Finding, Verdict } from './finding.ts'

export interface DoctorOptions {
  readonly file?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly uid: number
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * Looks at what pullbox needs of this machine, as the configuration has it. Each finding comes when it is known. Ports are
 * bound and let go; nothing else is changed.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<Finding> {
  yield checkNode(process.versions.node)
  const { loaded, problems, file } = checkConfig(options)
  for (const p of problems) yield fail('config', `${p.code}: ${p.message}${p.at ? ` at ${p.at}` : ''}`, p.hint || `pullbox help ${p.code}`)
  for (const warning of loaded?.warnings ?? []) yield warn('config', warning, 'correct the name, or unset it')
  if (loaded !== null) yield ok('config', file === null ? 'none: defaults' : `${file} is valid`)
  yield checkClock(options.nowMs)
  yield await checkKoffi()
  if (loaded !== null) yield* ofConfig(loaded.config, options.uid)
}

async function* ofConfig(config: Config, uid: number): AsyncGenerator<Finding> {
  const { store } = config
  const path = store.type === 'segments' ? String(store.options['path']) : null
  const own = path === null ? null : announced(path)
  if (path !== null) yield await checkCollector(path)
  for (const input of config.inputs) {
    if (input.type === 'unix') {
      yield checkSocketPath(input.options.path === 'auto' ? '/dev/log' : input.options.path, own?.pid)
      continue
    }
    for (const listen of input.options.udp) yield await checkPort('udp', listen, own?.pid)
    for (const listen of input.options.tcp) yield await checkPort('tcp', listen, own?.pid)
    if (input.options.udp.length > 0) yield checkUdpQueue(input.options.receive_buffer, uid)
  }
  if (config.http.address !== null) yield await checkPort('tcp', config.http.address, own?.pid)
  yield checkUnixQueue(config.inputs.some((i) => i.type === 'unix'))
  yield checkOpenFiles()
  if (path === null) return
  yield checkRights(path)
  const retention = store.options['retention'] as { bytes: number | null }
  yield checkDisk(path, retention.bytes)
}
