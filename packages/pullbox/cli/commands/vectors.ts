import { createReadStream } from 'node:fs'
import { basename, resolve } from 'node:path'
import { didYouMean } from '@pullbox/store'
import type { Given } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT, ExitError, usage } from '../exit.ts'
import { readLines } from '../input-lines.ts'
import { hostile, hostileJson } from '../output/hostile.ts'
import { writeJson } from '../output/json.ts'
import { writeTable } from '../output/table.ts'
import type { Answer, Case } from '../vectors/answers.ts'
import { ANSWERED, answerFor, NOT_BUILT } from '../vectors/answers.ts'
import type { Difference } from '../vectors/compare.ts'
import { compare, SECOND_OPINIONS } from '../vectors/compare.ts'

export const command: Command = {
  name: 'vectors',
  summary: 'answer the cases of a vector file, and compare with what it expects',
  group: 'house',
  details:
    'A file is known by its name. With --print each line is {"case": N, "actual": ...}: the case is its line, from 0, and actual is computed from the case without its `expected`; null where nothing is built for it. Without --print the answers are compared as vectors/README.md says; exit status 8 when a case fails.',
  args: [{ name: 'FILE', says: 'a file of cases, one JSON object a line', many: true, completes: 'file' }],
  options: [{ name: 'print', says: 'print the answers and compare nothing (one file)' }, COMMON.json],
  examples: [
    { line: 'pullbox vectors vectors/rfc5424.jsonl', says: 'how many cases agree, and which do not' },
    { line: 'pullbox vectors vectors/ipv6.jsonl --print', says: 'what pullbox makes of each case' },
  ],
  run,
}

async function run(ctx: Context, given: Given): Promise<number> {
  const print = given.has('print')
  if (print && given.args.length > 1) throw usage('--print takes one file, as a case is told by its line alone')
  // Before any work: a file that cannot be answered must not look like one that was.
  for (const path of given.args) await known(path)
  const reports: Report[] = []
  let crashed = 0
  for (const path of given.args) {
    const answer = await known(path)
    if (print) crashed += await printAnswers(ctx, path, answer)
    else reports.push(await check(ctx, path, answer))
  }
  if (print) return crashed > 0 ? EXIT.bug : EXIT.done
  await say(ctx, reports, given.has('json'))
  return reports.some((r) => r.failed > 0) ? EXIT.checkFailed : EXIT.done
}

function known(path: string): Promise<Answer | null> {
  const name = basename(path)
  const found = answerFor(name)
  if (found !== null) return found
  if (NOT_BUILT.includes(name))
    throw new ExitError(EXIT.usage, 'CLI_VECTORS_UNKNOWN', `what answers the cases of ${name} is not built yet`, {
      hint: `files that are answered: ${ANSWERED.join(', ')}`,
    })
  const near = didYouMean(name, ANSWERED)
  throw new ExitError(EXIT.usage, 'CLI_VECTORS_UNKNOWN', `nothing answers the cases of ${name}`, {
    hint: near === null ? `files that are answered: ${ANSWERED.join(', ')}` : `did you mean "${near}"?`,
  })
}

async function* cases(ctx: Context, path: string): AsyncGenerator<{ index: number; one: Record<string, unknown> }> {
  let index = -1
  for await (const line of readLines(createReadStream(resolve(ctx.cwd, path)))) {
    index++
    if (line.trim() === '') continue
    let one: unknown
    try {
      one = JSON.parse(line)
    } catch (cause) {
      throw new ExitError(EXIT.usage, 'CLI_VECTORS_LINE', `the line is no JSON: ${(cause as Error).message}`, {
        at: `${path}:${index + 1}`,
      })
    }
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      throw new ExitError(EXIT.usage, 'CLI_VECTORS_LINE', 'the line is no object', { at: `${path}:${index + 1}` })
    yield { index, one: one as Record<string, unknown> }
    if (ctx.signal.aborted) return
  }
}

