import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { CodedError } from '../errors.ts'
import { decodeCbor, decodeCborFirst, encodeCbor } from './cbor.ts'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value } from './value.ts'
import { values } from './values.arbitrary.ts'
import { answerCbor } from './vectors.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
const seed = Number(process.env.PULLBOX_SEED ?? Date.now() % 2 ** 31)

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const code = (name: string, at?: string) => (error: unknown) =>
  error instanceof CodedError && error.code === name && (at === undefined || error.at === at)

test('every case of vectors/cbor.jsonl', () => {
  const lines = readFileSync(new URL('../../../vectors/cbor.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const judged = { valid: 0, type: 0, decoded: 0, roundtrip: 0 }
  for (const line of lines) {
    const { expected, ...one } = JSON.parse(line)
    const answer = answerCbor(one) as unknown as Record<string, unknown>
    for (const name of ['valid', 'type', 'decoded', 'roundtrip'] as const) {
      // valid: null is contested: either answer is right.
      if (!(name in expected) || (name === 'valid' && expected.valid === null)) continue
      assert.ok(name in answer, `${one.source}: ${name} is missing`)
      assert.equal(JSON.stringify(answer[name]), JSON.stringify(expected[name]), `${one.source}: ${name}`)
      judged[name]++
    }
    // Pieces of a string are joined when read, so their notation is the one that differs.
    if (expected.diagnostic !== undefined && !expected.diagnostic.startsWith('(_')) assert.equal(answer.diagnostic, expected.diagnostic)
  }
  assert.equal(lines.length, 88)
  assert.deepEqual(judged, { valid: 87, type: 58, decoded: 44, roundtrip: 53 })
})

test('integers at every boundary have the shortest head and come back', () => {
  const cases: [Value, string][] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65536, '1a00010000'],
    [2 ** 32, '1b0000000100000000'],
    [2n ** 53n, '1b0020000000000000'],
    [2n ** 64n - 1n, '1bffffffffffffffff'],
    [2n ** 64n, 'c249010000000000000000'],
    [-1, '20'],
    [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [-(2n ** 53n), '3b001fffffffffffff'],
    [-(2n ** 64n), '3bffffffffffffffff'],
    [-(2n ** 64n) - 1n, 'c349010000000000000000'],
  ]
  for (const [value, bytes] of cases) {
    assert.equal(toHex(encodeCbor(value)), bytes)
    assert.deepEqual(decodeCbor(hex(bytes)), value)
  }
  assert.equal(decodeCbor(hex('c2 41 05')), 5, 'a bignum that is small is a plain integer')
  assert.equal(decodeCbor(hex('c2 40')), 0)
})

test('a double is told from an integer, and written as short as it stays exact', () => {
  const cases: [Value, string][] = [
    [new Double(1), 'f93c00'],
    [-0, 'f98000'],
    [1.5, 'f93e00'],
    [5.960464477539063e-8, 'f90001'],
    [100000.5, 'fa47c35040'],
    [1.1, 'fb3ff199999999999a'],
    [NaN, 'f97e00'],
    [Infinity, 'f97c00'],
    [2 ** 53, 'fa5a000000'],
  ]
  for (const [value, bytes] of cases) {
    assert.equal(toHex(encodeCbor(value)), bytes)
    assert.deepEqual(decodeCbor(hex(bytes)), value)
  }
})

test('types of their own: timestamp (RFC 9581), address (RFC 9164), simple, tags', () => {
  const time = new Timestamp(1_363_896_240_500_000_001n)
  assert.equal(toHex(encodeCbor(time)), 'd903e9a2011a514b67b0281a1dcd6501')
  assert.deepEqual(decodeCbor(encodeCbor(time)), time)
  assert.equal(toHex(encodeCbor(new Timestamp(-1n))), 'd903e9a20120281a3b9ac9ff')
  assert.ok(decodeCbor(hex('d903e9 a2 01 01 03 00')) instanceof Tagged, 'a map that says more is kept as it came')
  assert.ok(decodeCbor(hex('d903e9 a1 01 f98000')) instanceof Tagged, 'seconds that are no integer are kept as they came')
  assert.deepEqual(decodeCbor(hex('d834 44 c0000201')), new AddressBytes(hex('c0000201')))
  assert.deepEqual(decodeCbor(hex('d834 43 c00002')), new Tagged(52, hex('c00002')), 'no address: kept')
  assert.deepEqual(decodeCbor(hex('f7')), new Simple(23))
  assert.deepEqual(decodeCbor(hex('f8ff')), new Simple(255))
  assert.deepEqual(decodeCbor(hex('c1 1a514b67b0')), new Tagged(1, 1363896240))
  assert.throws(() => new Simple(21), RangeError)
  assert.throws(() => new Timestamp(2n ** 63n), RangeError)
  assert.throws(() => new AddressBytes(new Uint8Array(5)), RangeError)
})

test('map keys are sorted by their bytes; the same key twice is refused both ways', () => {
  const map = new Map<Value, Value>([
    ['aa', 1],
    [100, 2],
    ['z', 3],
    [-1, 4],
    [[100], 5],
    [[-1], 6],
    [false, 7],
    [10, 8],
  ])
  assert.equal(toHex(encodeCbor(map)), 'a8 0a08 186402 2004 617a03 62616101 81186405 812006 f407'.replaceAll(' ', ''))
  assert.deepEqual(
    encodeCbor({ b: 1, a: 2 }),
    encodeCbor(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    ),
  )
  assert.throws(
    () =>
      encodeCbor(
        new Map<Value, Value>([
          [1, 0],
          [2, 0],
          [1n, 0],
        ]),
      ),
    code('CBOR_DUPLICATE_KEY'),
  )
  assert.throws(
    () =>
      encodeCbor(
        new Map<Value, Value>([
          [[1], 0],
          [[1], 0],
        ]),
      ),
    code('CBOR_DUPLICATE_KEY'),
  )
  assert.throws(() => decodeCbor(hex('a3 6161 01 6162 02 6161 03')), code('CBOR_DUPLICATE_KEY', 'byte 7'))
  assert.throws(() => decodeCbor(hex('a2 1801 00 01 00')), code('CBOR_DUPLICATE_KEY'), 'the same integer in two lengths')
  assert.equal((decodeCbor(hex('a2 01 00 f93c00 00')) as Map<Value, Value>).size, 2, 'the integer 1 and the double 1 are two keys')
})

test('each refusal has its code and the offset', () => {
  const cases: [string, string, string][] = [
    ['', 'CBOR_CUT', 'byte 0'],
    ['19 01', 'CBOR_CUT', 'byte 1'],
    ['82 01', 'CBOR_CUT', 'byte 0'],
    ['43 0102', 'CBOR_CUT', 'byte 1'],
    ['9f 01', 'CBOR_CUT', 'byte 2'],
    ['01 02', 'CBOR_TRAILING', 'byte 1'],
    ['1c', 'CBOR_MALFORMED', 'byte 0'],
    ['3f', 'CBOR_MALFORMED', 'byte 0'],
    ['df', 'CBOR_MALFORMED', 'byte 0'],
    ['ff', 'CBOR_MALFORMED', 'byte 0'],
    ['f8 18', 'CBOR_MALFORMED', 'byte 0'],
    ['81 fc', 'CBOR_MALFORMED', 'byte 1'],
    ['7f 41 61 ff', 'CBOR_MALFORMED', 'byte 1'],
    ['7f 7f 61 61 ff ff', 'CBOR_MALFORMED', 'byte 1'],
    ['bf 01 ff', 'CBOR_MALFORMED', 'byte 2'],
    ['81 62 c328', 'CBOR_TEXT', 'byte 1'],
    ['7f 61 c3 61 bc ff', 'CBOR_TEXT', 'byte 1'],
    ['9b ffffffffffffffff', 'CBOR_CUT', 'byte 0'],
    ['5b 7fffffffffffffff 00', 'CBOR_CUT', 'byte 9'],
    ['bb 0010000000000000 00 00', 'CBOR_CUT', 'byte 0'],
  ]
  for (const [bytes, name, at] of cases) assert.throws(() => decodeCbor(hex(bytes)), code(name, at), bytes)
})

test('limits are exact, both ways', () => {
  const nested = (levels: number) => hex('81'.repeat(levels) + '01')
  assert.ok(decodeCbor(nested(64)))
  assert.throws(() => decodeCbor(nested(65)), code('CBOR_TOO_DEEP', 'byte 64'))
  assert.throws(() => decodeCbor(nested(1_000_000), { depth: 1e9, bytes: 1e9 }), code('CBOR_TOO_DEEP', 'byte 256'))
  assert.throws(() => decodeCbor(hex('c1'.repeat(100_000) + '01')), code('CBOR_TOO_DEEP'))
  assert.throws(() => decodeCbor(hex('830102 03'), { items: 3 }), code('CBOR_TOO_MANY', 'byte 3'))
  assert.ok(decodeCbor(hex('430102 03'), { bytes: 4 }))
  assert.throws(() => decodeCbor(hex('430102 03'), { bytes: 3 }), code('CBOR_TOO_LONG'))
  assert.throws(() => decodeCbor(hex('c2 43 010203'), { bignum: 2 }), code('CBOR_TOO_LARGE', 'byte 0'))
  const self: Value[] = []
  self.push(self)
  assert.throws(() => encodeCbor(self), code('CBOR_TOO_DEEP'))
  assert.ok(encodeCbor(new Uint8Array(3), { bytes: 4 }))
  assert.throws(() => encodeCbor(new Uint8Array(3), { bytes: 3 }), code('CBOR_TOO_LONG'))
  assert.throws(() => encodeCbor([1, 2, 3], { items: 3 }), code('CBOR_TOO_MANY'))
  assert.throws(() => encodeCbor(2n ** 80n, { bignum: 8 }), code('CBOR_TOO_LARGE'))
})

test('what is no value is refused, not changed', () => {
  const none = [
    undefined,
    () => 1,
    Symbol('x'),
    new Date(),
    { a: undefined },
    '\ud800',
    new Tagged(-1, 0),
    new Tagged(1.5, 0),
    new Tagged(2n ** 64n, 0),
  ]
  for (const value of none) assert.throws(() => encodeCbor(value as unknown as Value), code('CBOR_UNENCODABLE'))
})

test('a sequence is read one value after another; strings are copies; a BOM is kept', () => {
  const bytes = hex('01 6161 43 010203')
  const ends = [0]
  while (ends[0] < bytes.length) ends.unshift(decodeCborFirst(bytes, ends[0]).end)
  assert.deepEqual(ends, [7, 3, 1, 0])
  const copy = decodeCborFirst(bytes, 3).value as Uint8Array
  bytes.fill(0)
  assert.deepEqual(copy, hex('010203'))
  assert.equal(decodeCbor(hex('64 efbbbf61')), '\ufeffa')
})

test('property: decode(encode(v)) is v, and its bytes are the same again', () => {
  const check = (value: Value) => {
    const bytes = encodeCbor(value)
    const back = decodeCbor(bytes)
    assert.deepEqual(back, value)
    assert.deepEqual(encodeCbor(back), bytes)
  }
  fc.assert(fc.property(values(), check), { numRuns: PROVE ? 50_000 : 1000 })
})

test(`fuzz from seed ${seed}: any bytes are read or refused, and what is read is stable`, () => {
  const random = fc.sample(
    fc.tuple(values(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.uint8Array({ maxLength: 24 })),
    {
      seed,
      numRuns: PROVE ? 50_000 : 1500,
    },
  )
  let read = 0
  let refused = 0
  const attempt = (bytes: Uint8Array) => {
    try {
      const value = decodeCbor(bytes)
      read++
      const preferred = encodeCbor(value)
      assert.deepEqual(encodeCbor(decodeCbor(preferred)), preferred)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      assert.match(error.at, /^byte \d+$/)
      refused++
    }
  }
  for (const [value, flips, junk] of random) {
    const bytes = encodeCbor(value)
    for (const [at, byte] of flips) bytes[at % bytes.length] = byte
    attempt(bytes)
    attempt(bytes.subarray(0, bytes.length - 1))
    attempt(junk)
  }
  assert.ok(read > 100 && refused > 100, `${read} read, ${refused} refused`)
})
