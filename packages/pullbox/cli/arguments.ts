import { didYouMean } from '@pullbox/store'
import type { Command, Option } from './command.ts'
import { GLOBAL } from './command.ts'
import { usage } from './exit.ts'

/** What stood on the command line, checked against the command's lists. */
export interface Given {
  readonly command: Command
  /** Names from the program on: `config check`. */
  readonly path: string
  readonly args: readonly string[]
  /** Whether the switch was given. */
  has(name: string): boolean
  /** The option's last value. */
  text(name: string): string | undefined
  /** All values of an option that may be given more than once. */
  list(name: string): readonly string[]
}

/**
 * Reads the words after the command's name. Options and arguments may stand in any order; `--` ends the options; a value is
 * the rest of `--name=value` or `-nvalue`, or else the next word whatever it looks like, so `--since -2h` works.
 * @throws CLI_USAGE with what was meant where that can be told
 */
export function readArguments(command: Command, path: string, words: readonly string[]): Given {
  const options = [...(command.options ?? []), ...GLOBAL]
  const values = new Map<string, string[]>()
  const args: string[] = []
  let at = 0
  const next = (option: Option, written: string): string => {
    if (at >= words.length) throw usage(`${written} needs a value: ${option.value}`, tryHelp(path))
    return words[at++]
  }
  while (at < words.length) {
    const word = words[at++]
    if (word === '--') {
      args.push(...words.slice(at))
      break
    }
    if (word.startsWith('--')) readLong(word, options, path, values, next)
    else if (word.startsWith('-') && word.length > 1) readShort(word, options, path, values, next)
    else args.push(word)
  }
  if (!values.has('help')) checkCount(command, path, args)
  return {
    command,
    path,
    args,
    has: (name) => values.has(name),
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
  }
}

type Next = (option: Option, written: string) => string

function readLong(word: string, options: readonly Option[], path: string, values: Map<string, string[]>, next: Next): void {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
  const option = options.find((o) => o.name === name)
  if (option === undefined) throw unknown(`--${name}`, options, path)
  if (option.value === undefined) {
    if (equals >= 0) throw usage(`--${name} takes no value`, tryHelp(path))
    return keep(option, '', values)
  }
  keep(option, equals < 0 ? next(option, `--${name}`) : word.slice(equals + 1), values)
}

function readShort(word: string, options: readonly Option[], path: string, values: Map<string, string[]>, next: Next): void {
  for (let i = 1; i < word.length; i++) {
    const letter = word[i]
    const option = options.find((o) => o.short === letter)
    if (option === undefined) throw unknown(i === 1 ? word : `-${letter}`, options, path)
    if (option.value === undefined) {
      keep(option, '', values)
      continue
    }
    const rest = word.slice(i + 1)
    keep(option, rest === '' ? next(option, `-${letter}`) : rest.replace(/^=/, ''), values)
    return
  }
}

function keep(option: Option, value: string, values: Map<string, string[]>): void {
  if (option.choices && !option.choices.includes(value)) {
    const near = didYouMean(value, option.choices)
    throw usage(`--${option.name} is one of ${option.choices.join(', ')}, not "${value}"`, near ? `did you mean "${near}"?` : '')
  }
  const had = values.get(option.name)
  if (had === undefined) values.set(option.name, [value])
  else if (option.many) had.push(value)
  else if (option.value !== undefined) throw usage(`--${option.name} is given twice`)
}

function unknown(written: string, options: readonly Option[], path: string) {
  const near = didYouMean(
    written.replace(/^-+/, ''),
    options.map((o) => o.name),
  )
  return usage(`${path} has no option ${written}`, near ? `did you mean "--${near}"?` : tryHelp(path))
}

function checkCount(command: Command, path: string, args: readonly string[]): void {
  const wanted = command.args ?? []
  const least = wanted.filter((a) => !a.optional).length
  const most = wanted.at(-1)?.many ? Infinity : wanted.length
  if (args.length < least) throw usage(`${path} needs ${wanted[args.length].name}`, tryHelp(path))
  if (args.length > most)
    throw usage(`${path} takes ${most === 0 ? 'no arguments' : `at most ${most}`}, not "${args[most]}"`, tryHelp(path))
  for (const [i, value] of args.entries()) {
    const choices = wanted[Math.min(i, wanted.length - 1)].choices
    if (choices === undefined || choices.includes(value)) continue
    const near = didYouMean(value, choices)
    throw usage(`${wanted[i].name} is one of ${choices.join(', ')}, not "${value}"`, near ? `did you mean "${near}"?` : '')
  }
}

function tryHelp(path: string): string {
  return `try ${path} --help`
}
