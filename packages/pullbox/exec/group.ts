import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_WAIT = 1
const MOST_WAIT = 100

/** Sends a signal to every process of the group; false when there is none any more. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    // EPERM: the group is there, but all of it belongs to others (a setuid program).
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * TERM to the group and, to what is left of it after `grace` milliseconds, KILL. Resolves when nothing in the group runs
 * any more, or a second after KILL at the latest.
 */
export async function endGroup(group: number, grace: number): Promise<void> {
  if (!signalGroup(group, 'SIGTERM')) return
  if (await goneWithin(group, grace)) return
  if (!signalGroup(group, 'SIGKILL')) return
  await goneWithin(group, 1000)
}

async function goneWithin(group: number, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, MOST_WAIT)) {
    if (!signalGroup(group, 0)) return true
    // A grandchild that has ended stays a zombie for as long as the machine's first process does not fetch it, in some
    // containers for ever; the signal still finds it.
    if (wait > 8 && (await onlyZombies(group))) return true
    const left = end - performance.now()
    if (left <= 0) return false
    await sleep(Math.min(wait, left))
  }
}

/** True when /proc shows processes of the group and none of them runs. False where there is no /proc. */
async function onlyZombies(group: number): Promise<boolean> {
  const names = await readdir('/proc').catch(() => [] as string[])
  let zombies = 0
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '')
    const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3)
    if (Number(of) !== group) continue
    if (state !== 'Z' && state !== 'X') return false
    zombies++
  }
  return zombies > 0
}
