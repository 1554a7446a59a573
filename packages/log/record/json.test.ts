import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CodedError } from '../errors.ts'
import { decodeJson, encodeJson } from './json.ts'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value } from './value.ts'
import { values } from './values.arbitrary.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
const seed = Number(process.env.PULLBOX_SEED ?? Date.now() % 2 ** 31)

const code = (name: string, at?: string) => (error: unknown) =>
  error instanceof CodedError && error.code === name && (at === undefined || error.at === at)

test('each type has one text, and comes back from it', () => {
  const cases: [Value, string][] = [
    [null, 'null'],
    [true, 'true'],
    [9007199254740991, '9007199254740991'],
    [2n ** 53n, '{"$int":"9007199254740992"}'],
    [-(2n ** 64n), '{"$int":"-18446744073709551616"}'],
    [1.5, '1.5'],
    [1e300, '1e+300'],
    [new Double(1), '{"$double":"1"}'],
    [2 ** 53, '{"$double":"9007199254740992"}'],
    [-0, '{"$double":"-0"}'],
    [NaN, '{"$double":"NaN"}'],
    [-Infinity, '{"$double":"-Infinity"}'],
    ['a"\n\u2028', '"a\\"\\n\u2028"'],
    [new Uint8Array([1, 2, 255]), '{"$bytes":"AQL/"}'],
    [new Timestamp(1_363_896_240_500_000_000n), '{"$time":"2013-03-21T20:04:00.5Z"}'],
    [new Timestamp(-1n), '{"$time":"1969-12-31T23:59:59.999999999Z"}'],
    [new Timestamp(-(2n ** 63n)), '{"$time":"1677-09-21T00:12:43.145224192Z"}'],
    [new AddressBytes(new Uint8Array([192, 0, 2, 1])), '{"$ip":"192.0.2.1"}'],
    [new AddressBytes(new Uint8Array([...new Uint8Array(10), 255, 255, 192, 0, 2, 1])), '{"$ip":"::ffff:192.0.2.1"}'],
    [new AddressBytes(new Uint8Array([0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 1])), '{"$ip":"2001:db8::1"}'],
    [new Simple(23), '{"$simple":23}'],
    [new Tagged(32, 'x'), '{"$tag":"32","$value":"x"}'],
    [[1, ['a']], '[1,["a"]]'],
    [
      new Map<Value, Value>([
        ['__proto__', 1],
        ['2', 2],
        ['1', 3],
      ]),
      '{"__proto__":1,"2":2,"1":3}',
    ],
    [new Map<Value, Value>([['$int', '5']]), '{"$map":[["$int","5"]]}'],
    [
      new Map<Value, Value>([
        [1, 2],
        [[3], 4],
      ]),
      '{"$map":[[1,2],[[3],4]]}',
    ],
    [new Map(), '{}'],
  ]
  for (const [value, text] of cases) {
    assert.equal(encodeJson(value), text)
    assert.deepEqual(decodeJson(text), value)
    JSON.parse(text)
  }
  assert.equal(encodeJson({ b: 1, a: 2 }), '{"b":1,"a":2}')
})

test('other spellings of the same value are read', () => {
  assert.deepEqual(decodeJson(' [ 1 ,\t2 ]\r\n'), [1, 2])
  assert.equal(decodeJson('{"$int":"7"}'), 7)
  assert.equal(decodeJson('18446744073709551615'), 18446744073709551615n)
  assert.deepEqual(decodeJson('1.0'), new Double(1))
  assert.deepEqual(decodeJson('-0'), 0)
  assert.deepEqual(decodeJson('-0.0'), -0)
  assert.deepEqual(decodeJson('{"$map":[["a",1]]}'), new Map([['a', 1]]))
})

