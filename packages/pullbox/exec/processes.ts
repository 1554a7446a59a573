import { readdirSync, readFileSync } from 'node:fs'

export type Found = { pid: number; parent: number; group: number; state: string; command: string }

/** All processes that /proc shows. For the tests of this folder. */
export function processes(): Found[] {
  const found: Found[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trimEnd()
      found.push({ pid: Number(name), state: fields[0]!, parent: Number(fields[1]), group: Number(fields[2]), command })
    } catch {
      // it ended meanwhile
    }
  }
  return found
}

/** Living processes (zombies are none) whose command line holds the mark. */
export function withMark(mark: string): Found[] {
  return processes().filter(({ command, state, pid }) => command.includes(mark) && state !== 'Z' && pid !== process.pid)
}
