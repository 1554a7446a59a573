import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { allCommands } from './registry.ts'
import { findCommand, runCommandLine } from './shell.ts'
import { memoryWorld } from './testing/memory-world.ts'

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'pullbox')
const ROOT = join(import.meta.dirname, '..', '..', '..')

/** Examples that need no collector and no store, change nothing, and end by themselves, with the exit status that they have here. */
const HARMLESS = /^pullbox (?:help|version|ip|completion|config|vectors)\b/
/** Written for a machine where this was set up. */
const ELSEWHERE = /\/etc\/|~\//

const examples = (command: Command): readonly { line: string; says: string }[] => [
  ...command.examples,
  ...(command.commands ?? []).flatMap(examples),
]

/** The pullbox commands of a line as its words; quotes are taken off as a shell does, redirections are left out. */
export function commandsOf(line: string): string[][] {
  const words: string[] = []
  for (const [, single, double, mark, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|([|<>])|([^\s'"|<>]+)/g)) {
    if (mark !== undefined) words.push(`\0${mark}`)
    else words.push(single ?? double ?? plain)
  }
  const commands: string[][] = [[]]
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '\0|') commands.push([])
    else if (words[i].startsWith('\0')) i++
    else commands.at(-1)!.push(words[i])
  }
  return commands.filter(([program]) => program === 'pullbox').map((command) => command.slice(1))
}

test('a line is taken apart as a shell would', () => {
  assert.deepEqual(commandsOf(`pullbox search --json '* | stats by (host) count() as n' > out`), [
    ['search', '--json', '* | stats by (host) count() as n'],
  ])
  assert.deepEqual(commandsOf('pullbox config init | pullbox config check -'), [
    ['config', 'init'],
    ['config', 'check', '-'],
  ])
  assert.deepEqual(commandsOf(`pullbox doctor --json | grep '"fail"'`), [['doctor', '--json']])
})

test('every example of every command is a command line that is understood', async () => {
  let count = 0
  for (const command of await allCommands()) {
    for (const { line, says } of examples(command)) {
      const found = commandsOf(line)
      assert.ok(found.length > 0, `${line}: no pullbox in it`)
      assert.ok(says.length > 0, line)
      for (const words of found) {
        const { command: meant, path, rest } = await findCommand(words)
        assert.ok(meant.run !== undefined, `${line}: ${path} does nothing by itself`)
        assert.doesNotThrow(() => readArguments(meant, path, rest), line)
        count++
      }
    }
  }
  assert.ok(count > 20)
})

test('the examples that need nothing and change nothing run, and print what they say where that is what they print', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-examples-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  for (const name of ['bin', 'home', 'work']) mkdirSync(join(dir, name))
  symlinkSync(PROGRAM, join(dir, 'bin', 'pullbox'))
  symlinkSync(join(ROOT, 'vectors'), join(dir, 'work', 'vectors'))
  writeFileSync(join(dir, 'work', 'addresses.txt'), 'fe80::1\n192.0.2.1\n')
  const env = { PATH: `${join(dir, 'bin')}:${process.env.PATH}`, HOME: join(dir, 'home'), STATE_DIRECTORY: join(dir, 'home'), TZ: 'UTC' }
  const lines = new Map((await allCommands()).flatMap(examples).map(({ line, says }) => [line, says]))
  const run = [...lines].filter(([line]) => HARMLESS.test(line) && !ELSEWHERE.test(line))
  assert.ok(run.length >= 10)
  /** In a shell what needs one; the others in this process, which is quicker. */
  const play = async (line: string) => {
    if (/[|<>]/.test(line)) return spawnSync('/bin/sh', ['-c', line], { cwd: join(dir, 'work'), env, encoding: 'utf8' })
    const world = memoryWorld({ cwd: join(dir, 'work'), env })
    const status = await runCommandLine(commandsOf(line)[0], world)
    return { status, stdout: world.stdout.text, stderr: world.stderr.text }
  }
  for (const [line, says] of run) {
    const { status, stdout, stderr } = await play(line)
    assert.equal(status, 0, `${line} ended with ${status}: ${stderr}`)
    assert.doesNotMatch(stderr, /^pullbox: [A-Z]/m, line)
    if (/^[0-9a-f:.]+$/.test(says)) assert.equal(stdout.trim(), says, line)
  }
})
