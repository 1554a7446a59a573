import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where one kind of traffic of a sender goes: to the collector, and the same bytes to a plain recorder where the sender can do both. */
export interface Targets {
  readonly collector: number
  readonly recorder: number
}

/** A way in which a sender sends. */
export interface Way {
  readonly name: string
  readonly transport: 'udp' | 'tcp'
  /** How frames are told apart on a stream. */
  readonly framing: 'datagram' | 'lf' | 'octet'
  /** What must be on the wire for a line, where that is known; null where the sender adds times of its own. */
  readonly wire: ((line: Buffer) => Buffer) | null
}

/** A sender that runs. Lines are given to it in pieces, so that it never sends more than receivers keep up with. */
export interface Sender {
  /** Gives it whole lines to send in that way. */
  feed(way: Way, lines: readonly Buffer[]): void
  stop(): Promise<void>
}

const LF = Buffer.from('\n')
const joined = (lines: readonly Buffer[]) => Buffer.concat(lines.flatMap((line) => [line, LF]))

function ended(child: ChildProcess, kill: NodeJS.Signals | null): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  const done = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  if (kill !== null) child.kill(kill)
  return done
}

/** `logger -f`-like: lines on its stdin. Options make every byte known in advance, but for the time of RFC 3164. */
const loggerWire = (line: Buffer) => Buffer.concat([Buffer.from('<13>1 - - corpus - - - '), line])

export const LOGGER: readonly (Way & { readonly options: readonly string[] })[] = [
  {
    name: 'logger -d --rfc5424',
    transport: 'udp',
    framing: 'datagram',
    wire: loggerWire,
    options: ['-d', '--rfc5424=notime,nohost'],
  },
  { name: 'logger -d --rfc3164', transport: 'udp', framing: 'datagram', wire: null, options: ['-d', '--rfc3164'] },
  { name: 'logger -T --rfc5424', transport: 'tcp', framing: 'lf', wire: loggerWire, options: ['-T', '--rfc5424=notime,nohost'] },
  {
    name: 'logger -T --octet-count',
    transport: 'tcp',
    framing: 'octet',
    wire: loggerWire,
    options: ['-T', '--octet-count', '--rfc5424=notime,nohost'],
  },
]

export function startLogger(program: string, port: number, options: readonly string[]): Sender {
  const args = ['-n', '127.0.0.1', '-P', String(port), '-t', 'corpus', '--size', '16384', '--socket-errors=on', ...options]
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  return {
    feed: (_way, lines) => void child.stdin.write(joined(lines)),
    stop: () => {
      child.stdin.end()
      return ended(child, null)
    },
  }
}

const asItIs = (line: Buffer) => line

export const RSYSLOG: readonly Way[] = [
  { name: 'rsyslog omfwd UDP', transport: 'udp', framing: 'datagram', wire: asItIs },
  { name: 'rsyslog omfwd TCP', transport: 'tcp', framing: 'lf', wire: asItIs },
  { name: 'rsyslog omfwd TCP octet-counted', transport: 'tcp', framing: 'octet', wire: asItIs },
]

/** Reads a file a way and forwards each line as it is. */
export function startRsyslog(program: string, folder: string, targets: readonly Targets[]): Sender {
  mkdirSync(folder, { recursive: true })
  const file = (i: number) => join(folder, `in${i}`)
  const action = (way: Way, port: number) =>
    `action(type="omfwd" target="127.0.0.1" port="${port}" protocol="${way.transport}" template="raw"${way.framing === 'octet' ? ' tcp_framing="octet-counted"' : ''})`
  const rules = RSYSLOG.map(
    (way, i) => `ruleset(name="r${i}") {
  ${action(way, targets[i].collector)}
  ${action(way, targets[i].recorder)}
}
input(type="imfile" File="${file(i)}" Tag="corpus" ruleset="r${i}")`,
  )
  const conf = join(folder, 'rsyslog.conf')
  writeFileSync(
    conf,
    `global(workDirectory="${folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
module(load="imfile" mode="inotify")
template(name="raw" type="string" string="%rawmsg%")
${rules.join('\n')}
`,
  )
  for (const i of RSYSLOG.keys()) writeFileSync(file(i), '')
  const child = spawn(program, ['-n', '-f', conf, '-i', join(folder, 'pid')], { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    feed: (way, lines) => appendFileSync(file(RSYSLOG.indexOf(way)), joined(lines)),
    stop: () => ended(child, 'SIGTERM'),
  }
}

export const SYSLOG_NG: readonly Way[] = [
  { name: 'syslog-ng network() udp', transport: 'udp', framing: 'datagram', wire: asItIs },
  { name: 'syslog-ng network() tcp', transport: 'tcp', framing: 'lf', wire: asItIs },
  { name: 'syslog-ng syslog() tcp', transport: 'tcp', framing: 'octet', wire: null },
]

/** Reads a file a way; network() sends each line as it is, syslog() puts an RFC 5424 header before it. */
export function startSyslogNg(program: string, folder: string, targets: readonly Targets[]): Sender {
  mkdirSync(folder, { recursive: true })
  const file = (i: number) => join(folder, `in${i}`)
  const driver = (way: Way, port: number, name: string) =>
    way.framing === 'octet'
      ? `syslog("127.0.0.1" port(${port}) transport("tcp") persist-name("${name}"));`
      : `network("127.0.0.1" port(${port}) transport("${way.transport}") persist-name("${name}") template("$MSG${way.framing === 'lf' ? '\\n' : ''}"));`
  const paths = SYSLOG_NG.map(
    (way, i) => `source s${i} { file("${file(i)}" follow-freq(0.02) flags(no-parse)); };
destination c${i} { ${driver(way, targets[i].collector, `c${i}`)} };
destination r${i} { ${driver(way, targets[i].recorder, `r${i}`)} };
log { source(s${i}); destination(c${i}); destination(r${i}); flags(flow-control); };`,
  )
  const conf = join(folder, 'syslog-ng.conf')
  writeFileSync(
    conf,
    `@version: 3.38
options { threaded(yes); log-msg-size(65536); log-fifo-size(200000); stats-freq(0); use-dns(no); dns-cache(no); keep-hostname(yes); };
${paths.join('\n')}
`,
  )
  for (const i of SYSLOG_NG.keys()) writeFileSync(file(i), '')
  const own = ['persist', 'control', 'pid'].map((name) => join(folder, name))
  const args = ['-f', conf, '-F', '--no-caps', '--persist-file', own[0], '--control', own[1], '--pidfile', own[2]]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    feed: (way, lines) => appendFileSync(file(SYSLOG_NG.indexOf(way)), joined(lines)),
    stop: () => ended(child, 'SIGTERM'),
  }
}
