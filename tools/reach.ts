import { posix } from 'node:path'
import { isSource, isTest } from './files.ts'
import { tokenize } from './tokens.ts'

/**
 * The sources of a package that something it publishes can come to, from the files `entries`: by imports, and by strings that name a
 * file beside (`./scan-worker` for a worker). What only tests use is not among them. Paths as in `files`.
 */
export function reachable(files: readonly string[], entries: readonly string[], text: (path: string) => string): Set<string> {
  const sources = new Set(files.filter((path) => isSource(path) && !isTest(path)))
  const found = new Set<string>()
  const waiting = [...entries]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path) || !sources.has(path)) continue
    found.add(path)
    waiting.push(...beside(path, text(path)))
  }
  return found
}

/** Files that a source names relative to itself, with the ending of a source where it leaves that open. */
function beside(path: string, source: string): string[] {
  return tokenize(source).flatMap(({ kind, text }) => {
    if ((kind !== 'string' && kind !== 'template') || !/^\.\.?\//.test(text)) return []
    const target = posix.join(posix.dirname(path), text.replace(/\$\{\}$/, ''))
    return isSource(target) ? [target] : [`${target}.ts`]
  })
}
