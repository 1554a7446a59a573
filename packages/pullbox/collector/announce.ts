import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

/** Name of the file in the store's directory. The store itself never reads it. */
const NAME = 'collector.json'
const LONGEST = 4096
const HEALTH_MS = 2000

const announcement = z.object({
  pid: z.number().int().positive(),
  http: z.url({ protocol: /^http$/ }).nullable(),
  started: z.number(),
  version: z.string(),
})

/** What a running collector says about itself to commands on the same machine. */
export interface Announcement {
  readonly pid: number
  /** Such as `http://127.0.0.1:8514`, without a path; null when it serves no HTTP. */
  readonly http: string | null
  /** Microseconds since 1970. */
  readonly started: number
  readonly version: string
}

/** A collector that answers. */
export interface FoundCollector extends Announcement {
  readonly http: string
}

/**
 * Writes the announcement into the store's directory, whole or not at all. It is not synced: after a crash of the machine it
 * would be wrong anyway. The returned function takes it away, unless another collector's stands there by then; it never throws.
 */
export function announce(storePath: string, what: Announcement): () => void {
  const path = join(storePath, NAME)
  const fresh = `${path}.${what.pid}.new`
  writeFileSync(fresh, `${JSON.stringify(what)}\n`, { mode: 0o644 })
  renameSync(fresh, path)
  return () => {
    try {
      if (read(storePath)?.pid === what.pid) rmSync(path, { force: true })
    } catch {
      // It goes stale then: a reader asks whether the process lives.
    }
  }
}

/** What stands in the store's directory, if that process lives; null otherwise. A process may live and not answer. */
export function announced(storePath: string): Announcement | null {
  const found = read(storePath)
  return found !== null && lives(found.pid) ? found : null
}

/** The collector that writes to the store, if it answers over HTTP; null when there is none, or it does not. */
export async function findCollector(storePath: string): Promise<FoundCollector | null> {
  const found = announced(storePath)
  if (found === null || found.http === null || !(await healthy(found.http, found.pid))) return null
  return { ...found, http: found.http }
}

function read(storePath: string): Announcement | null {
  try {
    const text = readFileSync(join(storePath, NAME), 'utf8')
    const parsed = text.length <= LONGEST ? announcement.safeParse(JSON.parse(text)) : null
    return parsed?.success === true ? parsed.data : null
  } catch {
    return null
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Another program may have the port by now, and another collector too: where health names a process, it must be this one. */
async function healthy(http: string, pid: number): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/health', http), { signal: AbortSignal.timeout(HEALTH_MS), redirect: 'error' })
    const body = (await answer.json()) as { status?: unknown; pid?: unknown } | null
    return answer.ok && body?.status === 'ok' && (body.pid === undefined || body.pid === pid)
  } catch {
    return false
  }
}
