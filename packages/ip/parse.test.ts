import assert from 'node:assert/strict'
import test from 'node:test'
import {
  compare,
  equal,
  format,
  fromBytes,
  IpError,
  isMapped,
  MODE,
  parse,
  ParseDetail,
  parseInto,
  tryParse,
  unmap,
  type IpCode,
  type ParseOptions,
} from '@pullbox/ip'

function refused(text: string | Uint8Array, code: IpCode, at: number, options?: ParseOptions): void {
  assert.throws(
    () => parse(text, options),
    (error: unknown) => {
      assert.ok(error instanceof IpError)
      assert.deepEqual([error.code, error.at], [code, at], JSON.stringify(text))
      return true
    },
  )
  assert.equal(tryParse(text, options), undefined)
}

test('refusals: code and byte offset', () => {
  const cases: Array<[string, IpCode, number]> = [
    ['', 'IP_EMPTY', 0],
    ['1.2.3', 'IP_PART_COUNT', 5],
    ['1.2.3.', 'IP_PART_COUNT', 6],
    ['1.2.3.4.5', 'IP_PART_COUNT', 7],
    ['1', 'IP_PART_COUNT', 1],
    ['16909060', 'IP_BAD_PART', 0],
    ['1..3.4', 'IP_BAD_PART', 2],
    ['.1.2.3', 'IP_BAD_PART', 0],
    ['256.1.1.1', 'IP_BAD_PART', 0],
    ['1.2.3.1000', 'IP_BAD_PART', 6],
    ['010.1.2.3', 'IP_LEADING_ZERO', 0],
    ['1.2.3.00', 'IP_LEADING_ZERO', 6],
    ['0x7f.0.0.1', 'IP_BAD_CHARACTER', 1],
    ['1.2.3.4%eth0', 'IP_ZONE_ON_V4', 7],
    ['1.2.3.4 ', 'IP_BAD_CHARACTER', 7],
    [' 1.2.3.4', 'IP_BAD_CHARACTER', 0],
    ['1.2.3.4:80', 'IP_BAD_CHARACTER', 7],
    ['1.2.3.4/8', 'IP_BAD_CHARACTER', 7],
    ['localhost', 'IP_BAD_CHARACTER', 0],
    [':', 'IP_BAD_GROUP', 0],
    [':1::', 'IP_BAD_GROUP', 0],
    ['1:', 'IP_BAD_GROUP', 2],
    ['::1:', 'IP_BAD_GROUP', 4],
    [':::', 'IP_DOUBLE_COLON', 2],
    ['1::2::3', 'IP_DOUBLE_COLON', 4],
    ['1:2:3:4:5:6:7:8::', 'IP_DOUBLE_COLON', 17],
    ['1:2:3:4::5:6:7:8', 'IP_DOUBLE_COLON', 16],
    ['1:2', 'IP_GROUP_COUNT', 3],
    ['1:2:3:4:5:6:7:8:9', 'IP_GROUP_COUNT', 16],
    ['1:2:3:4:5:6:7:1.2.3.4', 'IP_GROUP_COUNT', 14],
    ['12345::', 'IP_BAD_GROUP', 0],
    ['::12345', 'IP_BAD_GROUP', 2],
    ['::g', 'IP_BAD_CHARACTER', 2],
    ['::1 ', 'IP_BAD_CHARACTER', 3],
    ['[::1]', 'IP_BAD_CHARACTER', 0],
    ['::01.2.3.4', 'IP_LEADING_ZERO', 2],
    ['::1.2.3', 'IP_PART_COUNT', 7],
    ['::1.2.3%a', 'IP_PART_COUNT', 7],
    ['::ffff:1.2.3.256', 'IP_BAD_PART', 13],
    ['::1%', 'IP_BAD_ZONE', 4],
    ['::1%a%b', 'IP_BAD_ZONE', 5],
    ['::1%a/64', 'IP_BAD_ZONE', 5],
    ['::1%a b', 'IP_BAD_ZONE', 5],
    ['::1%\0', 'IP_BAD_ZONE', 4],
    ['::1%\x7f', 'IP_BAD_ZONE', 4],
    ['1:%a', 'IP_BAD_GROUP', 2],
    ['::é', 'IP_BAD_CHARACTER', 2],
    ['é::', 'IP_BAD_CHARACTER', 0],
  ]
  for (const [text, code, at] of cases) refused(text, code, at)
})

test('values', () => {
  assert.deepEqual([...parse('1.2.3.4').bytes], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4])
  assert.equal(parse('1.2.3.4').family, 4)
  const address = parse('2001:DB8::a:0:63')
  assert.deepEqual([...address.bytes], [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0x63])
  assert.equal(address.family, 6)
  assert.equal(parse('fe80::1%eth0').zone, 'eth0')
  assert.equal(parse(Buffer.from('fe80::1%eth0')).zone, 'eth0')
  assert.equal(parse('2001:db8::%Wi-Fi:7').zone, 'Wi-Fi:7')
})

