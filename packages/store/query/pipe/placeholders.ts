/** A part of a pattern: literal text, then a field in `<...>`; the last part may have no field. */
export interface Part {
  readonly literal: string
  /** null = no field; empty = a field without a name, whose value is dropped. */
  readonly field: string | null
  /** What stands before the colon in `<option:field>`. */
  readonly option: string
}

const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#39;': "'" }

function plain(text: string): string {
  return text.replaceAll(/&(?:lt|gt|amp|quot|#39);/g, (entity) => ENTITIES[entity]!)
}

/**
 * Reads `literal<field>literal<option:field>`. `<_>`, `<*>` and `<>` have no name. A `<` that is never closed is literal text;
 * `&lt;` and the like stand for the signs themselves.
 */
export function parsePlaceholders(pattern: string): Part[] {
  const parts: Part[] = []
  let literal = ''
  for (let at = 0; ;) {
    const open = pattern.indexOf('<', at)
    const close = open < 0 ? -1 : pattern.indexOf('>', open)
    if (close < 0) {
      literal += plain(pattern.slice(at))
      break
    }
    literal += plain(pattern.slice(at, open))
    const inner = pattern.slice(open + 1, close)
    const colon = inner.indexOf(':')
    const option = colon < 0 ? '' : inner.slice(0, colon).trim()
    const name = inner.slice(colon + 1).trim()
    parts.push({ literal, field: name === '_' || name === '*' ? '' : name, option })
    literal = ''
    at = close + 1
  }
  if (literal !== '') parts.push({ literal, field: null, option: '' })
  return parts
}
