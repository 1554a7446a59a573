import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Most processes that are looked through for the holder of a port. */
const MOST_PROCESSES = 20_000

/**
 * Who holds a local port, as "pid 812 (rsyslogd)", read from /proc; undefined where that cannot be seen (another system,
 * another user's process without rights, already gone).
 */
export function portHolder(protocol: 'udp' | 'tcp', port: number): string | undefined {
  return ownerOf(inodesOf(protocol, port))
}

/** Who holds a bound unix socket, as {@link portHolder}; `@name` is abstract. */
export function pathHolder(path: string): string | undefined {
  const inodes = new Set<string>()
  for (const line of lines('/proc/net/unix')) {
    const words = line.split(/\s+/)
    if (words[7] === path) inodes.add(words[6])
  }
  return ownerOf(inodes)
}

/** The kernel's counter of datagrams dropped at this process's UDP sockets on a port; undefined where /proc is not there. */
export function udpDrops(port: number): number | undefined {
  const own = ownSockets()
  let drops: number | undefined
  for (const words of rows('udp', port)) {
    if (own.has(words[9])) drops = (drops ?? 0) + Number(words[12])
  }
  return drops
}

function inodesOf(protocol: 'udp' | 'tcp', port: number): Set<string> {
  const inodes = new Set<string>()
  for (const words of rows(protocol, port)) {
    // State 0A: listening. A UDP socket that only sends holds its port as well.
    if ((protocol === 'udp' || words[3] === '0A') && words[9] !== '0') inodes.add(words[9])
  }
  return inodes
}

function* rows(protocol: 'udp' | 'tcp', port: number): Generator<string[]> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  for (const file of [protocol, `${protocol}6`]) {
    for (const line of lines(`/proc/net/${file}`)) {
      const words = line.trim().split(/\s+/)
      if (words[1]?.endsWith(`:${wanted}`)) yield words
    }
  }
}

function ownerOf(inodes: Set<string>): string | undefined {
  if (inodes.size === 0) return undefined
  const processes = list('/proc').filter((name) => /^\d+$/.test(name))
  for (const pid of processes.slice(0, MOST_PROCESSES)) {
    for (const inode of socketsOf(pid)) {
      if (!inodes.has(inode)) continue
      const name = lines(`/proc/${pid}/comm`)[0] ?? '?'
      return pid === String(process.pid) ? `this process, pid ${pid} (${name})` : `pid ${pid} (${name})`
    }
  }
  return undefined
}

function ownSockets(): Set<string> {
  return new Set(socketsOf('self'))
}

function socketsOf(pid: string): string[] {
  const found: string[] = []
  for (const fd of list(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) found.push(inode)
    } catch {
      // Closed meanwhile.
    }
  }
  return found
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n')
  } catch {
    return []
  }
}
