import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CodedError } from '../errors.ts'
import { anything, sdElements, sdText } from './bracket.arbitrary.ts'
import { WORD_KINDS } from './bracket-words.ts'
import { decodeBracket, encodeBracket } from './bracket.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { decodeJson, encodeJson } from './json.ts'
import { AddressBytes, Double, Simple, Tagged, Timestamp, type Value } from './value.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
const seed = Number(process.env.PULLBOX_SEED ?? Date.now() % 2 ** 31)

const code = (name: string, at?: string) => (error: unknown) =>
  error instanceof CodedError && error.code === name && error.hint !== '' && (at === undefined || error.at === at)

const address = (...bytes: number[]) => new AddressBytes(new Uint8Array(bytes))
const POST = new Map<string, Value>([
  ['msg', 'failed'],
  ['method', 'password'],
  ['valid', false],
  ['user', 'root from 8.8.8.8'],
  ['remote_ip', address(192, 168, 50, 65)],
  ['remote_port', 34780],
  ['info', ''],
])

test('the line of the post is the text of its value', () => {
  const text = '[msg="failed" method="password" valid=f user="root from 8.8.8.8" remote_ip=192.168.50.65 remote_port=34780 info=""]'
  assert.deepEqual(decodeBracket(text), POST)
  assert.equal(encodeBracket(POST), text)
  const asPosted =
    '[msg="failed" method="password" valid="f", user="root from 8.8.8.8" remote_ip="127.0.0.1" remote_port="54460" protocol="ssh2" info=""]'
  assert.equal((decodeBracket(asPosted) as Map<string, Value>).get('user'), 'root from 8.8.8.8')
  assert.equal((decodeBracket(asPosted) as Map<string, Value>).get('valid'), 'f')
  const mail = '[from="a@example.com" bytes=12345 to=("b@example.com" "c@example.com") spam=f status="queued"]'
  assert.equal(
    encodeBracket({ from: 'a@example.com', bytes: 12345, to: ['b@example.com', 'c@example.com'], spam: false, status: 'queued' }),
    mail,
  )
})

