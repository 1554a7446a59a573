import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { ROOT } from './files.ts'
import { installServices, servicesRequired } from './services.ts'

/** Files of tests under `root`, sorted; with `only`, those whose path contains it. */
export function testFiles(root: string, only = ''): string[] {
  const patterns = ['packages/**/*.test.ts', 'sim/**/*.test.ts', 'bench/**/*.test.ts', 'tools/**/*.test.ts']
  const exclude = (path: string) => /(?:^|\/)(?:node_modules|dist)$/.test(path)
  return globSync(patterns, { cwd: root, exclude })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.includes(only))
    .sort()
}

/**
 * Runs test files under `root` with this Node, two at a time; gives the exit status, 128 and its number when a signal ended it. The
 * runner's output goes to stdout, or to `sink` as text.
 */
export async function runTests(
  root: string,
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  sink?: (text: string) => void,
): Promise<number> {
  const args = ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files]
  // A test runner inside a test must not report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...clean } = env
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: clean,
    stdio: ['ignore', sink === undefined ? 'inherit' : 'pipe', 'inherit'],
  })
  if (sink !== undefined) child.stdout?.setEncoding('utf8').on('data', sink)
  return await new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (status, signal) => done(status ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)))
  })
}

/** The checks as tests, so that the runner's summary counts them. */
export const HOUSE = 'tools/house.test.ts'

/** What `npm test` does; gives the exit status. The last thing printed is the summary of the test runner. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { 'no-check': { type: 'boolean' }, only: { type: 'string' } } })
  if (servicesRequired()) installServices()
  const tests = testFiles(ROOT, values.only).filter((path) => path !== HOUSE)
  const files = values['no-check'] === true ? tests : [HOUSE, ...tests]
  if (tests.length === 0) {
    process.stdout.write(`test: no test file matches "${values.only ?? ''}"\n`)
    return 1
  }
  return await runTests(ROOT, files, process.env)
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
