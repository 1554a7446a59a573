import { didYouMean } from '@pullbox/store'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { errorDocs } from '../error-docs.ts'
import { EXIT, usage } from '../exit.ts'
import { commandHelp, overview } from '../help-text.ts'
import { writeJson } from '../output/json.ts'
import { writePaged } from '../output/pager.ts'
import { allCommands } from '../registry.ts'

export const command: Command = {
  name: 'help',
  summary: 'what pullbox can do, how a command is used, what an error code means',
  group: 'house',
  args: [{ name: 'TOPIC', says: 'a command, or an error code such as CONFIG_UNKNOWN_KEY', optional: true, many: true }],
  options: [COMMON.noPager, COMMON.json],
  examples: [
    { line: 'pullbox help', says: 'all commands that are built' },
    { line: 'pullbox help config check', says: 'one command' },
    { line: 'pullbox help CONFIG_UNKNOWN_KEY', says: 'what an error means and what to do about it' },
  ],
  async run(ctx, given) {
    const { args } = given
    if (args.length === 1 && /^[A-Za-z0-9]+_[A-Za-z0-9_]+$/.test(args[0])) return errorHelp(ctx, args[0].toUpperCase(), given)
    if (given.has('json')) return listJson(ctx)
    await writePaged(ctx, await text(args), given.has('no-pager'))
    return EXIT.done
  },
}

async function text(args: readonly string[]): Promise<string> {
  if (args.length === 0) return overview(await allCommands())
  const { findCommand } = await import('../shell.ts')
  const { command: found, path, rest } = await findCommand(args)
  if (rest.length > 0) throw usage(`${path} has no command "${rest[0]}"`, `try ${path} --help`)
  return commandHelp(found, path)
}

async function errorHelp(ctx: Context, code: string, given: { has(name: string): boolean }): Promise<number> {
  const docs = errorDocs()
  const section = docs.get(code)
  if (section === undefined) {
    const near = didYouMean(code, docs.keys())
    throw usage(`there is no error code ${code}`, near ? `did you mean "${near}"?` : 'the pages under docs/errors list all codes')
  }
  if (given.has('json')) await writeJson(ctx.stdout, { type: 'code', code, text: section })
  else await writePaged(ctx, `${code}\n\n${section}\n`, given.has('no-pager'))
  return EXIT.done
}

async function listJson(ctx: Context): Promise<number> {
  for (const c of await allCommands()) {
    for (const one of c.commands ?? [c]) {
      const name = c.commands ? `${c.name} ${one.name}` : c.name
      await writeJson(ctx.stdout, { type: 'command', name, summary: one.summary, examples: one.examples.map((e) => e.line) })
    }
  }
  return EXIT.done
}
