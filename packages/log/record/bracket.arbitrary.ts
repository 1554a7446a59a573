import fc from 'fast-check'
import type { SdElement } from './bracket.ts'
import { encodeCbor } from './cbor.ts'
import { encodeJson } from './json.ts'
import type { Value } from './value.ts'
import { values } from './values.arbitrary.ts'

/** Texts that want to break out of their quotes, their line or their direction. */
export const hostile = fc
  .array(
    fc.constantFrom(
      '"',
      '\\',
      '[',
      ']',
      '(',
      ')',
      '=',
      ',',
      ' ',
      '\n',
      '\r',
      '\t',
      '\u0000',
      '\u001b[31m',
      '\u202e',
      '\u2066',
      '\u2028',
      '\u0085',
      '\ufeff',
      '😀',
      'ü',
      'e\u0301',
      '\\n',
      '\\u{0}',
      'b"',
      '#1:',
      't',
      '1',
      '__proto__',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
const hostileMaps = fc
  .uniqueArray(fc.tuple(hostile, fc.oneof(hostile, values())), { selector: ([key]) => key, maxLength: 4 })
  .map((pairs) => new Map<Value, Value>(pairs))
/** Any value, with keys of any type. */
export const anything: fc.Arbitrary<Value> = fc.oneof(
  values(),
  hostile,
  hostileMaps,
  fc.uniqueArray(fc.tuple(values(), values()), { maxLength: 3, selector: ([key]) => encodeJson(key) }).map(distinct),
)

/** Keys that differ in memory may be one key: maps in another order. */
function distinct(pairs: [Value, Value][]): Map<Value, Value> {
  const seen = new Map(pairs.map(([key, value]) => [Buffer.from(encodeCbor(key)).toString('hex'), [key, value] as const]))
  return new Map(seen.values())
}

const sdName = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0x7e })
    .filter((c) => c !== 0x3d && c !== 0x5d && c !== 0x22)
    .map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 32,
})
/** Elements that RFC 5424 allows. */
export const sdElements: fc.Arbitrary<SdElement[]> = fc.uniqueArray(
  fc.record(
    {
      id: sdName,
      params: fc.array(
        fc.tuple(fc.oneof(fc.constantFrom('x', 'y', '__proto__'), sdName), fc.oneof(hostile, fc.string({ unit: 'grapheme' }))),
        { maxLength: 5 },
      ),
    },
    { noNullPrototype: true },
  ),
  { selector: ({ id }) => id, maxLength: 4 },
)

/** STRUCTURED-DATA as RFC 5424 6.3 has it, written here by hand so that the product is not held against itself. */
export function sdText(elements: readonly SdElement[]): string {
  const value = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(']', '\\]')
  if (elements.length === 0) return '-'
  return elements.map(({ id, params }) => `[${id}${params.map(([name, text]) => ` ${name}="${value(text)}"`).join('')}]`).join('')
}
