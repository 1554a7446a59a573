import assert from 'node:assert/strict'
import test from 'node:test'
import { format, formatInto, formatWithPort, MOST_TEXT, parse } from '@pullbox/ip'

test('RFC 5952', () => {
  const cases: Array<[string, string]> = [
    ['2001:4860:800f:0:0:0:0:0063', '2001:4860:800f::63'],
    ['::ffff:c000:280', '::ffff:192.0.2.128'],
    ['ff02:0:0:0:0:0:0:1', 'ff02::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:1:0:0:0:0:0', '0:0:1::'],
    ['0:1:0:1:0:1:0:1', '0:1:0:1:0:1:0:1'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['::1.2.3.4', '::102:304'],
    ['::ff:0', '::ff:0'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['::ffff:0:1.2.3.4', '::ffff:0:102:304'],
    ['255.0.10.99', '255.0.10.99'],
    ['FE80::A%eTh0', 'fe80::a%eTh0'],
  ]
  for (const [text, expected] of cases) assert.equal(format(parse(text)), expected)
  assert.equal(String(parse('0:0::1')), '::1')
  assert.equal(JSON.stringify({ peer: parse('0:0::1') }), '{"peer":"::1"}')
})

test('inet_ntop style', () => {
  const cases: Array<[string, string]> = [
    ['::1.2.3.4', '::1.2.3.4'],
    ['::ff:0', '::0.255.0.0'],
    ['::1', '::1'],
    ['::', '::'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::1:ffff:1.2.3.4', '::1:ffff:102:304'],
    ['fe80::1%eth0', 'fe80::1'],
    ['1.2.3.4', '1.2.3.4'],
  ]
  for (const [text, expected] of cases) assert.equal(format(parse(text), { style: 'inet_ntop' }), expected)
})

test('with a port', () => {
  assert.equal(formatWithPort(parse('1.2.3.4'), 80), '1.2.3.4:80')
  assert.equal(formatWithPort(parse('2001:DB8::1'), 65535), '[2001:db8::1]:65535')
  assert.equal(formatWithPort(parse('fe80::1%eth0'), 0), '[fe80::1%eth0]:0')
  for (const port of [-1, 65536, 1.5, NaN]) assert.throws(() => formatWithPort(parse('::'), port), { code: 'IP_BAD_PORT', at: 0 })
})

test('into bytes, without allocating a text', () => {
  const out = Buffer.alloc(MOST_TEXT + 2, '#')
  for (const text of [
    '1.2.3.4',
    '255.255.255.255',
    '::ffff:255.255.255.255',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '0.0.0.0',
    '100.200.9.10',
  ]) {
    const address = parse(text)
    const arena = Uint8Array.from([9, ...address.bytes])
    assert.equal(out.toString('latin1', 2, formatInto(arena, 1, address.family, out, 2)), text)
  }
  assert.equal(out.toString('latin1', 0, 2), '##')
  for (let value = 0; value < 256; value++) {
    const end = formatInto(parse(`${value}.0.0.${value}`).bytes, 0, 4, out, 0)
    assert.equal(out.toString('latin1', 0, end), `${value}.0.0.${value}`)
  }
})
