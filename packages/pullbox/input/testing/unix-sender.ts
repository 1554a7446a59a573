// A blocking sender of unix datagrams, for unix-datagram.test.ts: node has no such socket of its own.
import { createRequire } from 'node:module'
import { workerData } from 'node:worker_threads'

import { AF, SOCK } from '../socket/libc.ts'
import { encodeUnix } from '../socket/sockaddr.ts'

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
const lib = koffi.load(null)
const socket = lib.func('int socket(int, int, int)')
const sendto = lib.func('intptr_t sendto(int, void *, size_t, int, void *, uint32_t)')
const setsockopt = lib.func('int setsockopt(int, int, int, void *, uint32_t)')

const { path, messages } = workerData as { path: string; messages: Uint8Array[] }
const fd = socket(AF.unix, SOCK.dgram | SOCK.cloexec, 0)
// SO_SNDTIMEO: no call blocks for longer than this (struct timeval: 20 s).
setsockopt(fd, 1, 21, new BigInt64Array([20n, 0n]), 16)
const name = encodeUnix(path)
for (const message of messages) {
  const bytes = message.length > 0 ? message : new Uint8Array(1)
  if (sendto(fd, bytes, message.length, 0, name, name.length) !== message.length) throw new Error(`sendto: errno ${koffi.errno()}`)
}
