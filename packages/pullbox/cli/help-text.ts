import type { Argument, Command, Option } from './command.ts'
import { GLOBAL, GROUPS } from './command.ts'
import { pairs } from './output/table.ts'

const GROUP_TITLES: Readonly<Record<(typeof GROUPS)[number], string>> = {
  run: 'Run',
  look: 'Look at records',
  send: 'Send records',
  files: 'Files',
  config: 'Configuration',
  net: 'Network',
  house: 'House',
}

/** The text of `pullbox help`: the commands that are built, by task. */
export function overview(commands: readonly Command[]): string {
  let out = 'pullbox keeps what a network says.\n\nUsage: pullbox COMMAND [OPTIONS] [ARGUMENTS]\n'
  for (const group of GROUPS) {
    const list = commands.filter((c) => c.group === group)
    if (list.length > 0) out += `\n${GROUP_TITLES[group]}\n${pairs(list.flatMap(lines))}`
  }
  out += '\npullbox COMMAND --help tells all about a command, pullbox help CODE about an error.\n'
  return out
}

function lines(command: Command): [string, string][] {
  if (command.commands === undefined) return [[command.name, command.summary]]
  return command.commands.map((c) => [`${command.name} ${c.name}`, c.summary])
}

/** The text of `pullbox COMMAND --help`. */
export function commandHelp(command: Command, path: string): string {
  let out = `${path} - ${command.summary}\n\nUsage: ${usageLine(command, path)}\n`
  if (command.details) out += `\n${command.details.trim()}\n`
  if (command.args?.length) out += `\nArguments\n${pairs(command.args.map((a) => [a.name, withChoices(a)]))}`
  if (command.commands) out += `\nCommands\n${pairs(command.commands.map((c) => [c.name, c.summary]))}`
  out += `\nOptions\n${pairs([...(command.options ?? []), ...GLOBAL].map((o) => [optionText(o), withChoices(o)]))}`
  if (command.examples.length > 0) out += `\nExamples\n${command.examples.map((e) => `  ${e.line}\n      ${e.says}\n`).join('')}`
  return out
}

/** `pullbox ip match [OPTIONS] PREFIX [ADDRESS ...]` */
export function usageLine(command: Command, path: string): string {
  if (command.commands) return `${path} ${command.commands.map((c) => c.name).join('|')} ...`
  const args = (command.args ?? []).map((a) => {
    const name = a.many ? `${a.name} ...` : a.name
    return a.optional ? `[${name}]` : name
  })
  return [path, '[OPTIONS]', ...args].join(' ')
}

function optionText(o: Option): string {
  return `${o.short ? `-${o.short}, ` : '    '}--${o.name}${o.value ? ` ${o.value}` : ''}`
}

function withChoices(o: Option | Argument): string {
  return o.choices ? `${o.says}: ${o.choices.join(', ')}` : o.says
}
