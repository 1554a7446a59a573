import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { listenText } from '../../config/listen.ts'
import type { Listen } from '../../config/listen.ts'
import { portHolder } from '../../input/socket/holder.ts'
import type { Finding } from './finding.ts'
import { fail, ok, warn } from './finding.ts'

/** Tries to bind, and lets go at once. Nothing is received: the socket is closed before anything is read from it. */
export async function checkPort(protocol: 'udp' | 'tcp', listen: Listen): Promise<Finding> {
  const check = `port ${protocol} ${listenText(listen)}`
  const reason = protocol === 'udp' ? await tryUdp(listen) : await tryTcp(listen)
  if (reason === '') return ok(check, 'free')
  if (reason === 'EADDRINUSE') {
    const holder = portHolder(protocol, listen.port)
    if (holder?.includes('(pullbox)')) return ok(check, `held by pullbox, ${holder}`)
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
