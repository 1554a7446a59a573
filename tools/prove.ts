// `npm run prove [-- --only TEXT]`: all checks and tests at full size, one file after another, and a page of it under docs/proof.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './files.ts'
import { installServices, missingServices, servicesRequired } from './services.ts'
import { runTests, testFiles } from './test.ts'

/** What one file of tests came to. */
export interface Proved {
  readonly path: string
  readonly status: number
  readonly seconds: number
  /** Everything that the runner printed. */
  readonly output: string
}

/** What a run of all tests at full size came to. */
export interface Proof {
  /** When it began. */
  readonly date: Date
  readonly commit: string
  readonly machine: string
  /** Text that the paths of the files contain; '' = all files. */
  readonly only: string
  /** Services that were not there, so that their tests were skipped. */
  readonly missing: readonly string[]
  /** Files that were to run; fewer ran when it was broken off. */
  readonly files: number
  readonly proved: readonly Proved[]
}

const COUNTS = ['tests', 'pass', 'fail', 'cancelled', 'skipped', 'todo'] as const

/** The numbers of the runner's summary, in the order of COUNTS; 0 where it has none. */
function counts(output: string): number[] {
  return COUNTS.map((name) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0))
}

/** The page for docs/proof: the runner's own numbers, file by file, and the name of every test that failed or was skipped. */
export function proofPage(proof: Proof): string {
  const { proved } = proof
  const sums = proved.map(({ output }) => counts(output)).reduce((a, b) => a.map((n, i) => n + b[i]), [0, 0, 0, 0, 0, 0])
  const broken = proved.filter(({ status }) => status !== 0)
  const failed = proved.flatMap(({ path, output }) => names(output, /^\s*✖ (.+?) \([\d.]+ms\)/gm).map((name) => `${path}: ${name}`))
  const skipped = proved.flatMap(({ path, output }) =>
    names(output, /^\s*﹣ (.+?)(?: \([\d.]+ms\))?(?: # .*)?$/gm).map((name) => `${path}: ${name}`),
  )
  const said = proved.flatMap(({ path, output }) =>
    names(output, /^\s*ℹ (?!(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) )(.+)$/gm).map((line) => `${path}: ${line}`),
  )
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `## ${title}\n${lines.map((line) => `- ${line}`).join('\n')}\n\n`
  const row = (name: string, value: string | number) => `| ${name} | ${value} |`
  const rows = [
    row('begun', proof.date.toISOString()),
    row('commit', proof.commit),
    row('Node', process.version),
    row('machine', proof.machine),
    row('services missing', proof.missing.length === 0 ? 'none' : proof.missing.join(', ')),
    row('files', proof.files === proved.length ? proved.length : `${proved.length} of ${proof.files}: it was broken off`),
    row('took', `${Math.round(proved.reduce((sum, { seconds }) => sum + seconds, 0))} s`),
    row('exit status', broken.length === 0 ? 0 : 1),
    ...COUNTS.map((name, i) => row(name, sums[i])),
  ]
  const files = proved.map(
    ({ path, seconds, status, output }) =>
      `| ${path} | ${counts(output)[1]} | ${seconds.toFixed(1)} | ${status === 0 ? '' : `exit ${status}`} |`,
  )
  const share = proof.only === '' ? '' : ` Only files whose path contains \`${proof.only}\`.`
  return `# Proof of ${proof.date.toISOString().slice(0, 10)}
Written by \`npm run prove\`: all checks and tests with \`PULLBOX_PROVE=1\`, which takes the large sizes, one file after another.${share}

| | |
| --- | --- |
${rows.join('\n')}

${list('Failed', failed)}${list('Skipped', skipped)}${list('Sizes and seeds, as the tests said them', said)}## Files
| file | passed | seconds | |
| --- | ---: | ---: | --- |
${files.join('\n')}
`
}

function names(output: string, pattern: RegExp): string[] {
  return [...new Set([...output.matchAll(pattern)].map(([, name]) => name))]
}

/**
 * Runs test files under `root` one after another at full size; says on `say` how far it is. `each` is called after every file with
 * all so far.
 */
export async function prove(
  root: string,
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  each: (proved: readonly Proved[]) => void,
): Promise<Proved[]> {
  const proved: Proved[] = []
  for (const [i, path] of files.entries()) {
    say(`[${i + 1}/${files.length}] ${path}`)
    const start = performance.now()
    let output = ''
    const status = await runTests(root, [path], { ...env, PULLBOX_PROVE: '1' }, (text) => (output += text))
    const seconds = (performance.now() - start) / 1000
    proved.push({ path, status, seconds, output })
    say(`  ${counts(output)[1]} passed, ${seconds.toFixed(1)} s${status === 0 ? '' : `, FAILED\n${output}`}`)
    each(proved)
  }
  return proved
}

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { only: { type: 'string', default: '' } } })
  if (servicesRequired()) installServices()
  const date = new Date()
  const files = testFiles(ROOT, values.only)
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  if (files.length === 0) {
    say(`prove: no test file matches "${values.only}"`)
    return 1
  }
  const changed = git('status', '--porcelain') === '' ? '' : ' with changes that are not committed'
  const known = {
    date,
    commit: `${git('rev-parse', 'HEAD')}${changed}`,
    machine: `${cpus()[0]?.model ?? process.arch}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`,
    only: values.only,
    missing: missingServices(),
    files: files.length,
  }
  const folder = join(ROOT, 'docs', 'proof')
  mkdirSync(folder, { recursive: true })
  const part = values.only === '' ? '' : `-${values.only.replaceAll(/\W+/g, '-').replace(/-$/, '')}`
  const page = join(folder, `${date.toISOString().slice(0, 10)}${part}.md`)
  // After each file, so that a proof that is broken off leaves what it has.
  const proved = await prove(ROOT, files, process.env, say, (all) => writeFileSync(page, proofPage({ ...known, proved: all })))
  say(`prove: ${page}`)
  return proved.every(({ status }) => status === 0) ? 0 : 1
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
