import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of this checkout. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const SKIPPED = new Set(['node_modules', '.git', 'dist', 'scratch'])

/**
 * Paths of the files that belong to the house, from `root`, sorted: those that git tracks or would add, or in a folder without git all
 * that are not built or installed. Links are left out.
 */
export function houseFiles(root: string): string[] {
  const listed = existsSync(join(root, '.git')) ? gitFiles(root) : walk(root, root)
  return listed.filter((path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true).sort()
}

function gitFiles(root: string): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const git = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (git.status !== 0) throw new Error(`git ${args.join(' ')} ended with ${git.status ?? git.error?.message}: ${git.stderr ?? ''}`)
  return [...new Set(git.stdout.split('\0').filter((path) => path !== ''))]
}

function walk(root: string, folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(root, path)
    return entry.isFile() ? [relative(root, path).split(sep).join('/')] : []
  })
}

/** The text of a file of the house. */
export function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** True for TypeScript and JavaScript sources. */
export function isSource(path: string): boolean {
  return /\.(?:ts|tsx|mts|mjs|js)$/.test(path)
}

/** True for what only tests run: tests, benches, makers of test data, folders named `testing`. */
export function isTest(path: string): boolean {
  return /\.(?:test|bench|arbitrary|fixture)\.[a-z]+$|(?:^|\/)testing\//.test(path)
}
