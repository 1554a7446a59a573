import assert from 'node:assert/strict'
import { test } from 'node:test'
import { picture } from './picture.ts'

test('a picture holds what the terminal showed, and its colours', () => {
  const svg = picture('$ a <b>\r\n\u001b[31mERR\u001b[0m x \u001b[7m\\x1b\u001b[27m]\r\n')
  assert.match(svg, />\$ a &lt;b&gt;<\/text>/)
  assert.match(svg, /fill="#e06c75"[^>]*>ERR<\/text>/)
  assert.match(svg, /<rect [^>]*\/><text [^>]*fill="#1e2127"[^>]*>\\x1b<\/text>/)
  assert.ok(!svg.includes('\u001b'))
})
