import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CodedError } from '../errors.ts'
import { readStructuredData } from '../wire/index.ts'
import { sdElements, sdText } from './bracket.arbitrary.ts'
import { type SdElement, decodeBracket, elementsOfValue, encodeBracket, encodeStructuredData, valueOfElements } from './bracket.ts'
import type { Value } from './value.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'

const code = (name: string) => (error: unknown) => error instanceof CodedError && error.code === name && error.hint !== ''

test('structured data is read by its own rules', () => {
  const text = '[exampleSDID@32473 iut="3" eventSource="C:\\new" eventID="\\"\\\\\\]"][x@1 ip="1" ip="2"][y a="1" b="2" a="3"]'
  const elements = [
    {
      id: 'exampleSDID@32473',
      params: [
        ['iut', '3'],
        ['eventSource', 'C:\\new'],
        ['eventID', '"\\]'],
      ],
    },
    {
      id: 'x@1',
      params: [
        ['ip', '1'],
        ['ip', '2'],
      ],
    },
    {
      id: 'y',
      params: [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    },
  ]
  const value = decodeBracket(text)
  assert.deepEqual(elementsOfValue(value), elements)
  assert.equal(
    encodeBracket(value),
    '[exampleSDID@32473=[iut="3" eventSource="C:\\\\new" eventID="\\"\\\\\\]"] x@1=[ip=("1" "2")] y=([a="1"] [b="2"] [a="3"])]',
  )
  assert.equal(encodeStructuredData(value), text.replace('C:\\new', 'C:\\\\new'))
  assert.deepEqual(decodeBracket('-'), new Map())
  assert.equal(encodeStructuredData({}), '-')
  const refused: Value[] = [
    null,
    [],
    { a: 1 },
    { a: { x: 1 } },
    { 'a b': {} },
    { ['a'.repeat(33)]: {} },
    { '': {} },
    { a: { x: ['1'] } },
    { a: [{ x: '1' }] },
    { a: { x: '\ud800' } },
    new Map([[1, {}]]),
  ]
  for (const one of refused) assert.throws(() => encodeStructuredData(one), code('BRACKET_NOT_STRUCTURED'))
  assert.throws(
    () =>
      valueOfElements([
        { id: 'a', params: [] },
        { id: 'a', params: [] },
      ]),
    code('BRACKET_DUPLICATE_KEY'),
  )
})

test('property: all that structured data can carry comes through the bracketed text and back', () => {
  const check = (elements: SdElement[]) => {
    const text = sdText(elements)
    const value = decodeBracket(text)
    assert.deepEqual(value, valueOfElements(elements))
    assert.deepEqual(decodeBracket(encodeBracket(value)), value)
    assert.deepEqual(elementsOfValue(value), elements)
    assert.equal(encodeStructuredData(value), text)
    assert.deepEqual(readStructuredData(Buffer.from(text)), elements)
  }
  fc.assert(fc.property(sdElements, check), { numRuns: PROVE ? 50_000 : 1000 })
})
