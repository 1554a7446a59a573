import { CodedError } from '@pullbox/log/errors'

import { ERRNO } from './libc.ts'
import { pathHolder, portHolder } from './holder.ts'

const NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [number, name]))

/** The name of an errno (given positive or negative), as node has it in `error.code`. */
export function errnoName(errno: number): string {
  return NAMES.get(Math.abs(errno)) ?? `errno ${Math.abs(errno)}`
}

/** What it means that an address could not be listened on; `reason` is the errno's name. */
export function addressFailure(protocol: 'udp' | 'tcp', address: string, port: number, reason: string): CodedError {
  if (reason === 'EADDRINUSE') {
    const holder = portHolder(protocol, port)
    return new CodedError('INPUT_PORT_IN_USE', `${protocol} ${address} is in use${holder === undefined ? '' : ` by ${holder}`}`, {
      at: address,
      hint: 'stop that program or choose another port',
    })
  }
  if (reason === 'EACCES' || reason === 'EPERM') {
    return new CodedError('INPUT_NO_RIGHTS', `no right to listen on ${protocol} ${address}`, {
      at: address,
      hint: port < 1024 ? 'ports below 1024 need root or CAP_NET_BIND_SERVICE' : '',
    })
  }
  return new CodedError('INPUT_BAD_ADDRESS', `cannot listen on ${protocol} ${address}: ${reason}`, {
    at: address,
    hint: 'use an address that this machine has, or [::] for all',
  })
}

/** What it means that a unix socket could not be listened on. */
export function pathFailure(path: string, reason: string): CodedError {
  if (reason === 'EADDRINUSE') {
    const holder = pathHolder(path)
    return new CodedError('INPUT_PATH_IN_USE', `${path} is in use${holder === undefined ? '' : ` by ${holder}`}`, {
      at: path,
      hint: 'stop that program, or choose another path; a file that is no socket is never removed',
    })
  }
  if (reason === 'EACCES' || reason === 'EPERM' || reason === 'EROFS')
    return new CodedError('INPUT_NO_RIGHTS', `no right to listen on ${path}`, { at: path, hint: 'the folder must be writable' })
  return new CodedError('INPUT_BAD_ADDRESS', `cannot listen on ${path}: ${reason}`, {
    at: path,
    hint: 'the folder must be there; at most 107 bytes',
  })
}
