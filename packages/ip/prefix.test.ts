import assert from 'node:assert/strict'
import test from 'node:test'
import { contains, formatPrefix, parse, parsePrefix, prefixOf, type IpCode } from '@pullbox/ip'

test('refusals: code and byte offset', () => {
  const cases: Array<[string, IpCode, number]> = [
    ['::1', 'IP_LENGTH_MISSING', 3],
    ['::1/', 'IP_BAD_LENGTH', 4],
    ['::/129', 'IP_BAD_LENGTH', 3],
    ['::/001', 'IP_BAD_LENGTH', 3],
    ['::/00', 'IP_BAD_LENGTH', 3],
    ['::/+1', 'IP_BAD_LENGTH', 3],
    ['::/-1', 'IP_BAD_LENGTH', 3],
    ['::/6 ', 'IP_BAD_LENGTH', 4],
    ['::/1000', 'IP_BAD_LENGTH', 3],
    ['::1//64', 'IP_BAD_LENGTH', 4],
    ['::/64/64', 'IP_BAD_LENGTH', 3],
    ['10.0.0.0/33', 'IP_BAD_LENGTH', 9],
    ['10.0.0.0/255.0.0.0', 'IP_BAD_LENGTH', 9],
    ['10.0.0.1/8', 'IP_HOST_BITS', 9],
    ['2001:db8::1/127', 'IP_HOST_BITS', 12],
    ['fe80::%eth0/64', 'IP_ZONE_IN_PREFIX', 6],
    ['10/8', 'IP_PART_COUNT', 2],
    ['/8', 'IP_EMPTY', 0],
    ['', 'IP_EMPTY', 0],
  ]
  for (const [text, code, at] of cases) assert.throws(() => parsePrefix(text), { code, at }, text)
  assert.throws(() => parsePrefix('10.0.0.0/8', { family: 6 }), { code: 'IP_WRONG_FAMILY' })
  assert.throws(() => prefixOf(parse('1.2.3.4'), 33), { code: 'IP_BAD_LENGTH' })
})

test('values and mask', () => {
  assert.equal(formatPrefix(parsePrefix('2001:0DB8:0:CD30::/60')), '2001:db8:0:cd30::/60')
  assert.equal(formatPrefix(parsePrefix('0.0.0.0/0')), '0.0.0.0/0')
  assert.equal(formatPrefix(parsePrefix('::/0')), '::/0')
  assert.equal(formatPrefix(parsePrefix('10.1.2.3/9', { mask: true })), '10.0.0.0/9')
  assert.equal(formatPrefix(parsePrefix('10.255.2.3/9', { mask: true })), '10.128.0.0/9')
  assert.equal(formatPrefix(parsePrefix('ffff:ffff::ffff/17', { mask: true })), 'ffff:8000::/17')
  assert.equal(formatPrefix(parsePrefix('1.2.3.4/32')), '1.2.3.4/32')
  assert.equal(formatPrefix(parsePrefix('010.0.0.0/8', { loose: ['leading-zeros'] })), '10.0.0.0/8')
  assert.equal(String(prefixOf(parse('fe80::1%eth0'), 10)), 'fe80::/10')
  const address = parse('10.1.2.3')
  prefixOf(address, 8)
  assert.equal(String(address), '10.1.2.3')
})

test('contains', () => {
  const cases: Array<[string, string, boolean]> = [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.128.0.0/9', '10.127.255.255', false],
    ['1.2.3.4/32', '1.2.3.4', true],
    ['1.2.3.4/32', '1.2.3.5', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '1.2.3.4', false],
    ['::ffff:0:0/96', '1.2.3.4', false],
    ['::ffff:0:0/96', '::ffff:1.2.3.4', true],
    ['10.0.0.0/8', '::ffff:10.0.0.1', false],
    ['fe80::/10', 'febf::1%eth0', true],
    ['fe80::/10', 'fec0::1', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
  ]
  for (const [prefix, address, expected] of cases)
    assert.equal(contains(parsePrefix(prefix), parse(address)), expected, `${prefix} ${address}`)
})
