import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBytes, format, tryParse } from '@pullbox/ip'
import { TYPES, type FieldType } from './types.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
const SEED = Number(process.env.PULLBOX_SEED ?? 20261124)

function type(name: string): FieldType {
  return TYPES.find((candidate) => candidate.name === name)!
}

function random(seed: number): (below: number) => number {
  let state = seed | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

test(`ip takes exactly the texts that @pullbox/ip reads (seed ${SEED})`, () => {
  const below = random(SEED)
  const ip = type('ip')
  const pieces = [
    ':',
    '::',
    '0',
    '1',
    'ff',
    'FfFf',
    '12345',
    '255',
    '256',
    '01',
    '.',
    '1.2.3.4',
    '%',
    'eth0',
    '/',
    ' ',
    '\udc80',
    '\ud800',
    'é',
    '\u{1f600}',
    'g',
  ]
  let taken = 0
  for (let round = 0; round < (PROVE ? 1_000_000 : 30_000); round++) {
    let text = ''
    if (round % 2 === 0) for (let i = below(14); i >= 0; i--) text += pieces[below(round % 4 === 0 ? 5 : pieces.length)]
    else {
      const bytes = Uint8Array.from({ length: below(2) === 0 ? 4 : 16 }, () => (below(2) === 0 ? 0 : below(256)))
      text = format(fromBytes(bytes))
      const at = below(text.length + 1)
      if (below(3) > 0) text = text.slice(0, at) + pieces[below(pieces.length)] + text.slice(at + below(3))
    }
    const expected = tryParse(text) !== undefined
    if (expected) taken++
    assert.equal(ip.textOf(text) !== undefined, expected, JSON.stringify(text))
  }
  assert.ok(taken > 3000, `only ${taken} were addresses`)
})

test('an address is written by RFC 5952', () => {
  assert.equal(type('ip').textOf(tryParse('2001:DB8:0::1')), '2001:db8::1')
  assert.equal(type('ip').textOf(tryParse('fe80::1%eth0')), 'fe80::1%eth0')
})

test('port takes 0 to 65535, written in one way', () => {
  const port = type('port')
  for (let n = 0; n < 70_000; n++) {
    assert.equal(port.textOf(n), n <= 65_535 ? String(n) : undefined)
    assert.equal(port.textOf(`0${n}`), undefined)
  }
  assert.equal(port.textOf(-1), undefined)
  assert.equal(port.textOf(1.5), undefined)
  assert.equal(port.textOf(Number.NaN), undefined)
  assert.equal(port.valueOf('22'), 22)
})

test('integers come back as what was written, past 2^53 as bigint', () => {
  for (const n of [0, -1, 7, 2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 53n, -(2n ** 64n), 10n ** 40n]) {
    const text = type('int').textOf(n)
    assert.equal(text, String(n))
    assert.equal(type('int').valueOf(text!), n)
  }
  for (const text of ['', '-', '-0', '00', '01', '+1', '1e3', '1.0', ' 1']) assert.equal(type('int').textOf(text), undefined, text)
  assert.equal(type('uint').textOf(-1), undefined)
  assert.equal(type('int').textOf(1e21), undefined)
})

test('texts of the other types', () => {
  const cases: Record<string, [taken: string[], refused: string[]]> = {
    text: [
      ['', 'a b', 'é\n\u0000', '\u{1f600}', '\udc80'],
      ['\ud83d', 'a\ud83d'],
    ],
    nonempty: [
      ['x', ' '],
      ['', '\ud83d'],
    ],
    char: [
      ['a', ' ', '\u{1f600}'],
      ['', 'ab', '\ud83d'],
    ],
    token: [
      ['a/b:c', 'é'],
      ['', 'a b', 'a\tb', '\u007f'],
    ],
    word: [
      ['keyboard-interactive', 'a.b_1'],
      ['', 'a/b', 'é', 'a b'],
    ],
    hex: [
      ['0', 'deadBEEF'],
      ['', 'g', '0x1'],
    ],
  }
  for (const [name, [taken, refused]] of Object.entries(cases)) {
    for (const text of taken) assert.equal(type(name).textOf(text), text, `${name} ${JSON.stringify(text)}`)
    for (const text of refused) assert.equal(type(name).textOf(text), undefined, `${name} ${JSON.stringify(text)}`)
    assert.equal(type(name).textOf(true), undefined)
    assert.equal(type(name).textOf(undefined), undefined)
  }
})
