import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { forbidden, HOSTILE_SEQUENCES } from '../testing/hostile-sequences.ts'
import { hostile, hostileJson, hostilePieces } from './hostile.ts'

const bytes = (...b: number[]) => Uint8Array.from(b)

test('the rule, kind by kind', () => {
  assert.equal(hostile('a\tb\r\n\x00\x1b[31m\x7f', false), 'a\\x09b\\x0d\\x0a\\x00\\x1b[31m\\x7f')
  assert.equal(hostile('\u0080\u009b\u009f', false), '\\u0080\\u009b\\u009f')
  assert.equal(
    hostile('\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u2028\u2029', false),
    '\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c\\u2028\\u2029',
  )
  assert.equal(hostile(bytes(0x61, 0x80, 0x9b, 0xff, 0x62), false), 'a\\x80\\x9b\\xffb')
  assert.equal(hostile(bytes(0xc2, 0x9b), false), '\\u009b')
  assert.equal(hostile('\ud800x\udc00', false), '\\ud800x\\udc00')
  assert.equal(hostile('naïve 漢字 🎉 C:\\dir \u00a0', false), 'naïve 漢字 🎉 C:\\dir \u00a0')
  assert.equal(hostile('a\x1b\x00b', true), 'a\x1b[7m\\x1b\\x00\x1b[27mb')
  assert.equal(hostile(bytes(0x61, 0xff), true), 'a\x1b[7m\\xff\x1b[27m')
  assert.equal(hostile(bytes(0xef, 0xbb, 0xbf, 0x61), false), '\ufeffa')
})

test('ill-formed UTF-8: overlong, surrogates, too high, cut short', () => {
  assert.equal(hostile(bytes(0xc0, 0x9b), false), '\\xc0\\x9b')
  assert.equal(hostile(bytes(0xe0, 0x82, 0x9b), false), '\\xe0\\x82\\x9b')
  assert.equal(hostile(bytes(0xed, 0xa0, 0x80), false), '\\xed\\xa0\\x80')
  assert.equal(hostile(bytes(0xf4, 0x90, 0x80, 0x80), false), '\\xf4\\x90\\x80\\x80')
  assert.equal(hostile(bytes(0x61, 0xe2, 0x82), false), 'a\\xe2\\x82')
  assert.equal(hostile(bytes(0xff, 0xe2, 0x82, 0xac), false), '\\xff€')
})

test('no bytes at all let a forbidden byte through; pieces say the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (input) => {
      const text = hostile(input, false)
      assert.deepEqual(forbidden(Buffer.from(text), false, false), [])
      assert.ok(!text.includes('\n') && !text.includes('\t'))
      assert.equal(
        hostilePieces(input)
          .map((p) => p.text)
          .join(''),
        text,
      )
      assert.deepEqual(forbidden(Buffer.from(hostile(input, true))), [])
    }),
    { numRuns: 500 },
  )
})

test('the judge of these tests finds what must not be there', () => {
  for (const s of ['\x1b]0;x\x07', '\x1b[31', '\x1b[38;5;1m', 'a\rb', '\x7f', '\u009b31m', '\u202e', '\u2028', '\0'])
    assert.ok(forbidden(Buffer.from(s), true).length > 0, JSON.stringify(s))
  assert.ok(forbidden(Uint8Array.of(0x61, 0x9b)).length > 0)
  assert.deepEqual(forbidden(Buffer.from('\x1b[31mred\x1b[0m\ttab é 漢\r\n'), true), [])
  assert.ok(forbidden(Buffer.from('\x1b[31m'), false, false).length > 0)
})

test('each of the 200 sequences is made harmless, as text and as bytes', () => {
  assert.ok(HOSTILE_SEQUENCES.length >= 200)
  for (const sequence of HOSTILE_SEQUENCES) {
    for (const reverse of [false, true]) {
      const text = hostile(sequence, reverse)
      assert.deepEqual(forbidden(Buffer.from(text), false, reverse), [], JSON.stringify(text))
    }
  }
})

test('JSON: more is escaped than JSON.stringify does, and means the same', () => {
  const value = { type: 'record', _msg: '\x7f\u0085\u009b\u202e\u2028\x1b "\\', n: 1 }
  const text = hostileJson(value)
  assert.match(text, /^[\x20-\x7e]*$/)
  assert.deepEqual(JSON.parse(text), value)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (s) => {
      const out = hostileJson({ s })
      assert.deepEqual(JSON.parse(out), { s })
      assert.deepEqual(forbidden(Buffer.from(out), false, false), [])
    }),
  )
})
