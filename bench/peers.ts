import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readSync, closeSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a log daemon under test is reached and asked how many messages it has kept. */
export interface Peer {
  readonly name: string
  readonly pid: number
  /** Messages kept so far, as it shows them: lines in its file, or records synced. */
  kept(): Promise<number>
  /** Bytes on disk. */
  diskBytes(): number
  stop(): Promise<void>
}

export interface Ports {
  readonly udp: number
  readonly tcp: number
  readonly unix: string
}

/** Counts lines as the file grows; each call reads only what is new. */
function lineCounter(file: string): () => number {
  let at = 0
  let lines = 0
  const buffer = Buffer.alloc(4 << 20)
  return () => {
    if (!existsSync(file)) return lines
    const fd = openSync(file, 'r')
    for (;;) {
      const n = readSync(fd, buffer, 0, buffer.length, at)
      if (n === 0) break
      let from = 0
      for (;;) {
        const lf = buffer.indexOf(10, from)
        if (lf < 0 || lf >= n) break
        lines++
        from = lf + 1
      }
      at += n
    }
    closeSync(fd)
    return lines
  }
}

async function daemon(
  name: string,
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  file: string,
  ready: () => boolean,
): Promise<Peer> {
  const child: ChildProcess = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let i = 0; i < 100 && !ready(); i++) await sleep(50)
  if (!ready()) throw new Error(`${name} did not start: ${errors}`)
  const count = lineCounter(file)
  return {
    name,
    pid: child.pid ?? 0,
    kept: () => Promise.resolve(count()),
    diskBytes: () => (existsSync(file) ? statSync(file).size : 0),
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([exited, sleep(5000)])
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** rsyslog as its documentation tunes it (docs/guides/benchmarks.md): fastest settings found, output not synced unless asked. */
export function rsyslog(dir: string, ports: Ports, sync = false): Promise<Peer> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'out.log')
  const conf = join(dir, 'rsyslog.conf')
  writeFileSync(
    conf,
    `global(workDirectory="${dir}" maxMessageSize="64k")
main_queue(queue.type="FixedArray" queue.size="500000" queue.dequeueBatchSize="2048" queue.workerThreads="1")
module(load="imudp" threads="1" batchSize="128" timeRequery="8")
module(load="imptcp" threads="2")
module(load="imuxsock" SysSock.Use="off")
input(type="imudp" address="127.0.0.1" port="${ports.udp}" rcvbufSize="8m")
input(type="imptcp" address="127.0.0.1" port="${ports.tcp}")
input(type="imuxsock" Socket="${ports.unix}" rateLimit.interval="0" useSysTimeStamp="off" CreatePath="on")
action(type="omfile" file="${file}" template="RSYSLOG_TraditionalFileFormat" ioBufferSize="256k" flushOnTXEnd="${sync ? 'on' : 'off'}"${sync ? ' sync="on"' : ''} asyncWriting="off")
`,
  )
  return daemon('rsyslog', '/usr/sbin/rsyslogd', ['-n', '-f', conf, '-i', join(dir, 'pid')], {}, file, () => existsSync(ports.unix))
}

/** syslog-ng, its options from its own documentation. `root` is where its package was unpacked ('' when installed). */
export function syslogNg(dir: string, ports: Ports, root = ''): Promise<Peer> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'out.log')
  const conf = join(dir, 'syslog-ng.conf')
  writeFileSync(
    conf,
    `@version: 3.38
options { threaded(yes); log-fifo-size(1000000); flush-lines(1000); use-dns(no); keep-hostname(yes); stats-level(0); };
source u { network(ip("127.0.0.1") port(${ports.udp}) transport("udp") so-rcvbuf(8388608) log-fetch-limit(1000) log-iw-size(100000)); };
source t { network(ip("127.0.0.1") port(${ports.tcp}) transport("tcp") log-fetch-limit(2000) log-iw-size(100000) max-connections(100) flags(flow-control)); };
source x { unix-dgram("${ports.unix}" log-fetch-limit(1000) log-iw-size(100000)); };
destination d { file("${file}"); };
log { source(u); destination(d); };
log { source(t); destination(d); flags(flow-control); };
log { source(x); destination(d); };
`,
  )
  const lib = `${root}/usr/lib/syslog-ng`
  const args = [
    '-f',
    conf,
    '-F',
    '--no-caps',
    '--persist-file',
    join(dir, 'persist'),
    '--control',
    join(dir, 'ctl'),
    '--pidfile',
    join(dir, 'pid'),
  ]
  if (root !== '') args.push('--module-path', `${lib}/3.38`)
  return daemon('syslog-ng', `${root}/usr/sbin/syslog-ng`, args, root === '' ? {} : { LD_LIBRARY_PATH: `${lib}:${lib}/3.38` }, file, () =>
    existsSync(ports.unix),
  )
}
