import { format, tryParse } from '@pullbox/ip'

/** Where something listens. */
export interface Listen {
  /** An address in its RFC 5952 form, without brackets, or `localhost`. */
  readonly host: string
  /** 0 = any free port. */
  readonly port: number
}

/** `[::]:514`, `127.0.0.1:8514`, `localhost:8514`; null when it is none of them. */
export function parseListen(text: string): Listen | null {
  const m = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (m === null) return null
  const port = Number(m[3])
  if (port > 65535) return null
  if (m[2] === 'localhost') return { host: 'localhost', port }
  const address = m[1] !== undefined ? tryParse(m[1], { family: 6 }) : tryParse(m[2], { family: 4 })
  return address === undefined ? null : { host: format(address), port }
}

/** As `parseListen` reads it. */
export function listenText(listen: Listen): string {
  return listen.host.includes(':') ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`
}

/** True for localhost, 127.0.0.0/8 and ::1, the mapped forms included. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const address = tryParse(host)
  if (address === undefined) return false
  const b = address.bytes
  const mapped = b[10] === 255 && b[11] === 255 && b.subarray(0, 10).every((x) => x === 0)
  return mapped ? b[12] === 127 : b[15] === 1 && b.subarray(0, 15).every((x) => x === 0)
}
