import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { memoryWorld } from '../testing/memory-world.ts'
import { runCommandLine } from '../shell.ts'
import { ANSWERED, answerFor, NOT_BUILT } from './answers.ts'
import { compare, same } from './compare.ts'

const VECTORS = fileURLToPath(new URL('../../../../vectors/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pullbox-vectors-'))
after(() => rmSync(folder, { recursive: true }))

async function run(...words: string[]) {
  const world = memoryWorld({ cwd: '/' })
  const code = await runCommandLine(['vectors', ...words], world)
  return { code, out: world.stdout.text, err: world.stderr.text }
}

/** Lines of a file: some of each kind of case, so that no kind goes untried. */
function sample(name: string): string[] {
  const taken = new Map<string, number>()
  return readFileSync(join(VECTORS, name), 'utf8')
    .split('\n')
    .filter((line) => {
      if (line === '') return false
      const one = JSON.parse(line) as { kind?: unknown; given?: { kind?: unknown; mode?: unknown }; expected?: { valid?: unknown } }
      const kind = JSON.stringify([one.kind, one.given?.kind, one.given?.mode, one.expected?.valid])
      taken.set(kind, (taken.get(kind) ?? 0) + 1)
      return (taken.get(kind) ?? 0) <= 12
    })
}

test('a wrong `expected` changes the verdict and not the answer', async () => {
  for (const name of ANSWERED) {
    assert.notEqual(await answerFor(name), null, name)
    const lines = sample(name)
    const path = join(folder, name)
    writeFileSync(path, lines.join('\n'))
    const first = await run('--print', path)
    assert.equal(first.code, 0, first.err)
    assert.equal(first.out.split('\n').length, lines.length + 1)
    assert.match(first.out, /"actual":\{/)
    const cases = lines.map((l) => JSON.parse(l) as Record<string, unknown>)
    const fields = [...new Set(cases.flatMap((c) => Object.keys(c['expected'] ?? {})))]
    const swaps: ((i: number) => unknown)[] = [
      (i) => cases[(i + 1) % cases.length]['expected'],
      () => Object.fromEntries(fields.map((f) => [f, 'wrong'])),
      () => Object.fromEntries(fields.map((f) => [f, { wrong: [-1] }])),
      () => null,
      () => undefined,
    ]
    for (const swap of swaps) {
      writeFileSync(path, cases.map((c, i) => JSON.stringify({ ...c, expected: swap(i) })).join('\n'))
      assert.equal((await run('--print', path)).out, first.out, name)
    }
    writeFileSync(path, cases.map((c, i) => JSON.stringify({ ...c, expected: swaps[1](i) })).join('\n'))
    if (name !== 'loose_readers.jsonl') assert.notEqual((await run(path)).code, 0, `${name}: what is wrong must be noticed`)
  }
})

test('hostile cases are answered, and the next ones too', async () => {
  const hostile = [
    {},
    { input_base64: 7, input: null },
    { input_base64: '!!' },
    { input_base64: Buffer.alloc(100_000, '[').toString('base64') },
    { input: { a: ['\u0000', null] }, given: null, kind: null },
    { input_base64: 'PDEzPng=', given: { mode: 'none', kind: 7, max_frame: -1, year_rule: {} }, kind: 'no such kind' },
    { input: '{"text":7,"received":"x","device_tz":"Middle/Earth"}' },
  ]
  for (const name of ANSWERED) {
    const path = join(folder, name)
    writeFileSync(path, hostile.map((c) => JSON.stringify(c)).join('\n'))
    const { code, out, err } = await run('--print', path)
    assert.equal(out.split('\n').length, hostile.length + 1, `${name}: ${err}`)
    assert.equal(code, 0, `${name}: ${err}`)
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
  for (const name of readdirSync(VECTORS).filter((n) => n.endsWith('.jsonl'))) {
    assert.ok(ANSWERED.includes(name) !== NOT_BUILT.includes(name), `${name} is answered, or named as not built`)
  }
  for (const name of NOT_BUILT) {
    const { code, err } = await run(join(VECTORS, name))
    assert.equal(code, 2)
    assert.ok(
      err.startsWith(
        `pullbox: CLI_VECTORS_UNKNOWN: what answers the cases of ${name} is not built yet - files that are answered: ipv6.jsonl,`,
      ),
    )
  }
  const unknown = await run('/nonexistent/rfc3146.jsonl')
  assert.equal(unknown.code, 2)
  assert.match(unknown.err, /^pullbox: CLI_VECTORS_UNKNOWN: nothing answers the cases of rfc3146\.jsonl - did you mean "rfc3164\.jsonl"\?/)
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
  const replies = (code: object) => ({ replies: [{ txnr: 1, command: 'rsp', ...code }] })
  assert.equal(compare('relp.jsonl', 'session', replies({ code_one_of: [200, 500] }), replies({ code: 500 })).length, 0)
  assert.equal(compare('relp.jsonl', 'session', replies({ code_one_of: [200, 500] }), replies({ code: 404 })).length, 1)
  assert.equal(compare('relp.jsonl', 'session', replies({ code_one_of: [200, 500] }), { replies: [] }).length, 1)
  const cisco = { app_name: 'Rib', tag: 'AGENT-6-INITIALIZED', message: ": Agent 'Rib' initialized" }
  assert.equal(
    compare('rfc3164.jsonl', undefined, cisco, { app_name: 'Rib', message: "%AGENT-6-INITIALIZED: Agent 'Rib' initialized" }).length,
    0,
  )
  assert.equal(compare('rfc3164.jsonl', undefined, cisco, { app_name: 'Rob', message: "Agent 'Rib'" }).length, 2)
  assert.equal(compare('rfc3164.jsonl', undefined, { program: 'tag', message_raw: ' x' }, { app_name: 'tag', message: 'x' }).length, 0)
})
