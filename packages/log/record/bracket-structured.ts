import { CodedError } from '../errors.ts'
import { isNameCode } from './bracket-words.ts'
import { type Value, type ValueLimits, entriesOf, limitsOf } from './value.ts'

/** One SD-ELEMENT of RFC 5424 6.3: its id and its params in order; a name may stand more than once. */
export interface SdElement {
  id: string
  params: readonly (readonly [name: string, value: string])[]
}

const NAME_LENGTH = 32

/** True for a text that is read as STRUCTURED-DATA: `-`, or a first name that no `=` follows. */
export function startsStructured(text: string): boolean {
  if (text === '-') return true
  if (text[0] !== '[') return false
  const end = nameEnd(text, 1)
  return end > 1 && (text[end] === ' ' || text[end] === ']')
}

function nameEnd(text: string, at: number): number {
  let end = at
  while (end < text.length && isNameCode(text.charCodeAt(end))) end++
  return end
}

/**
 * Elements as a value: a map from id to a map from name to text. A name that stands several times in a row has the list of its
 * values; where other names stand between, the element is a list of maps of one param each. Nothing is lost, and
 * {@link elementsOfValue} gives the elements back.
 * @throws CodedError BRACKET_DUPLICATE_KEY for an id that stands twice, which RFC 5424 6.3.2 forbids
 */
export function valueOfElements(elements: Iterable<SdElement>): Map<Value, Value> {
  const map = new Map<Value, Value>()
  for (const { id, params } of elements) {
    if (map.has(id)) duplicate(id, '')
    const grouped = group(params)
    map.set(id, grouped ?? params.map(([name, value]) => new Map<Value, Value>([[name, value]])))
  }
  return map
}

function duplicate(id: string, at: string): never {
  throw new CodedError('BRACKET_DUPLICATE_KEY', `the element ${id.slice(0, 64)} stands twice`, {
    at,
    hint: 'RFC 5424 allows an element id once; repeat a param instead',
  })
}

/** Null where a name comes back after another one. */
function group(params: SdElement['params']): Map<Value, Value> | null {
  const map = new Map<Value, string | string[]>()
  let last: string | undefined
  for (const [name, value] of params) {
    const known = map.get(name)
    if (known === undefined) map.set(name, value)
    else if (name !== last) return null
    else if (typeof known === 'string') map.set(name, [known, value])
    else known.push(value)
    last = name
  }
  return map
}

/**
 * The elements that a value of the shape of {@link valueOfElements} stands for.
 * @throws CodedError BRACKET_NOT_STRUCTURED for a value of another shape, with other types than text, or with names that RFC 5424 has no room for
 */
export function elementsOfValue(value: Value): SdElement[] {
  const entries = mapOf(value)
  if (entries === null) none('the value is no map of elements')
  return [...entries].map(([id, element]) => ({ id: nameOf(id), params: paramsOf(element) }))
}

function none(message: string): never {
  throw new CodedError('BRACKET_NOT_STRUCTURED', message, {
    hint: 'RFC 5424 has elements of texts alone; use encodeBracket for types and nesting',
  })
}

function mapOf(value: Value): Iterable<readonly [Value, Value]> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? entriesOf(value) : null
}

function nameOf(name: Value): string {
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH || nameEnd(name, 0) < name.length) {
    none('a name has 1 to 32 printable ASCII characters without "=", "]", quote and blank')
  }
  return name
}

function paramsOf(element: Value): [string, string][] {
  const params: [string, string][] = []
  if (Array.isArray(element)) {
    for (const one of element as Value[]) {
      const entries = [...(mapOf(one) ?? none('a list of params holds maps of one param'))]
      if (entries.length !== 1) none('a list of params holds maps of one param')
      params.push([nameOf(entries[0][0]), textOf(entries[0][1])])
    }
    if (group(params) !== null) none('params that can stand in one map stand in a list')
    return params
  }
  for (const [key, value] of mapOf(element) ?? none('an element is no map of params')) {
    const name = nameOf(key)
    if (!Array.isArray(value)) params.push([name, textOf(value)])
    else if (value.length < 2) none('a list of less than two values')
    else for (const one of value as Value[]) params.push([name, textOf(one)])
  }
  return params
}

function textOf(value: Value): string {
  if (typeof value !== 'string' || !value.isWellFormed()) none('a param is a well-formed text')
  return value
}

