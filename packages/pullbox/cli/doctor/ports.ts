import { createSocket } from 'node:dgram'
import { accessSync, constants, lstatSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { listenText } from '../../config/listen.ts'
import type { Listen } from '../../config/listen.ts'
import { pathHolder, portHolder } from '../../input/socket/holder.ts'
import type { Finding } from './finding.ts'
import { fail, ok, warn } from './finding.ts'

/**
 * Tries to bind, and lets go at once. Nothing is received: the socket is closed before anything is read from it. `own` is the process
 * of the running collector, which may hold it.
 */
export async function checkPort(protocol: 'udp' | 'tcp', listen: Listen, own?: number): Promise<Finding> {
  const check = `port ${protocol} ${listenText(listen)}`
  const reason = protocol === 'udp' ? await tryUdp(listen) : await tryTcp(listen)
  if (reason === '') return ok(check, 'free')
  if (reason === 'EADDRINUSE') {
    const holder = portHolder(protocol, listen.port)
    if (isOwn(holder, own)) return ok(check, `held by the running collector, ${holder}`)
    return fail(check, `in use${holder === undefined ? '' : ` by ${holder}`}`, 'stop that program, or listen on another port')
  }
  if (reason === 'EACCES' || reason === 'EPERM') {
    return fail(
      check,
      'no right to listen there',
      listen.port < 1024 ? 'run as root, or give the program CAP_NET_BIND_SERVICE' : 'see what forbids it (SELinux, a sandbox)',
    )
  }
  if (reason === 'EAFNOSUPPORT') return fail(check, 'this machine has no IPv6', 'listen on 0.0.0.0 instead of [::]')
  return warn(check, `cannot listen there: ${reason}`, 'use an address that this machine has')
}

/** Whether the folder of a unix socket can be written, and nobody else has the socket. Nothing is changed. */
export function checkSocketPath(path: string, own?: number): Finding {
  const check = `socket ${path}`
  if (path.startsWith('@')) return ok(check, 'an abstract name needs no rights')
  const holder = pathHolder(path)
  if (isOwn(holder, own)) return ok(check, `held by the running collector, ${holder}`)
  if (holder !== undefined) return fail(check, `in use by ${holder}`, 'stop that program, or choose another path')
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK)
    const there = lstatSync(path, { throwIfNoEntry: false })
    if (there === undefined || there.isSocket())
      return ok(check, there === undefined ? 'free' : 'left behind by nobody that is seen; a dead one is replaced')
    return fail(
      check,
      `${there.isSymbolicLink() ? 'a link' : 'a file'} is in the way`,
      'choose another path; what is no socket is never removed',
    )
  } catch (error) {
    return fail(
      check,
      `no right to listen there: ${(error as NodeJS.ErrnoException).code}`,
      'run as root, or choose a path that this user can write',
    )
  }
}

function isOwn(holder: string | undefined, own: number | undefined): boolean {
  return own !== undefined && holder?.includes(`pid ${own} `) === true
}

function tryUdp(listen: Listen): Promise<string> {
  return new Promise((done) => {
    const socket = createSocket({ type: listen.host.includes(':') ? 'udp6' : 'udp4' })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      done(error.code ?? error.message)
    })
    socket.bind({ address: listen.host, port: listen.port, exclusive: true }, () => socket.close(() => done('')))
  })
}

function tryTcp(listen: Listen): Promise<string> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    server.listen({ host: listen.host, port: listen.port, exclusive: true }, () => server.close(() => done('')))
  })
}
