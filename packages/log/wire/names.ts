/** Names of severities 0..7 as RFC 5424 table 2 has them, in the short form that syslog.h made common. */
export const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const

/** Names of facilities 0..23 (RFC 5424 table 1; the short forms of syslog.h where there is one). */
export const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'security',
  'console',
  'solaris-cron',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const

const SEVERITY_ALIASES: Readonly<Record<string, number>> = {
  emergency: 0,
  panic: 0,
  critical: 2,
  error: 3,
  warn: 4,
  informational: 6,
  information: 6,
}

/** The number of a severity name, also of the usual other spellings, whatever the case; -1 when it is none. */
export function severityNumber(name: string): number {
  const lower = name.toLowerCase()
  const i = (SEVERITIES as readonly string[]).indexOf(lower)
  return i >= 0 ? i : (SEVERITY_ALIASES[lower] ?? -1)
}

/** The number of a facility name; -1 when it is none. */
export function facilityNumber(name: string): number {
  return (FACILITIES as readonly string[]).indexOf(name.toLowerCase())
}
