import { chmodSync } from 'node:fs'

import { format } from '@pullbox/ip'

import { addressFailure, errnoName, pathFailure } from './failure.ts'
import { AF, SO, SOCK, SOL } from './libc.ts'
import type { Libc } from './libc.ts'
import { clearStaleSocket, removeSocket } from './path.ts'
import { decodeInet, encodeInet, encodeUnix } from './sockaddr.ts'
import type { Endpoint } from './sockaddr.ts'
import { interfaceIndex } from './interfaces.ts'

const ANY = '::'

/** A bound, non-blocking datagram socket of the system. */
export class DatagramSocket {
  readonly fd: number
  /** True for inet6, whose senders' addresses are 16 bytes. */
  readonly six: boolean
  /** Where it listens, with the port that it got. */
  readonly address: string
  /** Bytes of receive buffer that the kernel granted. */
  readonly receiveBuffer: number
  private readonly libc: Libc
  private readonly path: string | undefined
  private readonly memory = new Uint32Array(9)
  private readonly entry = new Int32Array(2)

  private constructor(libc: Libc, fd: number, six: boolean, address: string, buffer: number, path?: string) {
    this.libc = libc
    this.fd = fd
    this.six = six
    this.address = address
    this.path = path
    this.receiveBuffer = grantReceiveBuffer(libc, fd, buffer)
    this.entry[0] = fd
  }

  /** Binds a UDP socket; `[::]` takes v4 as well, and stands for 0.0.0.0 on a machine without IPv6. Throws INPUT_* errors. */
  static inet(libc: Libc, at: Endpoint, buffer: number): DatagramSocket {
    const text = at.address.family === 6 ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`
    let six = at.address.family === 6
    let fd = libc.socket(six ? AF.inet6 : AF.inet, SOCK.dgram | SOCK.nonblock | SOCK.cloexec, 0)
    const every = six && format(at.address) === ANY
    if (fd < 0 && every) {
      six = false
      fd = libc.socket(AF.inet, SOCK.dgram | SOCK.nonblock | SOCK.cloexec, 0)
    }
    if (fd < 0) throw addressFailure('udp', text, at.port, errnoName(fd))
    if (every && six) libc.setOption(fd, SOL.ipv6, SO.v6only, 0)
    const name =
      every && !six
        ? new Uint8Array([AF.inet, 0, at.port >> 8, at.port & 255, ...new Uint8Array(12)])
        : encodeInet(at.address, at.port, interfaceIndex(at.address.zone))
    const bound = libc.bind(fd, name)
    if (bound < 0) {
      libc.close(fd)
      throw addressFailure('udp', text, at.port, errnoName(bound))
    }
    const got = new Uint8Array(28)
    const length = libc.getName(fd, got)
    const { port } = decodeInet(got.subarray(0, length))
    const shown = six ? `[${at.host}]` : every ? '0.0.0.0' : at.host
    return new DatagramSocket(libc, fd, six, `${shown}:${port}`, buffer)
  }

  /** Binds a unix datagram socket with the permissions `mode`. A socket file that nobody listens on is replaced. Throws INPUT_* errors. */
  static unix(libc: Libc, path: string, mode: number, buffer: number): DatagramSocket {
    const name = encodeUnix(path)
    const fd = libc.socket(AF.unix, SOCK.dgram | SOCK.nonblock | SOCK.cloexec, 0)
    if (fd < 0) throw pathFailure(path, errnoName(fd))
    let bound = libc.bind(fd, name)
    if (errnoName(bound) === 'EADDRINUSE' && !path.startsWith('@') && clearStaleSocket(path, () => answers(libc, name)))
      bound = libc.bind(fd, name)
    if (bound < 0) {
      libc.close(fd)
      throw pathFailure(path, errnoName(bound))
    }
    if (!path.startsWith('@')) chmodSync(path, mode)
    return new DatagramSocket(libc, fd, false, path, buffer, path)
  }

  /** Waits at most `timeoutMs` for something to read. */
  wait(timeoutMs: number): void {
    this.entry[1] = 1
    this.libc.poll(this.entry, timeoutMs)
  }

  /** Datagrams that the kernel has dropped at this socket since it was opened; undefined where the kernel does not say (before 4.12). */
  drops(): number | undefined {
    return this.libc.getOption(this.fd, SOL.socket, SO.meminfo, this.memory) < 36 ? undefined : this.memory[8]
  }

  /** Makes the queue as short as it can be: what is in it stays and can be read, what comes now is dropped and counted. */
  shut(): void {
    this.libc.setOption(this.fd, SOL.socket, SO.rcvbuf, 1)
  }

  close(): void {
    this.libc.close(this.fd)
    if (this.path !== undefined) removeSocket(this.path)
  }
}

function grantReceiveBuffer(libc: Libc, fd: number, bytes: number): number {
  if (libc.setOption(fd, SOL.socket, SO.rcvbufforce, bytes) < 0) libc.setOption(fd, SOL.socket, SO.rcvbuf, bytes)
  const out = new Uint32Array(1)
  libc.getOption(fd, SOL.socket, SO.rcvbuf, out)
  // The kernel doubles what was asked for, to have room for its own bookkeeping, and says the double.
  return out[0] / 2
}

function answers(libc: Libc, name: Uint8Array): boolean {
  const fd = libc.socket(AF.unix, SOCK.dgram | SOCK.nonblock | SOCK.cloexec, 0)
  if (fd < 0) return true
  const reason = errnoName(libc.connect(fd, name))
  libc.close(fd)
  // EPROTOTYPE and all others: somebody is there, of whatever kind.
  return reason !== 'ECONNREFUSED' && reason !== 'ENOENT'
}
