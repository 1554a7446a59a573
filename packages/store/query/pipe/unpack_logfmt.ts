import type { Derive } from './derive.ts'
import { unquotePrefix } from './quoted.ts'
import { unpackPipe } from './unpack.ts'

/** `name=value name="value" name`; a name without value is empty. */
const pairs: Derive = (text, set) => {
  const name = /[^\s=]+/y
  for (let at = 0; at < text.length;) {
    name.lastIndex = at
    const found = name.exec(text)
    if (found === null) {
      at++
      continue
    }
    at += found[0].length
    if (text[at] !== '=') {
      set(found[0], '')
      continue
    }
    at++
    const quoted = unquotePrefix(text, at)
    const end = quoted === null ? wordEnd(text, at) : at + quoted.length
    set(found[0], quoted === null ? text.slice(at, end) : quoted.value)
    at = end
  }
}

function wordEnd(text: string, from: number): number {
  const space = /\s/g
  space.lastIndex = from
  return space.exec(text)?.index ?? text.length
}

/** `unpack_logfmt from field fields (a, b) result_prefix x`: the pairs of a logfmt text as fields. */
export const unpackLogfmt = unpackPipe('unpack_logfmt', pairs)