test('families may be asked for', () => {
  assert.equal(parse('1.2.3.4', { family: 4 }).family, 4)
  refused('1.2.3.4', 'IP_WRONG_FAMILY', 0, { family: 6 })
  refused('::1', 'IP_WRONG_FAMILY', 0, { family: 4 })
  refused('1111', 'IP_GROUP_COUNT', 4, { family: 6 })
})

test('leading zeros only when asked for, in decimal, and marked', () => {
  const loose: ParseOptions = { loose: ['leading-zeros'] }
  const address = parse('127.001.010.099', loose)
  assert.equal(format(address), '127.1.10.99')
  assert.equal(address.loose, true)
  assert.equal(parse('127.1.10.99', loose).loose, false)
  assert.equal(parse('127.1.0.0', loose).loose, false)
  assert.ok(equal(address, parse('127.1.10.99')))
  const tail = parse('::ffff:010.0.0.1', loose)
  assert.deepEqual([format(tail), tail.loose], ['::ffff:10.0.0.1', true])
  refused('0001.2.3.4', 'IP_BAD_PART', 0, loose)
  refused('400.2.3.4', 'IP_BAD_PART', 0, loose)
})

test('a zone keeps its bytes', () => {
  const odd = Uint8Array.from([...Buffer.from('fe80::1%a'), 0xff, 0xc3, 0xa9, 0xe2, 0x82])
  const address = parse(odd)
  assert.equal(address.zone, 'a\udcffé\udce2\udc82')
  assert.ok(equal(parse(format(address)), address))
  assert.ok(!equal(parse('fe80::1%\udcff'), parse('fe80::1%\udcfe')))
  refused('fe80::1%\ud800', 'IP_BAD_CHARACTER', 8)
  assert.ok(compare(parse('fe80::1%\u{10000}'), parse('fe80::1%\uffff')) > 0, 'by bytes, not by UTF-16 units')
})

test('equality, mapped and order', () => {
  const four = parse('1.2.3.4')
  const mapped = parse('::ffff:1.2.3.4')
  assert.ok(!equal(four, mapped))
  assert.ok(equal(unmap(mapped), four))
  assert.equal(unmap(four), four)
  assert.deepEqual(
    [isMapped(four), isMapped(mapped), isMapped(parse('1:2::ffff:1.2.3.4')), isMapped(parse('::fffe:1.2.3.4'))],
    [false, true, false, false],
  )
  assert.ok(equal(unmap(parse('::ffff:1.2.3.4%z')), four))
  const sorted = ['::', '::1', '1.2.3.4', '::ffff:1.2.3.4', '1.2.3.5', 'fe80::1', 'fe80::1%a', 'fe80::1%ab', 'fe80::1%b', 'ff02::1']
  for (const [i, a] of sorted.entries()) {
    for (const [k, b] of sorted.entries()) assert.equal(Math.sign(compare(parse(a), parse(b))), Math.sign(i - k), `${a} ${b}`)
  }
})

test('parseInto reads inside of a larger buffer and touches only its 16 bytes', () => {
  const line = Buffer.from('src=2001:db8::7%en0 dst=10.9.8.7;')
  const out = new Uint8Array(20).fill(0xaa)
  const detail = new ParseDetail()
  assert.equal(parseInto(line, 4, 19, out, 2, detail), 0)
  assert.deepEqual([detail.family, detail.zoneStart, detail.zoneEnd], [6, 16, 19])
  assert.equal(Buffer.from(out).toString('hex'), 'aaaa20010db8000000000000000000000007aaaa')
  assert.equal(parseInto(line, 24, 32, out, 0, detail), 0)
  assert.deepEqual([detail.family, detail.zoneStart, detail.zoneEnd, detail.failedAt], [4, 32, 32, 24])
  assert.equal(Buffer.from(out.subarray(0, 16)).toString('hex'), '00000000000000000000ffff0a090807')
  assert.equal(parseInto(line, 24, 33, out, 0, detail), 'IP_BAD_CHARACTER')
  assert.deepEqual([detail.failedAt, detail.family], [32, 0])
  assert.equal(parseInto(line, 24, 32, out, 0, undefined, MODE.V6), 'IP_WRONG_FAMILY')
  assert.equal(parseInto(line, 24, 32, out, 0, undefined, MODE.V6 | MODE.V4), 0)
  for (const [start, end, at] of [
    [0, 99, 0],
    [5, 4, 0],
    [-1, 4, 0],
    [24, 32, 5],
  ] as const) {
    assert.throws(() => parseInto(line, start, end, out, at), { code: 'IP_BAD_RANGE' })
  }
})

test('from bytes', () => {
  assert.ok(equal(fromBytes(Uint8Array.of(1, 2, 3, 4)), parse('1.2.3.4')))
  assert.ok(equal(fromBytes(parse('::ffff:1.2.3.4').bytes), parse('::ffff:1.2.3.4')))
  assert.throws(() => fromBytes(new Uint8Array(5)), { code: 'IP_BAD_RANGE' })
})
