import type { Derive } from './derive.ts'
import { jsonText } from './json.ts'
import { unpackPipe } from './unpack.ts'

/** Deepest nesting of objects whose members become fields with dots in their names; deeper ones stay JSON. */
const MOST_DEPTH = 32

/** The members of a JSON object; members of members as `a.b`. What is no object gives nothing. */
const members: Derive = (text, set) => {
  if (!/^\s*\{/.test(text)) return
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return
  }
  const walk = (object: object, path: string, depth: number): void => {
    for (const [name, member] of Object.entries(object)) {
      if (member === null) continue
      const inner = typeof member === 'object' && !Array.isArray(member) && depth < MOST_DEPTH
      if (inner) walk(member as object, `${path}${name}.`, depth + 1)
      else set(path + name === '' ? '_msg' : path + name, jsonText(member))
    }
  }
  walk(value as object, '', 1)
}

/** `unpack_json from field fields (a, b) result_prefix x`: the members of a JSON object as fields. */
export const unpackJson = unpackPipe('unpack_json', members)