test('each type has one text, and comes back from it', () => {
  const cases: [Value, string][] = [
    [null, 'null'],
    [true, 't'],
    [false, 'f'],
    [0, '0'],
    [-7, '-7'],
    [9007199254740991, '9007199254740991'],
    [2n ** 64n - 1n, '18446744073709551615'],
    [-(2n ** 63n), '-9223372036854775808'],
    [1.5, '1.5'],
    [1e300, '1e+300'],
    [5e-324, '5e-324'],
    [new Double(1), '1.0'],
    [2 ** 53, '9007199254740992.0'],
    [-0, '-0.0'],
    [NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    ['', '""'],
    ['t', '"t"'],
    ['C:\\new "x" [y]', '"C:\\\\new \\"x\\" [y\\]"'],
    ['a\r\n\tb\u0000\u001b[2J\u2028\u202e', '"a\\r\\n\\tb\\u{0}\\u{1b}[2J\\u{2028}\\u{202e}"'],
    ['ü 😀', '"ü 😀"'],
    [new Uint8Array([1, 2, 255]), 'b"AQL/"'],
    [new Uint8Array(), 'b""'],
    [new Timestamp(1_363_896_240_500_000_000n), '2013-03-21T20:04:00.5Z'],
    [new Timestamp(-(2n ** 63n)), '1677-09-21T00:12:43.145224192Z'],
    [address(192, 0, 2, 1), '192.0.2.1'],
    [address(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 'fe80::1'],
    [address(...new Uint8Array(16)), '::'],
    [address(...new Uint8Array(10), 255, 255, 192, 0, 2, 1), '::ffff:192.0.2.1'],
    [new Simple(23), '%23'],
    [new Tagged(32, 'x'), '#32:"x"'],
    [new Tagged(2n ** 64n - 1n, new Tagged(0, [])), '#18446744073709551615:#0:()'],
    [[], '()'],
    [[1, ['a'], new Map()], '(1 ("a") [])'],
    [
      new Map<Value, Value>([
        ['t', 1],
        ['1', 2],
        ['a b', 3],
        ['', 4],
        ['a,b', 5],
        ['x@32473', 6],
        ['ü', 7],
      ]),
      '[t=1 1=2 "a b"=3 ""=4 "a,b"=5 x@32473=6 "ü"=7]',
    ],
    [
      new Map<Value, Value>([
        [1, 2],
        [[3, 4], 5],
        [null, 6],
        [new Map([['a', 1]]), 7],
      ]),
      '[=1=2 =(3 4)=5 =null=6 =[a=1]=7]',
    ],
    [new Map<Value, Value>([['__proto__', new Map([['constructor', 1]])]]), '[__proto__=[constructor=1]]'],
  ]
  for (const [value, text] of cases) {
    assert.equal(encodeBracket(value), text)
    assert.deepEqual(decodeBracket(text), value, text)
  }
})

test('other spellings of the same value are read', () => {
  const cases: [string, string][] = [
    [' [ a=true,b = 1]', ''],
    ['[ a=true , b=false,c=1 ]\t', '[a=t b=f c=1]'],
    ['(1,2, 3)', '(1 2 3)'],
    ['["a"=1]', '[a=1]'],
    ['[="a"=1]', '[a=1]'],
    ['-0', '0'],
    ['1E2', '100.0'],
    ['1.50', '1.5'],
    ['"a]b"', '"a\\]b"'],
    ['"\\u{0041}\u202e"', '"A\\u{202e}"'],
    ['FE80:0:0::1', 'fe80::1'],
    ['2013-03-21T20:04:00.500Z', '2013-03-21T20:04:00.5Z'],
    ['-', '[]'],
    ['[a]', '[a=[]]'],
  ]
  for (const [text, canonical] of cases) {
    if (canonical === '') assert.throws(() => decodeBracket(text), code('BRACKET_MALFORMED'))
    else assert.equal(encodeBracket(decodeBracket(text)), canonical)
  }
})

test('each refusal has its code, the column and what to do', () => {
  const cases: [string, string, number][] = [
    ['', 'BRACKET_CUT', 1],
    ['[', 'BRACKET_CUT', 2],
    ['[a', 'BRACKET_CUT', 3],
    ['[a=', 'BRACKET_CUT', 4],
    ['[a="x', 'BRACKET_CUT', 6],
    ['"a\\', 'BRACKET_CUT', 4],
    ['"\\u{12', 'BRACKET_CUT', 7],
    ['b"AQI=', 'BRACKET_CUT', 7],
    ['[a=1', 'BRACKET_CUT', 5],
    ['#1:', 'BRACKET_CUT', 4],
    ['[a=1]]', 'BRACKET_MALFORMED', 6],
    ['1 1', 'BRACKET_MALFORMED', 3],
    ['[a=1,,b=2]', 'BRACKET_MALFORMED', 6],
    ['[a=1,]', 'BRACKET_MALFORMED', 6],
    ['[a="x"b="y"]', 'BRACKET_MALFORMED', 7],
    ['"a\nb"', 'BRACKET_MALFORMED', 3],
    ['\ufeff1', 'BRACKET_MALFORMED', 1],
    ['("\ud800")', 'BRACKET_MALFORMED', 2],
    ['(1 2]', 'BRACKET_MALFORMED', 5],
    ['{a=1}', 'BRACKET_MALFORMED', 1],
    ['[a=[b c=1]]', 'BRACKET_MALFORMED', 6],
    ['[a=root]', 'BRACKET_WORD', 4],
    ['01', 'BRACKET_WORD', 1],
    ['+1', 'BRACKET_WORD', 1],
    ['1.', 'BRACKET_WORD', 1],
    ['NaN', 'BRACKET_WORD', 1],
    ['192.0.2', 'BRACKET_WORD', 1],
    ['192.0.2.256', 'BRACKET_WORD', 1],
    ['192.0.02.1', 'BRACKET_WORD', 1],
    ['fe80::1%eth0', 'BRACKET_WORD', 1],
    [':::', 'BRACKET_WORD', 1],
    ['2013-02-30T00:00:00Z', 'BRACKET_WORD', 1],
    ['2400-01-01T00:00:00Z', 'BRACKET_WORD', 1],
    ['%21', 'BRACKET_WORD', 1],
    ['#01:1', 'BRACKET_WORD', 1],
    ['#18446744073709551616:1', 'BRACKET_WORD', 1],
    ['b"AQI"', 'BRACKET_WORD', 1],
    ['b"AQJ="', 'BRACKET_WORD', 1],
    ['"\\x41"', 'BRACKET_ESCAPE', 2],
    ['"\\u{d800}"', 'BRACKET_ESCAPE', 2],
    ['"\\u{110000}"', 'BRACKET_ESCAPE', 2],
    ['"\\u0041"', 'BRACKET_ESCAPE', 2],
    ['"\\u{}"', 'BRACKET_ESCAPE', 2],
    ['[a=1 "a"=2]', 'BRACKET_DUPLICATE_KEY', 6],
    ['[=(1)=2 =(1)=2]', 'BRACKET_DUPLICATE_KEY', 9],
    ['[a x="1"][a]', 'BRACKET_DUPLICATE_KEY', 11],
    ['[a x="]"]', 'BRACKET_MALFORMED', 7],
    ['[a x=1]', 'BRACKET_MALFORMED', 6],
    ['[a  x="1"]', 'BRACKET_MALFORMED', 4],
    ['[a x="1"] [b]', 'BRACKET_MALFORMED', 10],
    ['[a x="\\"]', 'BRACKET_MALFORMED', 9],
    ['[a x="1"][', 'BRACKET_CUT', 11],
    ['1e999', 'BRACKET_LIMIT', 1],
  ]
  for (const [text, name, column] of cases) {
    assert.throws(() => decodeBracket(text), code(name, `column ${column}`), `${text} ${String(caught(text))}`)
  }
})

function caught(text: string): unknown {
  try {
    return encodeBracket(decodeBracket(text))
  } catch (error) {
    return error instanceof CodedError ? `${error.code} ${error.at}` : error
  }
}

test('limits hold; nothing hostile reaches the end of the stack or runs on', () => {
  const nested = (open: string, close: string, levels: number) => open.repeat(levels) + '1' + close.repeat(levels)
  for (const [open, close] of [
    ['(', ')'],
    ['[a=', ']'],
    ['#1:', ''],
    ['[=', '=1]'],
  ]) {
    assert.ok(decodeBracket(nested(open, close, 64)))
    assert.throws(() => decodeBracket(nested(open, close, 65)), code('BRACKET_LIMIT', `column ${64 * open.length + 1}`))
    assert.throws(() => decodeBracket(open.repeat(500_000), { depth: 1e9 }), code('BRACKET_LIMIT'))
  }
  const long = PROVE ? 3_000_000 : 400_000
  for (const one of [' ', '(', '9', '"', '\\', '[', 'a', '=', '::', '-', '0.', '#', 'b"', '[a ', '[a x="', '\\"']) {
    for (const text of [one.repeat(long / one.length), `"${one.repeat(long / one.length)}"`, `[a x="${one.repeat(long / one.length)}`])
      caughtCoded(text)
  }
  assert.throws(() => decodeBracket('9'.repeat(100_000)), code('BRACKET_LIMIT'))
  assert.throws(() => decodeBracket(String(2n ** 2048n)), code('BRACKET_LIMIT'))
  assert.equal(decodeBracket(String(2n ** 2048n - 1n)), 2n ** 2048n - 1n)
  assert.throws(() => decodeBracket(`0.${'1'.repeat(2000)}`), code('BRACKET_LIMIT'))
  assert.throws(() => decodeBracket('"ü"', { bytes: 3 }), code('BRACKET_LIMIT'))
  for (const text of ['(1 1)', '[a=1]', '[a]', '[a x="1"]'])
    assert.throws(() => decodeBracket(text, { items: 2 }), code('BRACKET_LIMIT'), text)
  assert.throws(() => decodeBracket('[a x="1" x="2"]', { depth: 2 }), code('BRACKET_LIMIT'))
  assert.throws(() => encodeBracket([1, 2, 3], { items: 3 }), code('BRACKET_LIMIT'))
  assert.throws(() => encodeBracket('ü', { bytes: 3 }), code('BRACKET_LIMIT'))
  assert.throws(() => encodeBracket(2n ** 80n, { bignum: 8 }), code('BRACKET_LIMIT'))
  const self: Value[] = []
  self.push(self)
  assert.throws(() => encodeBracket(self), code('BRACKET_LIMIT'))
  for (const value of [undefined, new Date(), '\udfff', { a: undefined }, { '\ud800': 1 }, new Tagged(-1, 1), new Tagged(2n ** 64n, 1)]) {
    assert.throws(() => encodeBracket(value as unknown as Value), code('BRACKET_UNENCODABLE'))
  }
  assert.throws(
    () =>
      encodeBracket(
        new Map<Value, Value>([
          [1, 1],
          [1n, 1],
        ]),
      ),
    code('BRACKET_DUPLICATE_KEY'),
  )
})

/** The value, or undefined where it is refused by code; anything else that is thrown fails the test. */
function caughtCoded(text: string): Value | undefined {
  try {
    return decodeBracket(text)
  } catch (error) {
    if (!(error instanceof CodedError) || !error.code.startsWith('BRACKET_') || error.hint === '') throw error
    return undefined
  }
}

/** False where a limit is reached. */
function fits(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch (error) {
    if (error instanceof CodedError && error.code === 'BRACKET_LIMIT') return false
    throw error
  }
}

test('property: limits are the same both ways', () => {
  const check = (value: Value) => {
    const text = encodeBracket(value)
    for (const limit of ['items', 'depth', 'bytes'] as const) {
      let least = limit === 'bytes' ? Buffer.byteLength(text) - 1 : 0
      while (!fits(() => encodeBracket(value, { [limit]: least }))) least++
      assert.ok(fits(() => decodeBracket(text, { [limit]: least })))
      assert.equal(
        fits(() => decodeBracket(text, { [limit]: least - 1 })),
        limit === 'depth' && least === 0,
      )
    }
  }
  fc.assert(fc.property(anything, check), { numRuns: PROVE ? 10_000 : 300 })
})

test('no word is of two kinds', () => {
  const kindsOf = (word: string) => [...WORD_KINDS].filter(([, fits]) => fits(word)).map(([name]) => name)
  const alphabet = [...'01.:-eftnTZ%+']
  const walk = (word: string, left: number): void => {
    assert.ok(kindsOf(word).length < 2, `${word} ${kindsOf(word)}`)
    if (left > 0) for (const one of alphabet) walk(word + one, left - 1)
  }
  walk('', PROVE ? 6 : 4)
  const piece = fc.constantFrom(
    '2013-03-21T',
    '20:04:00',
    'Z',
    '192.0.2.1',
    'fe80::',
    '::',
    '1',
    '.5',
    'e+1',
    'inf',
    '-',
    'f',
    '%2',
    'null',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => kindsOf(pieces.join('')).length < 2),
    { numRuns: PROVE ? 100_000 : 3000 },
  )
})

test('property: decode(encode(v)) is v, on one line of printable characters', () => {
  const check = (value: Value) => {
    const text = encodeBracket(value)
    assert.deepEqual(decodeBracket(text), value)
    assert.equal(encodeBracket(decodeBracket(text)), text)
    assert.doesNotMatch(text, /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
    assert.deepEqual(encodeCbor(decodeBracket(encodeBracket(decodeJson(encodeJson(decodeCbor(encodeCbor(value))))))), encodeCbor(value))
  }
  fc.assert(fc.property(anything, check), { numRuns: PROVE ? 50_000 : 800 })
})

test(`property from seed ${seed}: each prefix and each damaged text is read to one canonical text or refused by code`, () => {
  const piece = fc.constantFrom(
    '',
    '"',
    '\\',
    '[',
    ']',
    '(',
    ')',
    '=',
    '#',
    '%',
    ',',
    ' ',
    '0',
    '.',
    ':',
    'e',
    't',
    'b"',
    '\\u{',
    '\n',
    '\u0000',
    '\ud800',
    '\u202e',
  )
  let refused = 0
  let read = 0
  const check = (text: string) => {
    const value = caughtCoded(text)
    if (value === undefined) return refused++
    const canonical = encodeBracket(value)
    assert.deepEqual(decodeBracket(canonical), value)
    assert.equal(encodeBracket(decodeBracket(canonical)), canonical)
    return read++
  }
  const structured = sdElements.map((elements) => sdText(elements))
  fc.assert(
    fc.property(
      fc.oneof(
        anything.map((value) => encodeBracket(value)),
        structured,
      ),
      fc.nat(),
      fc.nat({ max: 3 }),
      piece,
      (text, where, cut, put) => {
        const at = where % (text.length + 1)
        check(text.slice(0, at))
        check(text.slice(at))
        check(text.slice(0, at) + put + text.slice(at + cut))
      },
    ),
    { seed, numRuns: PROVE ? 50_000 : 1500 },
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'[]()="\\ab1.:- ,#%{}u\nf') }), (text) => void check(text)),
    { seed, numRuns: PROVE ? 200_000 : 4000 },
  )
  assert.ok(refused > 500 && read > 500, `${refused} refused, ${read} read`)
})
