import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'

import { format } from '@pullbox/ip'
import { FLAG } from '@pullbox/log/wire'

import { receiveDatagrams } from './datagrams.ts'
import { BatchTimer } from './batch-timer.ts'
import { peerKey, PeerIndex } from './peers.ts'
import { addressFailure } from './socket/failure.ts'
import { DatagramSocket } from './socket/datagram-socket.ts'
import { udpDrops } from './socket/holder.ts'
import { SO, SOL } from './socket/libc.ts'
import type { Libc } from './socket/libc.ts'
import { parseEndpoint } from './socket/sockaddr.ts'
import type { Endpoint } from './socket/sockaddr.ts'
import { MessageVector } from './socket/vector.ts'
import { LONGEST_DATAGRAM } from './task.ts'
import type { Input, InputParts } from './task.ts'
import { warmUp } from './warm-up.ts'

/** Messages of one recvmmsg call: at most so many, fewer where the longest datagrams would take more than a quarter of the memory. */
const CALL_MESSAGES = 512
const LEAST_MESSAGES = 32
/** Nice value that the receive thread asks for: while it waits for a processor, the kernel's queue overflows. */
const NICE = -15
/** How often the fallback reads the kernel's drop counter from /proc, in milliseconds. */
const DROPS_MS = 1000
/** When the fallback counts as drained: nothing for this long, at most this long in all. */
const QUIET_MS = 20
const DRAIN_MS = 500

/**
 * Syslog over UDP (RFC 5426): one datagram, one message; what the kernel drops is counted. A source is the sender's address
 * without port. Throws INPUT_* errors.
 */
export async function openUdp(parts: InputParts): Promise<Input> {
  const endpoint = parseEndpoint(parts.task.at)
  return parts.libc === undefined ? openNodeUdp(parts, endpoint) : openNativeUdp(parts, endpoint, parts.libc)
}

function openNativeUdp(parts: InputParts, endpoint: Endpoint, libc: Libc): Input {
  const { intake, task } = parts
  if (task.warm) warmUp()
  const socket = DatagramSocket.inet(libc, endpoint, task.receiveBuffer)
  const stamps = task.stamps === 'message'
  if (stamps) libc.setOption(socket.fd, SOL.socket, SO.timestampns, 1)
  const message = Math.min(task.limits.message, LONGEST_DATAGRAM)
  const fit = Math.floor(task.limits.memory / 4 / message)
  const count = Math.min(CALL_MESSAGES, Math.max(LEAST_MESSAGES, fit))
  const vector = new MessageVector(libc, {
    count,
    message,
    name: socket.six ? 28 : 16,
    stamps,
  })
  const nice = libc.nice(NICE) < 0 ? 0 : NICE
  const peers = new PeerIndex(intake, socket.six, (index) => libc.interfaceName(index))
  const { names, nameWords } = vector
  return {
    address: socket.address,
    receiveBuffer: socket.receiveBuffer,
    native: true,
    nice,
    async run() {
      try {
        receiveDatagrams({ socket, vector, intake, count, nap: true, source: (i) => peers.source(names, i * nameWords) })
      } finally {
        socket.close()
      }
    },
  }
}

async function bindNode(six: boolean, host: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: six ? 'udp6' : 'udp4' })
  try {
    socket.bind({ address: host, port, exclusive: true })
    await once(socket, 'listening')
    return socket
  } catch (error) {
    socket.close()
    throw error
  }
}

async function openNodeUdp(parts: InputParts, endpoint: Endpoint): Promise<Input> {
  const { task } = parts
  const six = endpoint.address.family === 6
  let host = endpoint.host
  const socket = await bindNode(six, host, endpoint.port)
    .catch((error: { code?: string }) => {
      if (!(format(endpoint.address) === '::' && error.code === 'EAFNOSUPPORT')) throw error
      // A machine without IPv6: [::] stands for all of IPv4.
      host = '0.0.0.0'
      return bindNode(false, host, endpoint.port)
    })
    .catch((error: { code?: string }) => {
      throw addressFailure('udp', task.at, endpoint.port, error.code ?? 'unknown')
    })
  try {
    socket.setRecvBufferSize(task.receiveBuffer)
  } catch {
    // The system's own size stays; what was granted is said below.
  }
  const { port } = socket.address()
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    // Linux says the double of what was asked for.
    receiveBuffer: process.platform === 'linux' ? socket.getRecvBufferSize() / 2 : socket.getRecvBufferSize(),
    native: false,
    run: () => receiveFromNode(parts, socket, port),
  }
}

async function receiveFromNode({ task, intake }: InputParts, socket: Socket, port: number): Promise<void> {
  const timer = new BatchTimer(intake)
  const sources = new Map<string, number>()
  let last = intake.clock.steady()
  // A full ring blocks this thread inside `append`: the kernel's queue holds what comes, as with the native calls.
  socket.on('message', (message, peer) => {
    let source = sources.get(peer.address)
    if (source === undefined) {
      const key = peerKey(peer.address)
      source = intake.source(Buffer.from(key), key)
      if (source !== 0) sources.set(peer.address, source)
    }
    const kept = Math.min(message.length, task.limits.message)
    intake.append(message, 0, kept, source, intake.clock.micros(), kept < message.length ? FLAG.truncated : 0, message.length)
    last = intake.clock.steady()
    timer.arm()
  })
  socket.on('error', () => {})
  const countDrops = () => {
    const drops = udpDrops(port)
    if (drops !== undefined) intake.counters.set('kernelDrops', drops)
  }
  const drops = setInterval(countDrops, DROPS_MS)
  await timer.stopRequested()
  clearInterval(drops)
  const until = intake.clock.steady() + DRAIN_MS
  while (intake.clock.steady() < until) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
    if (intake.clock.steady() - last >= QUIET_MS) break
  }
  countDrops()
  timer.close()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  intake.flush()
}
