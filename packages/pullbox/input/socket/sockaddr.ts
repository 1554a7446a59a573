import { fromBytes, parse } from '@pullbox/ip'
import type { Address } from '@pullbox/ip'
import { CodedError } from '@pullbox/log/errors'

import { AF } from './libc.ts'

/** Where to listen: an address and a port. */
export interface Endpoint {
  readonly address: Address
  /** As it goes into node's calls: without brackets. */
  readonly host: string
  readonly port: number
}

/** Reads `[::]:514`, `0.0.0.0:514`, `[fe80::1%eth0]:514`. Throws INPUT_BAD_ADDRESS. Names are not looked up. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[(?<six>[^\]]*)\]|(?<four>[^:\]]*)):(?<port>\d{1,5})$/.exec(text)
  const host = match?.groups?.six ?? match?.groups?.four ?? ''
  const port = Number(match?.groups?.port ?? Number.NaN)
  try {
    if (!(port <= 65535)) throw new RangeError('no port from 0 to 65535')
    return { address: parse(host, { family: match?.groups?.six === undefined ? 4 : 6 }), host, port }
  } catch (cause) {
    throw new CodedError('INPUT_BAD_ADDRESS', `"${text}" is not an address and a port`, {
      hint: 'write it as [::]:514, 0.0.0.0:514 or [2001:db8::1]:514',
      cause,
    })
  }
}

/** struct sockaddr_in or sockaddr_in6. `scope` is the interface's number of a link-local address. */
export function encodeInet(address: Address, port: number, scope: number): Uint8Array {
  const six = address.family === 6
  const out = new Uint8Array(six ? 28 : 16)
  const view = new DataView(out.buffer)
  view.setUint16(0, six ? AF.inet6 : AF.inet, true)
  view.setUint16(2, port, false)
  if (six) {
    out.set(address.bytes, 8)
    view.setUint32(24, scope, true)
  } else {
    out.set(address.bytes.subarray(12), 4)
  }
  return out
}

/** Reads what `getsockname` gave. */
export function decodeInet(name: Uint8Array): { address: Address; port: number } {
  const six = name[0] === AF.inet6
  return { address: fromBytes(six ? name.subarray(8, 24) : name.subarray(4, 8)), port: name[2] * 256 + name[3] }
}

/** Most bytes of a unix socket's path (sun_path, with its NUL). */
const PATH_BYTES = 108

/** struct sockaddr_un; a path that begins with `@` is in the abstract name space. Throws INPUT_BAD_ADDRESS. */
export function encodeUnix(path: string): Uint8Array {
  const bytes = Buffer.from(path)
  if (bytes.length === 0 || bytes.length >= PATH_BYTES || bytes.includes(0))
    throw new CodedError('INPUT_BAD_ADDRESS', `"${path}" cannot be the path of a socket`, {
      hint: `use 1 to ${PATH_BYTES - 1} bytes without NUL`,
    })
  const abstract = path.startsWith('@')
  // An abstract name is as long as the address says; a path ends with NUL.
  const out = new Uint8Array(2 + bytes.length + (abstract ? 0 : 1))
  out[0] = AF.unix
  out.set(bytes, 2)
  if (abstract) out[2] = 0
  return out
}
