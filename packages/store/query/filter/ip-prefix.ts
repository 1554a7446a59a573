import { ipPrefix } from '../language/index.ts'
import { ipv6RangeTest } from './ip-range.ts'
import { parseInto } from '@pullbox/ip'
import { phraseTest } from './phrase.ts'

import type { ValueTest } from './matcher.ts'

/**
 * Our extension `field:10.0.0.0/8`: a value that is an address matches when the prefix holds it (IPv4 and its mapped form are the same);
 * any other value matches as for the phrase.
 */
export function ipPrefixTest(prefix: string): ValueTest {
  const ends = ipPrefix(prefix)
  const phrase = phraseTest(prefix)
  if (ends === null) return phrase
  const range = ipv6RangeTest(ends.first, ends.last)
  const scratch = Buffer.alloc(16)
  const isAddress = (bytes: Uint8Array, start: number, end: number): boolean =>
    end - start <= 64 && end - start >= 2 && parseInto(bytes, start, end, scratch, 0) === 0
  return {
    text: (value) => {
      const bytes = Buffer.from(value, 'utf8')
      return isAddress(bytes, 0, bytes.length) ? range.text(value) : phrase.text(value)
    },
    bytes: (bytes, start, end) => (isAddress(bytes, start, end) ? range.bytes!(bytes, start, end) : phrase.bytes!(bytes, start, end)),
  }
}