/**
 * A map of elements as STRUCTURED-DATA (RFC 5424 6.3), `-` for none. Only `"`, `\` and `]` are escaped, as the RFC has it; a line
 * end in a text stays one. `decodeBracket` gives the value back.
 * @throws CodedError BRACKET_NOT_STRUCTURED, BRACKET_LIMIT
 */
export function encodeStructuredData(value: Value, limits: Partial<ValueLimits> = {}): string {
  const elements = elementsOfValue(value)
  const param = ([name, text]: readonly [string, string]) => ` ${name}="${text.replace(/["\\\]]/g, '\\$&')}"`
  const text = elements.map(({ id, params }) => `[${id}${params.map(param).join('')}]`).join('') || '-'
  const all = limitsOf(limits)
  bounded(valueOfElements(elements), all)
  if (Buffer.byteLength(text) > all.bytes) limit(`longer than ${all.bytes} bytes`, 'raise the limit `bytes`')
  return text
}

function limit(message: string, hint: string): never {
  throw new CodedError('BRACKET_LIMIT', message, { hint })
}

/** Holds the limits of depth and number against a map of elements. */
function bounded(map: Map<Value, Value>, limits: ValueLimits): void {
  let items = 0
  const walk = (value: Value, depth: number): void => {
    if (++items > limits.items) limit(`more than ${limits.items} values`, 'raise the limit `items`')
    if (typeof value === 'string') return
    if (depth >= limits.depth) limit(`nested deeper than ${limits.depth} levels`, 'raise the limit `depth`')
    if (Array.isArray(value)) return (value as Value[]).forEach((one) => walk(one, depth + 1))
    for (const [, one] of value as Map<Value, Value>) {
      items++
      walk(one, depth + 1)
    }
  }
  walk(map, 0)
}

/** Reads STRUCTURED-DATA strictly by the ABNF of RFC 5424 6.3, where a backslash before any other character is that backslash. */
export function readStructured(text: string, limits: ValueLimits): Map<Value, Value> {
  const elements: SdElement[] = []
  const ids = new Set<string>()
  let at = text === '-' ? 1 : 0
  while (at < text.length) {
    if (text[at] !== '[') fail(text, at, '"[" or the end')
    const [id, idEnd] = readName(text, at + 1)
    if (ids.has(id)) duplicate(id, `column ${at + 2}`)
    ids.add(id)
    const params: [string, string][] = []
    at = idEnd
    while (text[at] === ' ') {
      const [name, equals] = readName(text, at + 1)
      if (text[equals] !== '=') fail(text, equals, '"=" and a value in quotes')
      if (text[equals + 1] !== '"') fail(text, equals + 1, 'a value in quotes')
      const [value, end] = readValue(text, equals + 2)
      params.push([name, value])
      at = end
    }
    if (text[at] !== ']') fail(text, at, 'a blank or "]"')
    at++
    elements.push({ id, params })
  }
  const map = valueOfElements(elements)
  bounded(map, limits)
  return map
}

function readName(text: string, at: number): [string, number] {
  const end = nameEnd(text, at)
  if (end === at) fail(text, at, 'a name')
  if (end - at > NAME_LENGTH) fail(text, at + NAME_LENGTH, 'the end of a name of 32 characters')
  return [text.slice(at, end), end]
}

function readValue(text: string, start: number): [string, number] {
  let at = start
  for (; text[at] !== '"'; at++) {
    if (at >= text.length || text[at] === ']') fail(text, at, 'the quote that ends the value')
    if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\' || text[at + 1] === ']')) at++
  }
  const value = text.slice(start, at).replace(/\\(["\\\]])/g, '$1')
  if (!value.isWellFormed()) fail(text, start, 'text without half a surrogate pair')
  return [value, at + 1]
}

function fail(text: string, at: number, due: string): never {
  const cut = at >= text.length
  throw new CodedError(cut ? 'BRACKET_CUT' : 'BRACKET_MALFORMED', cut ? `the text ends where ${due} is due` : `${due} is due`, {
    at: `column ${at + 1}`,
    hint: cut
      ? 'the rest was lost or has not come yet'
      : 'the first name has no "=", so this is read as RFC 5424 structured data: name="value", with \\" \\\\ and \\] escaped',
  })
}
