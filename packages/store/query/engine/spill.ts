import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@pullbox/log/errors'
import type { Spill, SpillFile } from '../pipe/index.ts'

/** Names of our temporary files; nothing else is ever deleted. */
const NAME = /^pullbox-query-[0-9a-f-]{36}\.tmp$/

class TemporaryFile implements SpillFile {
  private readonly handle: FileHandle
  private readonly path: string
  private readonly gone: (file: SpillFile) => void
  private size = 0

  constructor(handle: FileHandle, path: string, gone: (file: SpillFile) => void) {
    this.handle = handle
    this.path = path
    this.gone = gone
  }

  async append(bytes: Uint8Array): Promise<number> {
    const at = this.size
    try {
      for (let done = 0; done < bytes.length;) done += (await this.handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
    } catch (error) {
      throw spillFailed(this.path, error)
    }
    this.size = at + bytes.length
    return at
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(length)
    let done = 0
    try {
      while (done < length) {
        const { bytesRead } = await this.handle.read(bytes, done, length - done, offset + done)
        if (bytesRead === 0) throw new Error(`it ends after ${offset + done} bytes`)
        done += bytesRead
      }
    } catch (error) {
      throw spillFailed(this.path, error)
    }
    return bytes
  }

  async remove(): Promise<void> {
    this.gone(this)
    await this.handle.close().catch(() => undefined)
    await rm(this.path, { force: true })
  }
}

function spillFailed(path: string, error: unknown): CodedError {
  return new CodedError('QUERY_SPILL_FAILED', `a temporary file of the query can't be written or read: ${(error as Error).message}`, {
    at: path,
    hint: 'make room there or name another directory',
    cause: error,
  })
}

/**
 * Temporary files in `directory`, which is made when it is first needed. Each query has a spill of its own; `close` removes what is
 * left of it. Files are readable by their owner only. Throws QUERY_SPILL_FAILED.
 */
export function fileSpill(directory: string): Spill {
  const files = new Set<SpillFile>()
  return {
    create: async () => {
      const path = join(directory, `pullbox-query-${randomUUID()}.tmp`)
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        const file = new TemporaryFile(await open(path, 'wx+', 0o600), path, (gone) => files.delete(gone))
        files.add(file)
        return file
      } catch (error) {
        throw spillFailed(path, error)
      }
    },
    close: async () => {
      await Promise.allSettled([...files].map((file) => file.remove()))
    },
  }
}

/** Removes temporary files that a crash left in `directory` more than `olderThanMs` before `nowMs`. Tells how many. */
export async function cleanSpill(directory: string, nowMs: number, olderThanMs: number): Promise<number> {
  const names = await readdir(directory).catch(() => [])
  let many = 0
  for (const name of names) {
    if (!NAME.test(name)) continue
    const path = join(directory, name)
    const found = await stat(path).catch(() => null)
    if (found === null || nowMs - found.mtimeMs < olderThanMs) continue
    await rm(path, { force: true })
    many++
  }
  return many
}
