import { Socket } from 'node:net'

/**
 * Reads an accepted, paused connection. With `buffer`, node reads every chunk into it and allocates nothing per chunk: about a
 * quarter less work and half the memory at full speed; the bytes are good during the call only, so one buffer serves all
 * connections. node offers that for sockets that are made, not for those that are accepted, so the connection's handle moves
 * into a socket made for it; where there is no such handle, and without `buffer`, plain 'data' events do the same.
 * The caller resumes the socket that is given back and watches its 'close' and 'error'.
 */
export function readInto(socket: Socket, buffer: Uint8Array | undefined, take: (bytes: Uint8Array, length: number) => void): Socket {
  const holder = socket as unknown as { _handle: unknown }
  const handle = holder._handle
  if (buffer === undefined || typeof handle !== 'object' || handle === null) {
    socket.on('data', (chunk: Buffer) => take(chunk, chunk.length))
    return socket
  }
  holder._handle = null
  const options = {
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer,
      callback(length: number, bytes: Uint8Array) {
        take(bytes, length)
        return true
      },
    },
  }
  return new Socket(options as ConstructorParameters<typeof Socket>[0])
}
