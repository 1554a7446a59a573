// Many connections from a process of their own (each side needs a file descriptor for each), for stream.test.ts. Commands come
// as messages and are answered when done.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

const AT_ONCE = 100

const [count, port, path] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]]
const sockets: Socket[] = []

async function dial(): Promise<Socket> {
  const socket = path === undefined ? connect(port, '127.0.0.1') : connect(path)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => socket.write(text, () => resolve()))
}

const commands: Record<string, () => Promise<unknown>> = {
  async open() {
    while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: AT_ONCE }, dial))))
  },
  begin: () => Promise.all(sockets.map((socket, i) => write(socket, `<13>n: ${i} be`))),
  endEven: () => Promise.all(sockets.filter((_, i) => i % 2 === 0).map((socket) => write(socket, 'gin\n'))),
}

process.on('message', (name: string) => {
  void commands[name]().then(() => process.send?.(name))
})