/** Stands for the answer of a function that threw. */
const CRASHED = Symbol('crashed')

/** The answer never sees what is expected: it gets a case from which that was taken out. */
async function actualOf(ctx: Context, file: string, index: number, answer: Answer | null, one: Record<string, unknown>): Promise<unknown> {
  if (answer === null) return null
  const blind: Record<string, unknown> = { ...one }
  delete blind['expected']
  try {
    return (await answer(blind as Case)) ?? null
  } catch (error) {
    // An answer that throws is a bug of its module; the other cases are still answered.
    const { errorLine } = await import('../shell.ts')
    const stack = ctx.saveBug((error as Error)?.stack ?? String(error))
    await ctx.stderr.write(
      errorLine(
        { code: 'CLI_VECTORS_CRASH', message: String(error), at: `${file} case ${index}`, hint: `stack in ${stack}` },
        ctx.color.stderr,
      ),
    )
    return CRASHED
  }
}

/** Gives the number of cases whose answer threw. */
async function printAnswers(ctx: Context, path: string, answer: Answer | null): Promise<number> {
  let crashed = 0
  let out = ''
  for await (const { index, one } of cases(ctx, path)) {
    const actual = await actualOf(ctx, path, index, answer, one)
    if (actual === CRASHED) crashed++
    out += `${hostileJson({ case: index, actual: actual === CRASHED ? null : actual })}\n`
    if (out.length < 32_768) continue
    await ctx.stdout.write(out)
    out = ''
  }
  await ctx.stdout.write(out)
  return crashed
}

interface Report {
  readonly file: string
  passed: number
  failed: number
  /** Differences from a second opinion. */
  differ: number
  notBuilt: number
  readonly failing: { index: number; differences: Difference[] }[]
}

async function check(ctx: Context, path: string, answer: Answer | null): Promise<Report> {
  const file = basename(path)
  const report: Report = { file, passed: 0, failed: 0, differ: 0, notBuilt: 0, failing: [] }
  for await (const { index, one } of cases(ctx, path)) {
    const actual = await actualOf(ctx, path, index, answer, one)
    const found =
      actual === null
        ? []
        : actual === CRASHED
          ? [{ field: '', expected: one['expected'], actual: null }]
          : compare(file, one['kind'], one['expected'], actual)
    if (actual === null) report.notBuilt++
    else if (found.length === 0) report.passed++
    else {
      if (SECOND_OPINIONS.includes(file)) report.differ++
      else report.failed++
      report.failing.push({ index, differences: found })
    }
  }
  return report
}

async function say(ctx: Context, reports: readonly Report[], json: boolean): Promise<void> {
  const short = (v: unknown) => {
    const text = hostile(hostileJson(v ?? null), ctx.color.stdout)
    return text.length > 200 ? `${text.slice(0, 200)}\u2026` : text
  }
  for (const r of reports) {
    for (const { index, differences } of r.failing) {
      if (json) await writeJson(ctx.stdout, { type: 'case', file: r.file, case: index, differences })
      else
        for (const d of differences)
          await ctx.stdout.write(
            `${hostile(r.file, ctx.color.stdout)} case ${index}: ${d.field} is ${short(d.actual)}, expected ${short(d.expected)}\n`,
          )
    }
  }
  if (json) {
    for (const r of reports)
      await writeJson(ctx.stdout, {
        type: 'vectors',
        file: r.file,
        passed: r.passed,
        failed: r.failed,
        differ: r.differ,
        not_built: r.notBuilt,
      })
    return
  }
  const columns = [{ title: 'file', cuts: true }, ...['passed', 'failed', 'differ', 'not built'].map((title) => ({ title, right: true }))]
  await writeTable(
    ctx.stdout,
    columns,
    reports.map((r) => [r.file, r.passed, r.failed, r.differ, r.notBuilt]),
    ctx.color.stdout,
  )
}
