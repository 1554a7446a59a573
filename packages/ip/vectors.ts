import { Address, isMapped, parse, unmap } from './address.ts'
import { IpError } from './errors.ts'
import { format } from './format.ts'
import { parsePrefix } from './prefix.ts'

export type Ipv6Case = { input_base64: string; given?: { kind?: string } }

/** What this package makes of one line of `vectors/ipv6.jsonl`, in the names of that file's `expected`. */
export type Ipv6Answer =
  | { valid: false; error_kind: string; error_column: number }
  | {
      valid: true
      hex: string
      normalized: string
      zone: string | null
      prefix_length: number | null
      ipv4_mapped: string | null
      inet_ntop_glibc: string
    }

/** Answers a case from its `input_base64` and `given.kind` (`address` or `cidr`) alone, by the rules of family 6. */
export function answerIpv6(line: Ipv6Case): Ipv6Answer {
  const input = Buffer.from(line.input_base64, 'base64')
  try {
    if (line.given?.kind !== 'cidr') return answer(parse(input, { family: 6 }), null)
    const prefix = parsePrefix(input, { family: 6 })
    return answer(new Address(prefix.bytes, prefix.family), prefix.length)
  } catch (error) {
    if (!(error instanceof IpError)) throw error
    return { valid: false, error_kind: error.code, error_column: error.at }
  }
}

function answer(address: Address, prefixLength: number | null): Ipv6Answer {
  return {
    valid: true,
    hex: Buffer.from(address.bytes).toString('hex'),
    normalized: format(address),
    zone: address.zone === '' ? null : address.zone,
    prefix_length: prefixLength,
    ipv4_mapped: isMapped(address) ? format(unmap(address)) : null,
    inet_ntop_glibc: format(address, { style: 'inet_ntop' }),
  }
}
