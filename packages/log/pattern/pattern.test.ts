import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse, tryParse } from '@pullbox/ip'
import { all, either, FieldType, pattern, READINGS_MOST, repeat, chars, type Pattern, type Values } from './index.ts'

const PROVE = process.env.PULLBOX_PROVE === '1'
const SEED = Number(process.env.PULLBOX_SEED ?? 20261124)
const ROOT = new URL('../../../', import.meta.url)

const LETTER = chars('a-b')

const HEAD = '{result:word} {method:word}[/{submethod:word}] for '
const TAIL = '{user:text} from {remote_ip:ip} port {remote_port:port} ssh2'
/** What auth_log() of OpenSSH's auth.c writes. */
const SSHD = pattern(`${HEAD}[invalid user ]${TAIL}[: {info:text}]`)

test('a definition renders what it reads and reads what it renders', () => {
  const values = {
    result: 'Accepted',
    method: 'publickey',
    user: 'alice',
    remote_ip: '::1',
    remote_port: 22,
    info: 'RSA',
    invalid_user: false,
  }
  const line = 'Accepted publickey for alice from ::1 port 22 ssh2: RSA'
  assert.equal(SSHD.render(values), line)
  assert.deepEqual(SSHD.read(line), { kind: 'read', values })
  assert.equal(SSHD.render({ ...values, remote_ip: parse('0:0:0:0:0:0:0:1'), invalid_user: undefined }), line)
})

test('the line of the post has two readings, and neither is from 8.8.8.8', () => {
  const reading = SSHD.read('Failed password for invalid user root from 8.8.8.8 from 127.0.0.1 port 54460 ssh2')
  const same = { result: 'Failed', method: 'password', remote_ip: '127.0.0.1', remote_port: 54460 }
  assert.deepEqual(reading, {
    kind: 'ambiguous',
    readings: [
      { ...same, user: 'root from 8.8.8.8', invalid_user: true },
      { ...same, user: 'invalid user root from 8.8.8.8', invalid_user: false },
    ],
    complete: true,
  })
})

function collision(compiled: Pattern): { line: string; readings: readonly [Values, Values] } {
  const verdict = compiled.verdict()
  assert.ok(verdict.kind === 'ambiguous')
  for (const reading of verdict.readings) assert.equal(compiled.render(reading), verdict.line)
  assert.notDeepEqual(verdict.readings[0], verdict.readings[1])
  return verdict
}

test('the verdict on sshd: ambiguous by the flag and by what follows, unambiguous with the address anchored to the end', () => {
  const flagged = collision(SSHD)
  assert.deepEqual(flagged.readings.map(({ user }) => user).toSorted(), ['', 'invalid user '])
  const informed = collision(pattern(`${HEAD}${TAIL}[: {info:text}]`))
  assert.match(informed.line, /^\w \w for  from :: port \d ssh2: from :: port \d ssh2$/)
  assert.deepEqual(pattern(HEAD + TAIL).verdict(), { kind: 'unambiguous' })
  assert.deepEqual(pattern(`${HEAD}invalid user ${TAIL}`).verdict(), { kind: 'unambiguous' })
})

test('sshd.jsonl: what was logged is among the readings, and a single reading is what was logged', () => {
  let read = 0
  let ambiguous = 0
  for (const row of readFileSync(new URL('vectors/sshd.jsonl', ROOT), 'utf8').split('\n')) {
    if (row === '') continue
    const { message, expected } = JSON.parse(row)
    if (expected.kind !== 'auth' || typeof message !== 'string') continue
    // UNKNOWN is written where there is no address; the library's pattern knows it.
    if (tryParse(String(expected.remote_ip ?? '')) === undefined) continue
    const reading = SSHD.read(message)
    assert.notEqual(reading.kind, 'none', message)
    if (reading.kind === 'none') continue
    const readings = reading.kind === 'read' ? [reading.values] : reading.readings
    for (const values of readings) assert.equal(SSHD.render(values), message)
    const met = readings.some(
      ({ user, remote_ip, remote_port }) =>
        user === expected.user_logged && remote_ip === expected.remote_ip && remote_port === expected.remote_port,
    )
    assert.ok(met, `${message}: ${JSON.stringify(readings)}`)
    if (reading.kind === 'read') read++
    else ambiguous++
  }
  assert.ok(read >= 16 && ambiguous >= 56, `${read} read, ${ambiguous} ambiguous`)
})

