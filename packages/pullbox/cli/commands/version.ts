import { readFileSync } from 'node:fs'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import { EXIT } from '../exit.ts'
import { writeJson } from '../output/json.ts'

/** The package's version; all packages of the house carry the same. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { version?: unknown }).version)
}

export const command: Command = {
  name: 'version',
  summary: 'the version of pullbox and of what it runs on',
  group: 'house',
  options: [COMMON.json],
  examples: [{ line: 'pullbox version --json', says: 'as an object' }],
  async run(ctx, given) {
    const about = { version: version(), node: process.versions.node, platform: `${process.platform}-${process.arch}` }
    if (given.has('json')) await writeJson(ctx.stdout, { type: 'version', ...about })
    else await ctx.stdout.write(`pullbox ${about.version}  node ${about.node}  ${about.platform}\n`)
    return EXIT.done
  },
}
