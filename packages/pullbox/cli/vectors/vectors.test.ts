import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { memoryWorld } from '../testing/memory-world.ts'
import { runCommandLine } from '../shell.ts'
import { ANSWERED, answerFor } from './answers.ts'
import { compare, same } from './compare.ts'

const VECTORS = fileURLToPath(new URL('../../../../vectors/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pullbox-vectors-'))
after(() => rmSync(folder, { recursive: true }))

async function run(...words: string[]) {
  const world = memoryWorld({ cwd: '/' })
  const code = await runCommandLine(['vectors', ...words], world)
  return { code, out: world.stdout.text, err: world.stderr.text }
}

test('a wrong `expected` changes the verdict and not the answer', async () => {
  for (const name of ANSWERED) {
    if ((await answerFor(name)) === null) continue
    const lines = readFileSync(join(VECTORS, name), 'utf8')
      .split('\n')
      .filter((l) => l !== '')
      .slice(0, 40)
    const truth = join(folder, name)
    writeFileSync(truth, lines.join('\n'))
    const first = await run('--print', truth)
    assert.equal(first.code, 0, first.err)
    const wrong = lines.map((l) =>
      JSON.stringify({
        ...(JSON.parse(l) as object),
        expected: {
          valid: 'wrong',
          rows: ['wrong'],
          error: 'wrong',
          less: 'wrong',
          timestamp: 'wrong',
          priority: -1,
          frames_base64: ['wrong'],
        },
      }),
    )
    writeFileSync(truth, wrong.join('\n'))
    assert.equal((await run('--print', truth)).out, first.out, name)
    assert.equal((await run('--print', truth)).out.split('\n').length, lines.length + 1)
    const absent = lines.map((l) => JSON.stringify({ ...(JSON.parse(l) as object), expected: undefined }))
    writeFileSync(truth, absent.join('\n'))
    assert.equal((await run('--print', truth)).out, first.out, name)
  }
})

test('a line of --print is the case and the answer, nothing else', async () => {
  const { out } = await run('--print', join(VECTORS, 'ipv6.jsonl'))
  const lines = out
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l) as Record<string, unknown>)
  assert.deepEqual(
    lines.map((l) => l['case']),
    lines.map((_, i) => i),
  )
  assert.ok(lines.every((l) => Object.keys(l).join() === 'case,actual'))
})

test('failing cases are named, and the exit status says so', async () => {
  const path = join(folder, 'ipv6.jsonl')
  const good = {
    input_base64: 'OjoxLzEyOA==',
    given: { kind: 'cidr' },
    expected: { valid: true, normalized: '::1', zone: null, inet_ntop_glibc: 'advisory' },
  }
  writeFileSync(path, `${JSON.stringify(good)}\n${JSON.stringify({ ...good, expected: { valid: true, normalized: '::2' } })}\n`)
  const text = await run(path)
  assert.equal(text.code, 8)
  assert.match(text.out, /^ipv6\.jsonl case 1: normalized is "::1", expected "::2"$/m)
  assert.match(text.out, /^ipv6\.jsonl  1  1  0  0$/m)
  const json = (await run(path, '--json')).out
    .trimEnd()
    .split('\n')
    .map((l) => JSON.parse(l) as { type: string })
  assert.deepEqual(
    json.map((o) => o.type),
    ['case', 'vectors'],
  )
  writeFileSync(path, `${JSON.stringify(good)}\n`)
  assert.equal((await run(path)).code, 0)
})

test('files that nothing answers, and lines that are no cases', async () => {
  const unknown = await run(join(VECTORS, 'kv_cases.jsonl'))
  assert.equal(unknown.code, 2)
  assert.match(
    unknown.err,
    /^pullbox: CLI_VECTORS_UNKNOWN: nothing answers the cases of kv_cases\.jsonl - files that are answered: ipv6\.jsonl,/,
  )
  assert.equal((await run('--print', join(VECTORS, 'ipv6.jsonl'), join(VECTORS, 'cbor.jsonl'))).code, 2)
  const path = join(folder, 'cbor.jsonl')
  writeFileSync(path, '{}\n[')
  assert.match((await run(path)).err, /CLI_VECTORS_LINE: .* at .*cbor\.jsonl:2/)
  assert.match((await run('/nonexistent/ipv6.jsonl')).err, /CLI_SYSTEM: ENOENT/)
})

test('the rules of comparison', () => {
  assert.ok(same({ a: null, b: '' }, {}) && same([null], ['']) && !same([1], [1, 2]))
  assert.ok(
    same({ $int: '5' }, 5) &&
      same({ $int: '9007199254740993' }, 9007199254740993n) &&
      !same({ $int: '9007199254740993' }, 9007199254740992),
  )
  assert.ok(same({ a: 1, b: 2 }, { b: 2, a: 1 }) && !same('a', 'b') && !same(0, null) && !same(false, null))
  assert.equal(compare('rfc5424.jsonl', undefined, { valid: null, priority: 1 }, { valid: false }).length, 0)
  assert.equal(
    compare('rfc5424.jsonl', undefined, { valid: false, error_kind: 'x', error_column: 3 }, { valid: false, error_column: 9 }).length,
    0,
  )
  assert.equal(compare('rfc5424.jsonl', undefined, { valid: true, priority: 1 }, { valid: true, priority: 2 }).length, 1)
  assert.equal(compare('logsql.jsonl', 'pipe', { rows: [{ a: '1' }, { b: '2', c: '' }] }, { rows: [{ b: '2' }, { a: '1' }] }).length, 0)
  assert.equal(compare('logsql.jsonl', 'pipe', { rows: [{ a: '1' }] }, { rows: [{ a: '1' }, { a: '1' }] }).length, 1)
  assert.equal(compare('logsql.jsonl', 'filter', { rows: [2, 6] }, { rows: [6, 2] }).length, 1)
  assert.equal(compare('logsql.jsonl', 'parse_ok', { canonical: 'x', op: 'y' }, { canonical: 'z' }).length, 0)
  assert.equal(compare('logsql.jsonl', 'parse_ok', { canonical: 'x' }, { error: true }).length, 1)
  assert.equal(compare('logsql.jsonl', 'parse_error', { error: true }, { canonical: 'x' }).length, 1)
  const cisco = { app_name: 'Rib', tag: 'AGENT-6-INITIALIZED', message: ": Agent 'Rib' initialized" }
  assert.equal(
    compare('rfc3164.jsonl', undefined, cisco, { app_name: 'Rib', message: "%AGENT-6-INITIALIZED: Agent 'Rib' initialized" }).length,
    0,
  )
  assert.equal(compare('rfc3164.jsonl', undefined, cisco, { app_name: 'Rob', message: "Agent 'Rib'" }).length, 2)
  assert.equal(compare('rfc3164.jsonl', undefined, { program: 'tag', message_raw: ' x' }, { app_name: 'tag', message: 'x' }).length, 0)
})
