import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { checkErrorCodes } from './checks/error-codes.ts'
import { checkImports } from './checks/imports.ts'
import { lint } from './checks/lint.ts'
import { checkNames } from './checks/names.ts'
import { checkPlaces } from './checks/places.ts'
import { checkShells } from './checks/shells.ts'
import { checkVersions } from './checks/versions.ts'
import { ROOT } from './files.ts'
import { checkLock } from './lock.ts'

/** A check looks at the folder `root` and says what is wrong, one line a problem. */
export type Check = (root: string) => string[]

/** All checks of the house, in the order in which they run. */
export const CHECKS: Readonly<Record<string, Check>> = {
  types: (root) => program(root, 'tsc', ['--noEmit', '--pretty', 'false']),
  lint,
  format: (root) =>
    program(root, 'oxfmt', ['--list-different', '.']).map((line) => `${line}: not formatted; run: node_modules/.bin/oxfmt .`),
  imports: checkImports,
  'error codes': checkErrorCodes,
  names: checkNames,
  places: checkPlaces,
  versions: checkVersions,
  lock: checkLock,
  shells: checkShells,
}

function program(root: string, name: string, args: readonly string[]): string[] {
  const result = spawnSync(join(ROOT, 'node_modules', '.bin', name), args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (result.status === 0) return []
  const lines = `${result.stdout ?? ''}${result.stderr ?? ''}`.split('\n').filter((line) => line.trim() !== '')
  return lines.length > 0 ? lines : [`${name} ended with ${result.status ?? result.error?.message}`]
}

/** Runs the checks, writes what they found to `write`, and gives the number of problems. */
export function check(root: string, write: (line: string) => void, checks: Readonly<Record<string, Check>> = CHECKS): number {
  let problems = 0
  for (const [name, run] of Object.entries(checks)) {
    const start = performance.now()
    const found = run(root)
    problems += found.length
    write(`check ${name}: ${found.length === 0 ? 'ok' : `${found.length} problems`} (${Math.round(performance.now() - start)} ms)`)
    for (const line of found) write(`  ${line}`)
  }
  return problems
}

if (import.meta.main) {
  const problems = check(ROOT, (line) => void process.stderr.write(`${line}\n`))
  if (problems > 0) process.stderr.write(`check: ${problems} problems\n`)
  process.exitCode = problems > 0 ? 1 : 0
}
