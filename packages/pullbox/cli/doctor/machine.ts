import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { sizeText } from '../../config/quantities.ts'
import { CONNECTIONS } from '../../input/listener.ts'
import { bytesText } from '../output/progress.ts'
import type { Finding } from './finding.ts'
import { fail, ok, warn } from './finding.ts'

/** A clock before this is wrong: it is older than this program. */
const LEAST_TIME_MS = Date.UTC(2026, 0, 1)
const FREE_FAIL = 64 * 2 ** 20
const FREE_WARN = 2 ** 30
/** A unix socket's queue of fewer datagrams makes senders wait at every burst. */
const QUEUE_WARN = 512

export function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0])
  return major >= 24 ? ok('node', version) : fail('node', `${version} is too old`, 'install Node 24 or newer')
}

/** Whether the clock can be right, and whether something keeps it so, as far as systemd tells. */
export function checkClock(
  nowMs: number,
  synchronized = existsSync('/run/systemd/timesync/synchronized'),
  systemd = existsSync('/run/systemd/system'),
): Finding {
  const shown = new Date(nowMs).toISOString()
  if (nowMs < LEAST_TIME_MS)
    return fail('clock', `${shown} is before this program was made`, 'set the clock, then start a time service such as chrony')
  if (synchronized || !systemd) return ok('clock', shown)
  return warn(
    'clock',
    `${shown}; systemd-timesyncd has not synchronised it`,
    'timedatectl tells whether another time service does; records carry the receive time of this clock',
  )
}

/** Whether the store's folder, or the nearest one above it that exists, can be written. */
export function checkRights(path: string): Finding {
  const folder = nearestFolder(path)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    return fail(
      'rights',
      `${folder} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      `give this user the folder, or set store.options.path`,
    )
  }
  return ok('rights', folder === path ? `${path} can be written` : `${path} will be made in ${folder}`)
}

export function checkDisk(path: string, wanted: number | null): Finding {
  const { bavail, bsize, blocks } = statfsSync(nearestFolder(path))
  const free = bavail * bsize
  const says = `${bytesText(free)} free of ${bytesText(blocks * bsize)} at ${path}`
  if (free < FREE_FAIL) return fail('disk', says, 'make room, or set store.options.retention')
  if (free < FREE_WARN) return warn('disk', says, 'make room, or set store.options.retention')
  if (wanted !== null && wanted > free)
    return warn('disk', `${says}; retention allows ${sizeText(wanted)}`, 'lower store.options.retention.bytes')
  return ok('disk', says)
}

/** What the kernel grants a UDP socket as its queue. Root may go beyond the limit (SO_RCVBUFFORCE). */
export function checkUdpQueue(wanted: number, uid: number, readNumber = procNumber): Finding {
  const limit = readNumber('/proc/sys/net/core/rmem_max')
  if (limit === null) return ok('udp queue', 'the limit cannot be read on this system')
  const says = `net.core.rmem_max is ${sizeText(limit)}, receive_buffer ${sizeText(wanted)}`
  if (limit >= wanted) return ok('udp queue', says)
  if (uid === 0) return ok('udp queue', `${says}; root may go beyond`)
  return warn('udp queue', `${says}: bursts are lost earlier`, `sysctl -w net.core.rmem_max=${wanted}, or give the program CAP_NET_ADMIN`)
}

export function checkUnixQueue(used: boolean, readNumber = procNumber): Finding {
  const length = readNumber('/proc/sys/net/unix/max_dgram_qlen')
  if (length === null) return ok('unix queue', 'the limit cannot be read on this system')
  const says = `net.unix.max_dgram_qlen is ${length}`
  if (!used || length >= QUEUE_WARN) return ok('unix queue', used ? says : `${says}; no unix input is configured`)
  return warn(
    'unix queue',
    `${says}: programs that log wait for pullbox at every burst`,
    `sysctl -w net.unix.max_dgram_qlen=${QUEUE_WARN} before it starts`,
  )
}

/** Connections and segments are files: a listener takes up to {@link CONNECTIONS}, and the system must allow as many. */
export function checkOpenFiles(limits = () => readFileSync('/proc/self/limits', 'latin1')): Finding {
  let text: string
  try {
    text = limits()
  } catch {
    return ok('open files', 'the limit cannot be read on this system')
  }
  // Node raises the soft limit to the hard one.
  const hard = /^Max open files +\S+ +(\S+)/m.exec(text)?.[1] ?? 'unlimited'
  const says = `at most ${hard} open files`
  if (hard === 'unlimited' || Number(hard) >= CONNECTIONS + 1000) return ok('open files', says)
  return warn('open files', `${says}: fewer than ${CONNECTIONS} connections at a time`, 'raise LimitNOFILE= of the unit, or ulimit -Hn')
}

/** Whether the native calls can be loaded; without them UDP goes through node:dgram, and unix datagram sockets not at all. */
export async function checkKoffi(load: () => Promise<unknown> = () => import('koffi')): Promise<Finding> {
  try {
    await load()
    return ok('native calls', 'koffi loads')
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0]
    return warn(
      'native calls',
      `koffi does not load: ${reason}`,
      'UDP is slower and /dev/log cannot be read; install the package for this machine',
    )
  }
}

function nearestFolder(path: string): string {
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  return folder
}

function procNumber(path: string): number | null {
  try {
    const n = Number(readFileSync(path, 'utf8').trim())
    return Number.isFinite(n) ? n : null
  } catch {
    return null
  }
}
