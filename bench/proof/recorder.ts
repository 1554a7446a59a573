import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A plain receiver that keeps what came: the truth of what a sender puts on the wire, told without any code of ours. */
export interface Recorder {
  readonly port: number
  /** Messages so far, as far as they can be told before the end: datagrams, or line ends. */
  count(): number
  /** Datagrams in order, or all bytes of all connections as one. */
  bytes(): Buffer[]
  close(): Promise<void>
}

export async function recordUdp(): Promise<Recorder> {
  const kept: Buffer[] = []
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  socket.on('message', (bytes) => kept.push(bytes))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    count: () => kept.length,
    bytes: () => kept,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

export async function recordTcp(): Promise<Recorder> {
  const kept: Buffer[] = []
  const open = new Set<Socket>()
  let lines = 0
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => open.delete(socket))
    socket.on('data', (bytes: Buffer) => {
      kept.push(bytes)
      for (const byte of bytes) if (byte === 10) lines++
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    count: () => lines,
    bytes: () => [Buffer.concat(kept)],
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