test('each refusal has its code and the offset', () => {
  const cases: [string, string, string][] = [
    ['', 'JSON_MALFORMED', 'character 0'],
    ['\ufeff1', 'JSON_MALFORMED', 'character 0'],
    ['01', 'JSON_MALFORMED', 'character 1'],
    ['+1', 'JSON_MALFORMED', 'character 0'],
    ['.5', 'JSON_MALFORMED', 'character 0'],
    ['1.', 'JSON_MALFORMED', 'character 1'],
    ['NaN', 'JSON_MALFORMED', 'character 0'],
    ['nul', 'JSON_MALFORMED', 'character 0'],
    ['[1,]', 'JSON_MALFORMED', 'character 3'],
    ['[1 2]', 'JSON_MALFORMED', 'character 3'],
    ['{"a":1,}', 'JSON_MALFORMED', 'character 7'],
    ['{a:1}', 'JSON_MALFORMED', 'character 1'],
    ["'a'", 'JSON_MALFORMED', 'character 0'],
    ['"a', 'JSON_MALFORMED', 'character 0'],
    ['"a\\', 'JSON_MALFORMED', 'character 0'],
    ['"\\x"', 'JSON_MALFORMED', 'character 0'],
    ['"\u0001"', 'JSON_MALFORMED', 'character 0'],
    ['["\\ud800"]', 'JSON_MALFORMED', 'character 1'],
    ['1 1', 'JSON_MALFORMED', 'character 2'],
    ['\u00a01', 'JSON_MALFORMED', 'character 0'],
    ['1e999', 'JSON_LIMIT', 'character 0'],
    ['{"a":1,"\\u0061":2}', 'JSON_DUPLICATE_KEY', 'character 7'],
    ['{"$map":[[1,2],[1,3]]}', 'JSON_DUPLICATE_KEY', 'character 0'],
    ['{"$map":[[[1],2],[[1],3]]}', 'JSON_DUPLICATE_KEY', 'character 0'],
  ]
  for (const [text, name, at] of cases) assert.throws(() => decodeJson(text), code(name, at), text)
})

test('an object with a $ key that is no whole form is refused', () => {
  const forms = [
    '{"$int":5}',
    '{"$int":"05"}',
    '{"$int":"-0"}',
    '{"$int":"1","a":2}',
    '{"a":2,"$int":"1"}',
    '{"$int":"1e3"}',
    '{"$what":1}',
    '{"$":1}',
    '{"$double":"1e999"}',
    '{"$double":"infinity"}',
    '{"$double":" 1"}',
    '{"$bytes":"AQI"}',
    '{"$bytes":"AQJ="}',
    '{"$bytes":"A-_="}',
    '{"$time":"2013-02-30T00:00:00Z"}',
    '{"$time":"2013-03-21T24:00:00Z"}',
    '{"$time":"2013-03-21T20:04:00+01:00"}',
    '{"$time":"2400-01-01T00:00:00Z"}',
    '{"$ip":"192.0.2"}',
    '{"$ip":"fe80::1%eth0"}',
    '{"$ip":"01.2.3.4"}',
    '{"$simple":21}',
    '{"$simple":1.5}',
    '{"$tag":"1"}',
    '{"$tag":1,"$value":2}',
    '{"$tag":"18446744073709551616","$value":2}',
    '{"$value":1,"$tag":"1"}',
    '{"$map":[[1]]}',
    '{"$map":{}}',
    '{"$map":[[1,2,3]]}',
  ]
  for (const text of forms) assert.throws(() => decodeJson(text), code('JSON_FORM', 'character 0'), text)
})

