import type { ListenerType } from '../../input/index.ts'
import { bytesText } from '../output/progress.ts'

export interface BannerFacts {
  readonly version: string
  readonly store: { readonly type: string; readonly path: string | null; readonly freeBytes: number }
  /** `http://127.0.0.1:8514`, or null when nothing is served. */
  readonly http: string | null
  readonly listeners: readonly { readonly type: ListenerType; readonly address: string }[]
  /** Whether a configuration file was read. */
  readonly configured: boolean
  readonly uid: number
  readonly home: string | undefined
}

const ANY = /^(?:\[::\]|0\.0\.0\.0):/
const LOOPBACK = /^(?:127\.|\[::1\]|localhost:)/

/** The lines that a collector says once it takes records; only what is built and runs. */
export function bannerLines(facts: BannerFacts): string[] {
  const { version, store, http, listeners } = facts
  const path = store.path === null ? '' : ` ${shortPath(store.path, facts.home)}`
  const free = Number.isFinite(store.freeBytes) ? ` (${bytesText(store.freeBytes)} free)` : ''
  const lines = [
    columns([`pullbox ${version}`, `store ${store.type}${path}${free}`, ...(http === null ? [] : [`http ${http}`])]),
    `  ${columns([listeners.map((l) => `${nameOf(l.type)} ${l.address.replace(ANY, '')}`).join('  ') || 'no listeners', notListening(facts)], 6)}`,
  ]
  const attempt = tryText(listeners)
  const forward = forwardText(listeners)
  if (attempt !== null || forward !== null)
    lines.push(`  try    ${columns([attempt, forward === null ? null : `rsyslog   ${forward}`], 8)}`)
  if (!facts.configured) lines.push('  keep   pullbox config init > pullbox.yaml')
  return lines
}

function columns(parts: readonly (string | null)[], apart = 3): string {
  return parts.filter((part) => part !== null && part !== '').join(' '.repeat(apart))
}

function nameOf(type: ListenerType): string {
  return type === 'unix-datagram' || type === 'unix-stream' ? 'unix' : type
}

/** The path as a person writes it: their own folder is `~`. */
export function shortPath(path: string, home: string | undefined): string {
  if (home === undefined || home === '' || home === '/') return path
  if (path === home) return '~'
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}

/** Without a configuration: what a syslog daemon has as well, and this one could not have. */
function notListening({ configured, uid }: BannerFacts): string | null {
  return configured || uid === 0 ? null : 'not listening: /dev/log (needs root), 514 (needs root)'
}

const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1)

function tryText(listeners: BannerFacts['listeners']): string | null {
  const find = (type: ListenerType) => listeners.find((l) => l.type === type)
  const target = (address: string) =>
    ANY.test(address) ? '127.0.0.1' : address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
  const udp = find('udp')
  if (udp !== undefined) return `logger -n ${target(udp.address)} -P ${portOf(udp.address)} -d hello`
  const tcp = find('tcp')
  if (tcp !== undefined) return `logger -n ${target(tcp.address)} -P ${portOf(tcp.address)} -T hello`
  const unix = find('unix-datagram')
  return unix === undefined ? null : `logger -u ${unix.address} hello`
}

/** What another machine's rsyslog forwards with; null when none can reach a listener. */
function forwardText(listeners: BannerFacts['listeners']): string | null {
  const reached = (type: ListenerType) => listeners.find((l) => l.type === type && !LOOPBACK.test(l.address))
  const tcp = reached('tcp')
  if (tcp !== undefined) return `*.* @@HOST:${portOf(tcp.address)}`
  const udp = reached('udp')
  return udp === undefined ? null : `*.* @HOST:${portOf(udp.address)}`
}
