import type { Command } from './command.ts'

/**
 * The commands that are built, by name; each file is loaded when it is asked for. Help and completion list what stands here
 * and nothing else. To add one: a file under `commands/` that exports `command`, and its line here.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  run: () => import('./commands/run.ts'),
  status: () => import('./commands/status.ts'),
  top: () => import('./commands/top.ts'),
  search: () => import('./commands/search.ts'),
  tail: () => import('./commands/tail.ts'),
  show: () => import('./commands/show.ts'),
  why: () => import('./commands/why.ts'),
  'why-not': () => import('./commands/why-not.ts'),
  doctor: () => import('./commands/doctor.ts'),
  sources: () => import('./commands/sources.ts'),
  ledger: () => import('./commands/ledger.ts'),
  store: () => import('./commands/store.ts'),
  config: () => import('./commands/config.ts'),
  ip: () => import('./commands/ip.ts'),
  vectors: () => import('./commands/vectors.ts'),
  completion: () => import('./commands/completion.ts'),
  help: () => import('./commands/help.ts'),
  version: () => import('./commands/version.ts'),
}

/** The command that runs when none is named, once it is built. */
export const DEFAULT_COMMAND = 'run'

/** All commands, loaded, in the order above. */
export async function allCommands(): Promise<Command[]> {
  const loaded = await Promise.all(Object.values(COMMANDS).map((load) => load()))
  return loaded.map((m) => m.command)
}
