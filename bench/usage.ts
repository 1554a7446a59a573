import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

// Linux counts processor time in hundredths of a second, whatever the machine (USER_HZ).
const TICKS = 100

/** Processor time of a process, all of its threads, user and system: seconds. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program may hold blanks and brackets: what follows it begins after the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** The most memory that a process ever had resident: MB (10^6 bytes). */
export function peakMemory(pid: number): number {
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (Number(kib) * 1024) / 1e6
}

/** Bytes of all files under a folder. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

/** Now, in milliseconds since 1970 with fractions, from the clock that never steps. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
