import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from '../files.ts'

/** What the linter says about `root`, with the rules of this house (.oxlintrc.json); sizes of files and functions are among them. */
export function lint(root: string, options: { typeAware: boolean } = { typeAware: true }): string[] {
  const program = join(ROOT, 'node_modules', '.bin', 'oxlint')
  if (!existsSync(program)) return ['oxlint is not installed; run: npm run setup']
  const args = ['-c', join(ROOT, '.oxlintrc.json'), '-f', 'unix', ...(options.typeAware ? ['--type-aware'] : []), '.']
  // The part that knows types is looked for on PATH where `root` has no node_modules.
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` }
  const result = spawnSync(program, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (result.status === 0) return []
  const lines = `${result.stdout}${result.stderr}`.split('\n').filter((line) => line.includes(': '))
  // When it fails itself it prints the name of every file there is.
  return lines.length > 0
    ? lines.map((line) => line.slice(0, 400))
    : [`oxlint ended with ${result.status ?? result.error?.message}: ${result.stdout}${result.stderr}`]
}