test('limits hold; deep nesting does not reach the end of the stack', () => {
  const nested = (levels: number, leaf = '1') => '['.repeat(levels) + leaf + ']'.repeat(levels)
  assert.ok(decodeJson(nested(64)))
  assert.ok(decodeJson(nested(64, '{"$int":"1"}')), 'an escaped integer nests nothing')
  assert.throws(() => decodeJson(nested(65)), code('JSON_LIMIT', 'character 64'))
  assert.throws(() => decodeJson(nested(64, '{}')), code('JSON_LIMIT'))
  assert.throws(() => decodeJson('['.repeat(1_000_000), { depth: 1e9 }), code('JSON_LIMIT'))
  assert.throws(() => decodeJson('{"$map":'.repeat(200_000)), code('JSON_LIMIT'))
  assert.throws(() => decodeJson('{"$map":[['.repeat(200_000)), code('JSON_LIMIT'))
  assert.throws(() => decodeJson('"ü"', { bytes: 3 }), code('JSON_LIMIT'))
  assert.throws(() => decodeJson('9'.repeat(100_000)), code('JSON_LIMIT'))
  assert.throws(() => decodeJson('[1,1,1,1,1,1,1,1,1]', { items: 3 }), code('JSON_LIMIT'))
  assert.throws(() => decodeJson(String(2n ** 2048n)), code('JSON_LIMIT', 'character 0'))
  assert.throws(() => decodeJson(`{"$int":"${2n ** 2048n}"}`), code('JSON_FORM'))
  assert.equal(decodeJson(encodeJson(2n ** 2048n - 1n)), 2n ** 2048n - 1n)
  assert.throws(() => encodeJson([1, 2, 3], { items: 3 }), code('JSON_LIMIT'))
  assert.throws(() => encodeJson('ü', { bytes: 3 }), code('JSON_LIMIT'))
  assert.throws(() => encodeJson(2n ** 80n, { bignum: 8 }), code('JSON_LIMIT'))
  const self: Value[] = []
  self.push(self)
  assert.throws(() => encodeJson(self), code('JSON_LIMIT'))
  for (const value of [undefined, new Date(), '\udfff', { a: undefined }, new Tagged(-1, 1), new Tagged(2n ** 64n, 1)]) {
    assert.throws(() => encodeJson(value as unknown as Value), code('JSON_UNENCODABLE'))
  }
  const twice: [Value, Value][] = [
    [1, 1],
    [1n, 1],
  ]
  assert.throws(() => encodeJson(new Map(twice)), code('JSON_DUPLICATE_KEY'))
})

/** False where a limit is reached. */
function fits(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch (error) {
    if (error instanceof CodedError && error.code === 'JSON_LIMIT') return false
    throw error
  }
}

test('property: decode(encode(v)) is v, and the limit of values is the same both ways', () => {
  const check = (value: Value) => {
    const text = encodeJson(value)
    assert.deepEqual(decodeJson(text), value)
    let items = 1
    while (!fits(() => encodeJson(value, { items }))) items++
    assert.ok(fits(() => decodeJson(text, { items })))
    assert.ok(!fits(() => decodeJson(text, { items: items - 1 })))
  }
  fc.assert(fc.property(values(), check), { numRuns: PROVE ? 50_000 : 1000 })
})

test('property: what JSON itself prints reads as the same', () => {
  const same = (value: Value): unknown => {
    if (value instanceof Double) return value.value
    if (typeof value === 'bigint') return Number(value)
    if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, same(one)]))
    return Array.isArray(value) ? value.map(same) : value
  }
  const key = fc.string().filter((name) => !name.startsWith('$') && name !== '__proto__')
  const json = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.array(tie('any')),
      fc.dictionary(key, tie('any')),
    ),
  }))
  fc.assert(
    fc.property(json.any, (value) => assert.deepEqual(same(decodeJson(JSON.stringify(value))), JSON.parse(JSON.stringify(value)))),
    { numRuns: PROVE ? 50_000 : 500 },
  )
})

test(`fuzz from seed ${seed}: a damaged text is read or refused by code`, () => {
  const cases = fc.sample(fc.tuple(values(), fc.nat(), fc.constantFrom('', '"', '\\', '[', '}', '$', ',', '0', '\u0000', '\ud800')), {
    seed,
    numRuns: PROVE ? 50_000 : 1500,
  })
  let refused = 0
  for (const [value, where, piece] of cases) {
    const text = encodeJson(value)
    const at = where % text.length
    try {
      const back = decodeJson(text.slice(0, at) + piece + text.slice(at + 1))
      assert.deepEqual(decodeJson(encodeJson(back)), back)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      refused++
    }
  }
  assert.ok(refused > 100, `${refused} refused`)
})
