import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { findProgram } from '../tools/services.ts'
import type { Child, Daemon, Ports } from './daemon.ts'
import { startProgram } from './daemon.ts'

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

function toFile(name: string, child: Child, ports: Ports, file: string): Daemon {
  const count = lineCounter(file)
  const size = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return {
    name,
    pid: child.pid,
    ports,
    progress: () => Promise.resolve(size()),
    kept: () => Promise.resolve(count()),
    flush: () => child.signal('SIGHUP'),
    diskBytes: size,
    blocks: () => Promise.resolve(null),
    stop: child.stop,
    kill: child.kill,
  }
}

function required(name: string): string {
  const path = findProgram(name)
  if (path === null) throw new Error(`${name} is not there; tools/services.ts names its package`)
  return path
}

/** rsyslog with the fastest settings found in its documentation's reach; output not synced unless asked. */
export async function rsyslog(dir: string, ports: Ports, sync = false): Promise<Daemon> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'out.log')
  const conf = join(dir, 'rsyslog.conf')
  const synced = sync ? 'flushOnTXEnd="on" sync="on"' : 'flushOnTXEnd="off"'
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
action(type="omfile" file="${file}" template="RSYSLOG_TraditionalFileFormat" ioBufferSize="256k" ${synced} asyncWriting="off")
`,
  )
  const name = sync ? 'rsyslog-sync' : 'rsyslog'
  const args = ['-n', '-f', conf, '-i', join(dir, 'pid')]
  const child = await startProgram(name, required('rsyslogd'), args, () => existsSync(ports.unix))
  return toFile(name, child, ports, file)
}

/** syslog-ng, its options from its own documentation; not synced. */
export async function syslogNg(dir: string, ports: Ports): Promise<Daemon> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'out.log')
  const conf = join(dir, 'syslog-ng.conf')
  writeFileSync(
    conf,
    `@version: 3.38
options { threaded(yes); log-fifo-size(1000000); flush-lines(1000); use-dns(no); keep-hostname(yes); stats-level(0); };
source u { network(ip("127.0.0.1") port(${ports.udp}) transport("udp") so-rcvbuf(8388608) log-fetch-limit(1000) log-iw-size(100000)); };
source t { network(ip("127.0.0.1") port(${ports.tcp}) transport("tcp") log-fetch-limit(2000) log-iw-size(100000)); };
source x { unix-dgram("${ports.unix}" log-fetch-limit(1000) log-iw-size(100000)); };
destination d { file("${file}"); };
log { source(u); destination(d); };
log { source(t); destination(d); flags(flow-control); };
log { source(x); destination(d); };
`,
  )
  const at = (name: string) => join(dir, name)
  const args = ['-f', conf, '-F', '--no-caps', '--persist-file', at('persist'), '--control', at('ctl'), '--pidfile', at('pid')]
  const child = await startProgram('syslog-ng', required('syslog-ng'), args, () => existsSync(ports.unix))
  return toFile('syslog-ng', child, ports, file)
}

/** A line that says which version of a peer runs; null when it is not there. */
export function peerProgram(name: 'rsyslogd' | 'syslog-ng'): string | null {
  return findProgram(name)
}
