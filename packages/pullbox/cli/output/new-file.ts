import { randomBytes } from 'node:crypto'
import { lstatSync, realpathSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { link, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { EXIT, ExitError } from '../exit.ts'

/** A file that is there whole or not at all: written under another name, synced, and put in its place by `commit`. */
export interface NewFile {
  /** The path as it will be. */
  readonly path: string
  write(bytes: Uint8Array): Promise<void>
  /** Syncs the file and gives it its name. @throws CLI_FILE_EXISTS when another one got that name meanwhile */
  commit(): Promise<void>
  /** Takes away what was written, unless it was committed. */
  discard(): Promise<void>
}

/**
 * Begins a file beside where it will stand. With `replace` a file of that name is replaced, at once and whole; what is no regular
 * file never is.
 * @throws CLI_FILE_EXISTS
 */
export async function newFile(given: string, options: { readonly cwd: string; readonly replace: boolean }): Promise<NewFile> {
  const path = target(resolve(options.cwd, given), given, options.replace)
  const part = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  const file = await open(part, 'wx', 0o640)
  let committed = false
  return {
    path,
    write: (bytes) => writeWhole(file, bytes),
    async commit() {
      await file.sync()
      await file.close()
      if (options.replace) await rename(part, path)
      else await linkNew(part, path, given)
      committed = true
      await syncDirectory(dirname(path))
    },
    async discard() {
      if (committed) return
      await file.close().catch(() => {})
      await unlink(part).catch(() => {})
    },
  }
}

/** Where the file will stand: what a link points to is replaced, not the link. */
function target(path: string, given: string, replace: boolean): string {
  if (!exists(path)) return path
  if (!replace) throw fileExists(given)
  const real = exists(path)?.isSymbolicLink() === true ? realpathSync(path) : path
  if (exists(real)?.isFile() !== true) {
    throw new ExitError(EXIT.usage, 'CLI_FILE_EXISTS', 'this is no regular file, and is not replaced', {
      at: given,
      hint: 'name another file, or write to stdout and redirect it',
    })
  }
  return real
}

function exists(path: string) {
  return lstatSync(path, { throwIfNoEntry: false })
}

function fileExists(given: string): ExitError {
  return new ExitError(EXIT.usage, 'CLI_FILE_EXISTS', 'the file exists', {
    at: given,
    hint: 'name another one, or add --force to replace it',
  })
}

/** Gives the file its name, and fails when there is one of that name by now. */
async function linkNew(part: string, path: string, given: string): Promise<void> {
  try {
    await link(part, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw fileExists(given)
    // A file system without links: what is left open is the moment between the look and the renaming.
    if (exists(path)) throw fileExists(given)
    return rename(part, path)
  }
  await unlink(part)
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) done += (await file.write(bytes, done)).bytesWritten
}

async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch {
    // Some systems do not sync directories; the file's own bytes are synced.
  }
}
