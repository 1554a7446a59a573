import assert from 'node:assert/strict'
import { test } from 'node:test'
import { houseFiles, isSource, read, ROOT } from './files.ts'
import { importsOf, tokenize } from './tokens.ts'

const words = (source: string) => tokenize(source).map(({ kind, text }) => `${kind}:${text}`)

test('strings, comments, templates and regular expressions are told apart', () => {
  assert.deepEqual(words(`a /* 'x' */ 'b // c' // 'd'\n"e\\"f"`), ['word:a', 'string:b // c', 'string:e\\"f'])
  assert.deepEqual(words('`a${`b${c}`}d` e'), ['template:a${}d', 'template:b${}', 'word:c', 'word:e'])
  assert.deepEqual(words('`${{ a: 1 }}`'), ['template:${}', 'mark:{', 'word:a', 'mark::', 'number:1', 'mark:}'])
  assert.deepEqual(words('a = /["\'/]/g'), ['word:a', 'mark:=', 'regex:/["\'/]/g'])
  assert.deepEqual(words('a / b / c'), ['word:a', 'mark:/', 'word:b', 'mark:/', 'word:c'])
  assert.deepEqual(words('return /x\\/y/'), ['word:return', 'regex:/x\\/y/'])
  assert.deepEqual(words('#!/usr/bin/env node\nx'), ['word:x'])
  assert.deepEqual(
    tokenize('a\n\n/*\n*/ b').map((token) => token.line),
    [1, 4],
  )
})

test('imports of every form, and nothing that only looks like one', () => {
  const source = `
    import './a.ts'
    import type { X } from "./b.ts"
    export * from './c.ts'
    const d = await import('./d.ts')
    const no = "import './no.ts'" // import './no2.ts'
    const text = \`import './no3.ts'\`
    Array.from('no4')
  `
  assert.deepEqual(
    importsOf(tokenize(source)).map(({ specifier }) => specifier),
    ['./a.ts', './b.ts', './c.ts', './d.ts'],
  )
})

test('damaged text ends', () => {
  for (const source of ["'", '`', '`${', '/*', '/', '"\\', '`${`${', '\u0000', '\ud800', '}'.repeat(1000)])
    assert.ok(Array.isArray(tokenize(source)))
})

test('every source of the house is balanced in tokens', () => {
  for (const path of houseFiles(ROOT).filter(isSource)) {
    let open = 0
    for (const { kind, text } of tokenize(read(ROOT, path)))
      if (kind === 'mark') open += '([{'.includes(text) ? 1 : ')]}'.includes(text) ? -1 : 0
    assert.equal(open, 0, path)
  }
})