test('groups and flags: what is there, and what may be given', () => {
  const nested = pattern('a[ b {x:word}[ c {y:word}]][ quiet[ please]]')
  assert.deepEqual(nested.read('a b 1 c 2 quiet'), { kind: 'read', values: { x: '1', y: '2', quiet: true, please: false } })
  assert.deepEqual(nested.read('a quiet please'), { kind: 'read', values: { quiet: true, please: true } })
  assert.equal(nested.render({}), 'a')
  assert.equal(nested.render({ x: 'k' }), 'a b k')
  assert.deepEqual(nested.verdict(), { kind: 'unambiguous' })
  for (const [values, code] of [
    [{ y: '2' }, 'PATTERN_VALUE_MISSING'],
    [{ please: true }, 'PATTERN_VALUE_MISSING'],
    [{ x: 'two words' }, 'PATTERN_VALUE_TYPE'],
    [{ x: true }, 'PATTERN_VALUE_TYPE'],
    [{ quiet: 'yes' }, 'PATTERN_VALUE_TYPE'],
    [{ z: '' }, 'PATTERN_VALUE_UNKNOWN'],
  ] as const)
    assert.throws(() => nested.render(values), { code }, JSON.stringify(values))
  assert.throws(() => pattern('{constructor:word}').render({}), { code: 'PATTERN_VALUE_MISSING' })
})

test('what no reading takes is named by its place', () => {
  const compiled = pattern('\u{1f600}{n:int} \\[\\{\\}\\]\\\\')
  assert.deepEqual(compiled.read('\u{1f600}12 [{}]\\'), { kind: 'read', values: { n: 12 } })
  assert.deepEqual(compiled.read('\u{1f600}1x'), { kind: 'none', at: 3 })
  assert.deepEqual(compiled.read('\u{1f600}12'), { kind: 'none', at: 4 })
  assert.deepEqual(compiled.read('\u{1f600}12 [{}]\\ '), { kind: 'none', at: 10 })
  assert.deepEqual(pattern('').read(''), { kind: 'read', values: {} })
})

test('definitions that are refused', () => {
  for (const [definition, code, at] of [
    ['a}', 'PATTERN_STRAY', 1],
    ['a]b', 'PATTERN_STRAY', 1],
    ['{a:word', 'PATTERN_UNCLOSED', 0],
    ['x[a[b]', 'PATTERN_UNCLOSED', 1],
    ['{a}', 'PATTERN_FIELD', 0],
    ['{1:word}', 'PATTERN_FIELD', 0],
    ['x{__proto__:word}', 'PATTERN_FIELD', 1],
    ['{a:nothing}', 'PATTERN_TYPE', 0],
    ['{a:toString}', 'PATTERN_TYPE', 0],
    ['\\n', 'PATTERN_ESCAPE', 0],
    ['a\\', 'PATTERN_ESCAPE', 1],
    ['[]', 'PATTERN_FLAG', 0],
    ['[, ]', 'PATTERN_FLAG', 0],
    ['[[a]]', 'PATTERN_FLAG', 0],
    ['{a:word} {a:word}', 'PATTERN_NAME_TWICE', 9],
    ['{a:word}[ a]', 'PATTERN_NAME_TWICE', 8],
    ['\ud83d', 'PATTERN_CHARACTER', 0],
    ['['.repeat(17), 'PATTERN_TOO_LARGE', 16],
    ['x'.repeat(4097), 'PATTERN_TOO_LARGE', 4096],
  ] as const)
    assert.throws(() => pattern(definition), { code, at: `character ${at}` }, definition.slice(0, 40))
  const fields = Array.from({ length: 200 }, (_, i) => `{i${i}:ip}`).join(' ')
  assert.throws(() => pattern(fields), { code: 'PATTERN_TOO_LARGE' })
})

