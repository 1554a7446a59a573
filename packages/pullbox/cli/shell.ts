import { inspect } from 'node:util'
import { didYouMean } from '@pullbox/store'
import { readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import type { Context, StopReason } from './context.ts'
import { ClosedPipe } from './context.ts'
import { EXIT, explain, usage } from './exit.ts'
import { wantsColor } from './output/color.ts'
import { hostile, hostileJson } from './output/hostile.ts'
import { COMMANDS, DEFAULT_COMMAND } from './registry.ts'

/** All of a context but what the shell itself adds. */
export type World = Omit<Context, 'color' | 'covered'>

const SIGNAL_EXIT: Readonly<Record<StopReason, number>> = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, pipe: EXIT.done }

/**
 * Runs one command line (without the program's name) and gives the exit status. Everything thrown is turned into one line
 * on stderr, or with `--json` into one object; nothing is thrown but by a sink of stderr that fails.
 */
export async function runCommandLine(words: readonly string[], world: World): Promise<number> {
  let says: (() => string) | null = null
  const json = asksJson(words)
  const covered = (how: () => string) => {
    says = how
  }
  const context = (color: string | undefined): Context => {
    const on = (tty: boolean) => wantsColor(color, world.env, tty)
    const more = { color: { stdout: on(world.stdout.isTTY), stderr: on(world.stderr.isTTY) }, covered }
    // By descriptors, so that what opens on its first use (stdin) is not opened here.
    return Object.defineProperties(more, Object.getOwnPropertyDescriptors(world)) as Context
  }
  let code: number
  try {
    code = await dispatch(words, context)
  } catch (thrown) {
    if (thrown instanceof ClosedPipe) return EXIT.done
    // What an abort throws on its way out of a command is not an error of its own.
    if (!world.signal.aborted || !isAbort(thrown)) return report(thrown, context(undefined), json)
    code = EXIT.done
  }
  if (!world.signal.aborted) return code
  if (says !== null && world.signal.reason !== 'pipe') await quietly(world, `${hostile((says as () => string)(), false)}\n`)
  return SIGNAL_EXIT[world.signal.reason as StopReason] ?? EXIT.interrupted
}

async function dispatch(words: readonly string[], context: (color: string | undefined) => Context): Promise<number> {
  const { command, path, rest } = await findCommand(words)
  const given = readArguments(command, path, rest)
  const ctx = context(given.text('color'))
  if (!given.has('help') && command.run !== undefined) return command.run(ctx, given)
  if (!given.has('help'))
    throw usage(`${path} needs one of: ${(command.commands ?? []).map((c) => c.name).join(', ')}`, `try ${path} --help`)
  const { commandHelp } = await import('./help-text.ts')
  await ctx.stdout.write(commandHelp(command, path))
  return EXIT.done
}

/** Finds the command that the words name, subcommands included; `rest` are the words after it. */
export async function findCommand(words: readonly string[]): Promise<{ command: Command; path: string; rest: readonly string[] }> {
  const first = words[0]
  if (first === '--version' || first === '-V') return { command: await load('version'), path: 'pullbox version', rest: words.slice(1) }
  if (first === '--help' || first === '-h') return { command: await load('help'), path: 'pullbox help', rest: words.slice(1) }
  if (first === undefined || first.startsWith('-')) {
    if (!Object.hasOwn(COMMANDS, DEFAULT_COMMAND)) throw usage('no command given', 'try pullbox help')
    return { command: await load(DEFAULT_COMMAND), path: `pullbox ${DEFAULT_COMMAND}`, rest: words }
  }
  if (!Object.hasOwn(COMMANDS, first)) throw unknownCommand(first, 'pullbox', Object.keys(COMMANDS))
  let command = await load(first)
  let path = `pullbox ${first}`
  let rest = words.slice(1)
  while (command.commands !== undefined && rest.length > 0 && !rest[0].startsWith('-')) {
    const found: Command | undefined = command.commands.find((c) => c.name === rest[0])
    if (found === undefined) {
      throw unknownCommand(
        rest[0],
        path,
        command.commands.map((c) => c.name),
      )
    }
    command = found
    path += ` ${found.name}`
    rest = rest.slice(1)
  }
  return { command, path, rest }
}

async function load(name: string): Promise<Command> {
  return (await COMMANDS[name]()).command
}

function unknownCommand(word: string, path: string, names: readonly string[]) {
  const near = didYouMean(word, names)
  return usage(
    `${path} has no command "${word}"`,
    near ? `did you mean "${near}"?` : `try ${path === 'pullbox' ? 'pullbox help' : `${path} --help`}`,
  )
}

function asksJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).includes('--json')
}

function isAbort(thrown: unknown): boolean {
  const e = thrown as { name?: unknown; code?: unknown } | null
  return e !== null && typeof e === 'object' && (e.name === 'AbortError' || e.code === 'ABORT_ERR')
}

/** Says an error on stderr; gives the exit status. */
async function report(thrown: unknown, ctx: Context, json: boolean): Promise<number> {
  const known = explain(thrown)
  const said = known ?? bug(thrown, ctx)
  const { code, message, at, hint, exit } = said
  if (json) await quietly(ctx, `${hostileJson({ type: 'error', code, message, at: at || undefined, hint: hint || undefined, exit })}\n`)
  else await quietly(ctx, errorLine(said, ctx.color.stderr))
  return exit
}

/** `pullbox: CODE: message at where - hint. See: pullbox help CODE`, and a line feed. */
export function errorLine(error: { code: string; message: string; at: string; hint: string }, reverse: boolean): string {
  const { code, message, at, hint } = error
  const end = /[.?!]$/.test(hint || message) ? '' : '.'
  return `pullbox: ${code}: ${hostile(message, reverse)}${at ? ` at ${hostile(at, reverse)}` : ''}${hint ? ` - ${hostile(hint, reverse)}` : ''}${end} See: pullbox help ${code}\n`
}

function bug(thrown: unknown, ctx: Context) {
  const stack =
    thrown instanceof Error
      ? `${thrown.stack ?? thrown.message}\n${thrown.cause === undefined ? '' : `cause: ${inspect(thrown.cause)}\n`}`
      : `${String(thrown)}\n`
  const message = `this is a bug in pullbox: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  let where: string
  try {
    where = `stack in ${ctx.saveBug(stack)}`
  } catch (failed) {
    where = `the stack could not be kept (${failed instanceof Error ? failed.message : String(failed)}): ${stack}`
  }
  return { code: 'CLI_BUG', message, at: '', hint: where, exit: EXIT.bug }
}

async function quietly(world: Pick<Context, 'stderr'>, text: string): Promise<void> {
  try {
    await world.stderr.write(text)
  } catch {
    // Nobody reads stderr: the exit status says it all the same.
  }
}
