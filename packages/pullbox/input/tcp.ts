import type { AddressInfo } from 'node:net'

import { format } from '@pullbox/ip'

import { peerKey } from './peers.ts'
import { addressFailure } from './socket/failure.ts'
import { parseEndpoint } from './socket/sockaddr.ts'
import { StreamServer } from './stream.ts'
import type { Input, InputParts } from './task.ts'

/**
 * Syslog over TCP. A source is the peer's address without port: all connections of one machine are one source. Throws
 * INPUT_* errors.
 */
export async function openTcp(parts: InputParts): Promise<Input> {
  const { intake, task } = parts
  const endpoint = parseEndpoint(task.at)
  const streams = new StreamServer(parts, (socket) => {
    const key = peerKey(socket.remoteAddress ?? 'unknown')
    return intake.source(Buffer.from(key), key)
  })
  const hosts = format(endpoint.address) === '::' ? ['::', '0.0.0.0'] : [endpoint.host]
  for (const [i, host] of hosts.entries()) {
    try {
      await streams.listen({ host, port: endpoint.port })
      break
    } catch (error) {
      const reason = (error as { code?: string }).code ?? String(error)
      // A machine without IPv6: [::] stands for all of IPv4.
      if (i === 0 && hosts.length > 1 && (reason === 'EAFNOSUPPORT' || reason === 'EADDRNOTAVAIL')) continue
      throw addressFailure('tcp', task.at, endpoint.port, reason)
    }
  }
  const { address, port, family } = streams.server.address() as AddressInfo
  return {
    address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    receiveBuffer: 0,
    native: task.native,
    run: () => streams.run(),
  }
}