test('hostile lines and patterns end, with all readings or so many of them', () => {
  const long = `for ${' from 8.8.8.8 port 1 ssh2: '.repeat(2000)} from 8.8.8.8 port 1 ssh2`
  const texts = pattern('for {a:text} from {b:ip} port {c:port} ssh2[: {d:text}]').read(long)
  assert.ok(texts.kind === 'ambiguous' && !texts.complete && texts.readings.length === READINGS_MOST)
  const many = pattern(Array.from({ length: 40 }, (_, i) => `[{f${i}:text}]`).join(''))
  const reading = many.read('a'.repeat(300))
  assert.ok(reading.kind === 'ambiguous' && !reading.complete)
  assert.equal(collision(many).line, '')
  assert.equal(many.read('\ud83d').kind, 'none')
})

test("a type of one's own", () => {
  const state = new FieldType('state', either(chars('U'), repeat(chars('d'), 2, 3)))
  const compiled = pattern('{a:state}{b:state}', { types: [state] })
  assert.equal(compiled.read('Udd').kind, 'read')
  assert.equal(compiled.read('dddd').kind, 'read')
  assert.equal(collision(compiled).line, 'ddddd')
  // The second needs a state for each set of the last forty letters.
  for (const shape of [repeat(LETTER, 1e9, 1e9), all(repeat(LETTER, 0), chars('a'), repeat(LETTER, 40, 40))])
    assert.throws(() => pattern('{x:large}', { types: [new FieldType('large', shape)] }), { code: 'PATTERN_TOO_LARGE' })
})

test(`random lines: each reading renders to the line, and what was rendered is read (seed ${SEED})`, () => {
  let state = SEED | 0 || 1
  const below = (bound: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
  const pieces = [
    'Failed',
    ' ',
    'password',
    '/',
    ' for ',
    'invalid user ',
    'root',
    ' from ',
    '127.0.0.1',
    '::1',
    ' port ',
    '22',
    '070000',
    ' ssh2',
    ': ',
    '',
    '\n',
    '\ud83d',
    '\u{1f600}',
    '\0',
  ]
  const text = (most: number): string => Array.from({ length: below(most) }, () => pieces[below(pieces.length)]).join('')
  const seen = { read: 0, ambiguous: 0, none: 0 }
  for (let round = 0; round < (PROVE ? 300_000 : 6000); round++) {
    let line = text(14)
    if (round % 3 > 0) {
      const user = text(6).replaceAll('\ud83d', '')
      const given = { result: 'Failed', method: 'none', user, remote_ip: '::1', remote_port: below(65_536), invalid_user: below(2) === 0 }
      line = SSHD.render(below(2) === 0 ? given : { ...given, info: text(6).replaceAll('\ud83d', '') })
      assert.notEqual(SSHD.read(line).kind, 'none', JSON.stringify(line))
      if (round % 3 === 2) line = line.slice(0, below(line.length)) + text(3) + line.slice(below(line.length))
    }
    const reading = SSHD.read(line)
    seen[reading.kind]++
    if (reading.kind === 'none') assert.ok(reading.at >= 0 && reading.at <= line.length)
    for (const values of reading.kind === 'read' ? [reading.values] : reading.kind === 'ambiguous' ? reading.readings : [])
      assert.equal(SSHD.render(values), line)
  }
  assert.ok(seen.read > 100 && seen.ambiguous > 100 && seen.none > 100, JSON.stringify(seen))
})

test('the examples of docs/guides/patterns.md hold', async () => {
  const page = readFileSync(new URL('docs/guides/patterns.md', ROOT), 'utf8')
  const code = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block).join('')
  assert.ok(code.split('assert').length > 5)
  const here = code.replaceAll("'@pullbox/log/pattern'", `'${new URL('index.ts', import.meta.url).href}'`)
  const url = `data:text/javascript,${encodeURIComponent(here)}`
  await import(url)
})
