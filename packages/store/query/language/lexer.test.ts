import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Lexer, MAX_QUERY_DEPTH, MAX_QUERY_LENGTH, parseQuery, quote } from './index.ts'

function tokens(text: string): unknown[] {
  const lexer = new Lexer(text)
  const out: unknown[] = []
  for (; !lexer.end; lexer.next()) out.push(lexer.quoted ? { quoted: lexer.token } : lexer.token)
  return out
}

test('tokens: words, quotes, pairs, comments', () => {
  assert.deepEqual(tokens('foo.b_1:!~"a\\"\\x41\\u00e9" # rest ( \n -`r\\n`'), [
    'foo.b_1',
    ':',
    '!~',
    { quoted: 'a"Aé' },
    '-',
    { quoted: 'r\\n' },
  ])
  assert.deepEqual(tokens("x>='it''s' слово {a=~b}"), ['x', '>=', { quoted: 'it' }, { quoted: 's' }, 'слово', '{', 'a', '=~', 'b', '}'])
  assert.deepEqual(tokens('"never closed'), ['"', 'never', 'closed'])
  assert.deepEqual(tokens('"bad \\q escape"'), ['"', 'bad', '\\', 'q', 'escape', '"'])
  assert.deepEqual(tokens('"\\xd0\\xb0\\101"'), [{ quoted: 'аA' }])
})

test('spaceBefore, at and restore', () => {
  const lexer = new Lexer(' a b')
  assert.deepEqual([lexer.token, lexer.spaceBefore, lexer.at], ['a', true, 1])
  const state = lexer.save()
  lexer.next()
  assert.deepEqual([lexer.token, lexer.at, lexer.lastEnd], ['b', 3, 2])
  lexer.next()
  assert.equal(lexer.end, true)
  lexer.restore(state)
  assert.deepEqual([lexer.token, lexer.at, lexer.end], ['a', 1, false])
})

test('what quote writes is read back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10ffff })), { maxLength: 12 }),
      (codes) => {
        const text = String.fromCodePoint(...codes)
        assert.deepEqual(tokens(quote(text)), [{ quoted: text.toWellFormed() }])
      },
    ),
  )
})

test('length and depth are bounded', () => {
  assert.throws(() => new Lexer('x'.repeat(MAX_QUERY_LENGTH + 1)), { code: 'QUERY_TOO_LONG' })
  const deep = (n: number): string => '('.repeat(n) + 'x' + ')'.repeat(n)
  assert.throws(() => parseQuery(deep(MAX_QUERY_DEPTH + 1)), { code: 'QUERY_TOO_DEEP' })
  assert.deepEqual(parseQuery(deep(MAX_QUERY_DEPTH - 1)).filter, { op: 'phrase', field: '_msg', phrase: 'x' })
  assert.throws(
    () => parseQuery('a:'.padEnd(30_000, ':!')),
    (error: { code: string }) => ['QUERY_SYNTAX', 'QUERY_TOO_DEEP'].includes(error.code),
  )
  assert.equal(parseQuery(`${'!'.repeat(30_000)}x`).filter.op, 'phrase')
})
