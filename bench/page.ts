import { spawnSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'

import { peerProgram } from './peers.ts'
import { goalRows } from './goals.ts'
import type { Results } from './results.ts'
import { numberText, sectionTable, table } from './results.ts'
import type { Section, Sizes } from './section.ts'
import { OURS } from './section.ts'

/** Where a run was made and what of. */
export type Facts = Readonly<Record<string, string>>

const ROOT = join(import.meta.dirname, '..')
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs (a sync costs nothing here)',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlay',
}

function says(program: string, args: string[]): string {
  return spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
}

/** The first line of what a peer says of its version. */
function versionOf(name: 'rsyslogd' | 'syslog-ng'): string {
  const path = peerProgram(name)
  if (path === null) return 'NOT THERE'
  return says(path, [name === 'rsyslogd' ? '-v' : '--version'])
    .split('\n')[0]
    .trim()
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}

/** The facts of this machine and checkout; `dir` is where the daemons write. */
export function facts(date: Date, dir: string, sizes: Sizes): Facts {
  const changed = says('git', ['status', '--porcelain']) === '' ? '' : ', with changes that are not committed'
  const type = statfsSync(dir).type
  return {
    begun: date.toISOString(),
    commit: `${says('git', ['rev-parse', '--short=12', 'HEAD'])}${changed}`,
    machine: `${cpus()[0]?.model ?? process.arch}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${distribution()}, kernel ${release()}, daemons write to ${FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`}`,
    node: process.version,
    rsyslog: versionOf('rsyslogd'),
    'syslog-ng': versionOf('syslog-ng'),
    user: process.getuid?.() === 0 ? 'root' : 'not root: the receive buffer may be smaller than asked',
    sizes: `${sizes.rounds} rounds, ${sizes.messages} messages a stream, ${sizes.seconds} s a paced load`,
  }
}

/** The goals, each with what was measured. */
export function goalTable(results: Results): string {
  const text = (met: boolean | null) => (met === null ? 'not measured' : met ? 'met' : 'NOT MET')
  return table(
    ['goal', 'measured', ''],
    goalRows(results).map(({ says: goal, measured, met }) => [goal, numberText(measured), text(met)]),
  )
}

/** The page for docs/bench. */
export function benchPage(results: Results, sections: readonly Section[], known: Facts, notes: readonly string[]): string {
  const rows = Object.entries(known).map(([name, value]) => `| ${name} | ${value} |`)
  const parts = sections.map((s) => `## ${s.name}\n${s.says}\n\n${sectionTable(results, s, OURS)}`)
  const remarks = notes.length === 0 ? '' : `## Notes of the run\n${notes.map((note) => `- ${note}`).join('\n')}\n\n`
  return `# Bench of ${known.begun.slice(0, 10)}
Written by \`npm run bench -- --write\`: sender and daemon on one machine over loopback, the daemons by turns in one run; ours parsed, compressed and
synced, the peers plain text and not synced unless the name says so. Each daemon is fresh for each measurement and is warmed with other messages first. CPU is the daemon's, all threads; memory its peak (VmHWM).

| | |
| --- | --- |
${rows.join('\n')}

## Goals
${goalTable(results)}
${remarks}${parts.join('\n')}`
}
