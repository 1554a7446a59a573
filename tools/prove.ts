import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './files.ts'
import { installServices, missingServices, servicesRequired } from './services.ts'
import { runTests, testFiles } from './test.ts'

/** What a run of all tests at full size came to. */
export interface Proof {
  /** When it began. */
  date: Date
  commit: string
  machine: string
  /** Services that were not there, so that their tests were skipped. */
  missing: readonly string[]
  status: number
  seconds: number
  /** Everything that the runner printed. */
  output: string
}

/** The page for docs/proof: the runner's own numbers, and the name of every test that failed or was skipped. */
export function proofPage(proof: Proof): string {
  const numbers = [...proof.output.matchAll(/^ℹ (tests|pass|fail|cancelled|skipped|todo) (\d+)$/gm)]
  const failed = names(proof.output, /^\s*✖ (.+?) \([\d.]+ms\)/gm)
  const skipped = names(proof.output, /^\s*﹣ (.+?)(?: \([\d.]+ms\))?(?: # .*)?$/gm)
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `\n## ${title}\n${lines.map((line) => `- ${line}`).join('\n')}\n`
  return `# Proof of ${proof.date.toISOString().slice(0, 10)}
Written by \`npm run prove\`: all checks and tests with \`PULLBOX_PROVE=1\`, which takes the large sizes.

| | |
| --- | --- |
| begun | ${proof.date.toISOString()} |
| commit | ${proof.commit} |
| Node | ${process.version} |
| machine | ${proof.machine} |
| services missing | ${proof.missing.length === 0 ? 'none' : proof.missing.join(', ')} |
| took | ${Math.round(proof.seconds)} s |
| exit status | ${proof.status} |
${numbers.map(([, name, count]) => `| ${name} | ${count} |`).join('\n')}
${list('Failed', failed)}${list('Skipped', skipped)}`
}

function names(output: string, pattern: RegExp): string[] {
  return [...new Set([...output.matchAll(pattern)].map(([, name]) => name))]
}

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
}

async function main(): Promise<number> {
  if (servicesRequired()) installServices()
  const date = new Date()
  const start = performance.now()
  let output = ''
  const status = await runTests(ROOT, testFiles(ROOT), { ...process.env, PULLBOX_PROVE: '1' }, (text) => {
    output += text
    process.stdout.write(text)
  })
  const changed = git('status', '--porcelain') === '' ? '' : ' with changes that are not committed'
  const page = proofPage({
    date,
    commit: `${git('rev-parse', 'HEAD')}${changed}`,
    machine: `${cpus()[0]?.model ?? process.arch}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`,
    missing: missingServices(),
    status,
    seconds: (performance.now() - start) / 1000,
    output,
  })
  const folder = join(ROOT, 'docs', 'proof')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${date.toISOString().slice(0, 10)}.md`)
  writeFileSync(file, page)
  process.stderr.write(`prove: ${file}\n`)
  return status
}

if (import.meta.main) process.exitCode = await main()
