import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { answerParseCase, answerPipeCase, type PipeCase } from './vectors.ts'

interface Case extends PipeCase {
  readonly kind: string
  readonly input: PipeCase['input'] & { readonly what: string; readonly text: string }
  readonly expected: { readonly rows: readonly Readonly<Record<string, string>>[] }
}

const CASES = readFileSync(new URL('../../../../vectors/logsql.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line, place) => ({ place, ...(JSON.parse(line) as Case) }))

/** Cases whose expectation we judge wrong, by line, with the reason. */
const JUDGED: ReadonlyMap<number, string> = new Map()

/** Rows as a set. */
function asSet(rows: readonly Readonly<Record<string, string>>[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .filter(([, value]) => value !== '')
          .sort(),
      ),
    )
    .sort()
}

function isNotBuilt(error: unknown): boolean {
  return (error as { code?: string }).code === 'QUERY_PIPE_NOT_BUILT'
}

test('pipe cases give the rows of the vectors', async (t) => {
  let built = 0
  const cases = CASES.filter(({ kind }) => kind === 'pipe')
  for (const one of cases) {
    if (JUDGED.has(one.place)) continue
    try {
      const { rows } = await answerPipeCase(one)
      assert.deepEqual(asSet(rows), asSet(one.expected.rows), `line ${one.place}: ${one.input.pipe}`)
      built++
    } catch (error) {
      if (!isNotBuilt(error)) throw error
    }
  }
  t.diagnostic(`${built} of ${cases.length} pipe cases are built and agree; ${JUDGED.size} judged wrong`)
  assert.ok(built >= 298)
})

test('pipes and stats functions of the vectors parse, and bad ones do not', (t) => {
  let built = 0
  const cases = CASES.filter(({ kind, input }) => (kind === 'parse_ok' || kind === 'parse_error') && input.what !== 'query')
  for (const one of cases) {
    const answer = answerParseCase(one)
    if (answer.code === 'QUERY_PIPE_NOT_BUILT') continue
    assert.equal(answer.error === true, one.kind === 'parse_error', `line ${one.place}: ${one.input.text}`)
    if (answer.error) assert.equal(answer.code, 'QUERY_SYNTAX', one.input.text)
    built++
  }
  t.diagnostic(`${built} of ${cases.length} parse cases are built and agree`)
  assert.ok(built >= 440)
})
