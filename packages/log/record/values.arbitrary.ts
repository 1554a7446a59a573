import fc from 'fast-check'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value, integer } from './value.ts'

/** Any value in its normal form, nested a few levels; for properties. */
export function values(): fc.Arbitrary<Value> {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '$int', '$map', '__proto__', '\ufeffx', '\u2028', '"\\\u0000'))
  const int = fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map((n) => integer(n)),
    fc.constantFrom(2n ** 53n, -(2n ** 53n), 2n ** 64n - 1n, -(2n ** 64n), 2n ** 64n, -(2n ** 64n) - 1n),
    fc.constantFrom(0, 23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, -24, -25, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  )
  const double = fc.oneof(fc.double(), fc.float(), fc.maxSafeInteger()).map((n) => Double.of(n))
  const bytes = fc.uint8Array({ maxLength: 40 })
  const address = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  const simple = fc.integer({ min: 0, max: 255 }).filter((n) => Simple.fits(n))
  const leaf: fc.Arbitrary<Value> = fc.oneof(
    fc.constantFrom(null, true, false),
    int,
    double,
    text,
    bytes,
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((ns) => new Timestamp(ns)),
    address.map((b) => new AddressBytes(b)),
    simple.map((n) => new Simple(n)),
  )
  // Past the tags that have a type of their own.
  const tag = fc.oneof(fc.integer({ min: 2000, max: 2 ** 31 }), fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }))
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 6 }),
      fc
        .uniqueArray(fc.tuple(fc.oneof(text, int), tie('value')), { maxLength: 6, selector: ([key]) => key })
        .map((pairs) => new Map(pairs)),
      fc.tuple(tag, tie('value')).map(([t, value]) => new Tagged(t, value)),
    ),
  })).value
}
