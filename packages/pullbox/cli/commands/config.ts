import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import type { Given } from '../arguments.ts'
import { EXIT, usage } from '../exit.ts'
import { writeJson } from '../output/json.ts'

const init: Command = {
  name: 'init',
  summary: 'print a configuration to start with: all keys, with their defaults',
  group: 'config',
  examples: [{ line: 'pullbox config init > pullbox.yaml', says: 'the file that the examples use' }],
  async run(ctx) {
    const { initText } = await import('../../config/index.ts')
    await ctx.stdout.write(initText())
    return EXIT.done
  },
}

const check: Command = {
  name: 'check',
  summary: 'is a configuration valid? all problems at once, with file:line:column',
  group: 'config',
  details:
    'Nothing is opened or bound. The environment (PULLBOX_*) counts too, as it does when pullbox runs. Exit status 6 when there is a problem.',
  args: [{ name: 'FILE', says: 'the file (instead of --config); - reads stdin', optional: true, completes: 'file' }],
  options: [COMMON.config, COMMON.json],
  examples: [
    { line: 'pullbox config check -c /etc/pullbox/pullbox.yaml', says: 'before a reload' },
    { line: 'pullbox config init | pullbox config check -', says: 'a text that is no file yet' },
  ],
  run: runCheck,
}

async function runCheck(ctx: Context, given: Given): Promise<number> {
  const { checkConfig } = await import('../../config/index.ts')
  if (given.args.length > 0 && given.has('config')) throw usage('the file is given twice: as an argument and with --config')
  const file = given.args[0] ?? given.text('config')
  const input = file === '-' ? await readAll(ctx) : null
  const {
    loaded,
    problems,
    file: used,
  } = checkConfig({
    file: file === '-' ? 'stdin' : file,
    env: ctx.env,
    cwd: ctx.cwd,
    uid: ctx.uid,
    ...(input === null ? {} : { readFile: () => input }),
  })
  const all = loaded === null ? problems : [...problems, ...(await storeProblems(loaded.config.store, used, ctx.cwd))]
  await say(ctx, given.has('json'), used, all, loaded?.warnings ?? [])
  return all.length > 0 ? EXIT.config : EXIT.done
}

type Problem = { code: string; message: string; at: string; hint: string }

/** What the store's driver itself has to say about its options. */
async function storeProblems(store: { type: string; options: unknown }, file: string | null, cwd: string): Promise<Problem[]> {
  if (store.type === 'segments' || store.type === 'memory') return []
  const { checkStoreDriver } = await import('../../config/store-driver.ts')
  const problem = await checkStoreDriver(store.type, store.options, file, cwd)
  return problem === null ? [] : [problem]
}

async function say(
  ctx: Context,
  json: boolean,
  file: string | null,
  problems: readonly Problem[],
  warnings: readonly string[],
): Promise<void> {
  const { errorLine } = await import('../shell.ts')
  const { hostile } = await import('../output/hostile.ts')
  if (json) {
    for (const p of problems) await writeJson(ctx.stdout, { type: 'problem', code: p.code, message: p.message, at: p.at, hint: p.hint })
    for (const message of warnings) await writeJson(ctx.stdout, { type: 'warning', message })
    return writeJson(ctx.stdout, { type: 'end', file, valid: problems.length === 0, problems: problems.length })
  }
  for (const p of problems) await ctx.stderr.write(errorLine(p, ctx.color.stderr))
  for (const message of warnings) await ctx.stderr.write(`pullbox: warning: ${hostile(message, ctx.color.stderr)}\n`)
  if (problems.length === 0) await ctx.stdout.write(`${hostile(file ?? 'no file: defaults', ctx.color.stdout)}: valid\n`)
}

async function readAll(ctx: Context): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of ctx.stdin) {
    chunks.push(chunk)
    size += chunk.length
    if (size > 16 << 20) throw usage('stdin holds more than a configuration can be')
  }
  return Buffer.concat(chunks).toString('utf8')
}

export const command: Command = {
  name: 'config',
  summary: 'the configuration file',
  group: 'config',
  examples: init.examples,
  commands: [init, check],
}
