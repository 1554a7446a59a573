import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncate,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readSync,
  rename,
  statfsSync,
  unlink,
  writev,
} from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'

import type { Disk, DiskFile, DiskLock } from './disk.ts'

const later = {
  datasync: promisify(fdatasync),
  truncate: promisify(ftruncate),
  rename: promisify(rename),
  unlink: promisify(unlink),
  open: promisify(open),
  sync: promisify(fsync),
}

const FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const

class NodeFile implements DiskFile {
  private readonly fd: number
  private open = true

  constructor(path: string, mode: keyof typeof FLAGS) {
    this.fd = openSync(path, FLAGS[mode], 0o640)
  }

  read(into: Uint8Array, at: number): number {
    // The number may belong to another file by now.
    if (!this.open) throw Object.assign(new Error('the file is closed'), { code: 'EBADF' })
    let got = 0
    while (got < into.length) {
      const n = readSync(this.fd, into, got, into.length - got, at + got)
      if (n === 0) break
      got += n
    }
    return got
  }

  write(pieces: readonly Uint8Array[], at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      writev(this.fd, pieces as Uint8Array[], at, (error, written) => (error === null ? resolve(written) : reject(error)))
    })
  }

  datasync(): Promise<void> {
    return later.datasync(this.fd)
  }

  truncate(size: number): Promise<void> {
    return later.truncate(this.fd, size)
  }

  size(): number {
    return fstatSync(this.fd).size
  }

  close(): void {
    if (!this.open) return
    this.open = false
    closeSync(this.fd)
  }
}

/**
 * The lock is the one that SQLite takes on a file, because that is the one lock of the operating system that Node can reach on
 * every platform: the kernel drops it when the process ends, however it ends, and it holds across containers that share a volume.
 * Nothing is ever written to the file.
 */
function lock(path: string): DiskLock {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=OFF; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const busy = (error as { errcode?: number }).errcode === 5
    throw Object.assign(new Error(busy ? 'the lock is held' : (error as Error).message, { cause: error }), { code: busy ? 'EBUSY' : 'EIO' })
  }
  let held = true
  return {
    release() {
      if (held) database.close()
      held = false
    },
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows can't open a directory to sync it; NTFS journals names itself.
  if (process.platform === 'win32') return
  const fd = await later.open(path, 'r')
  try {
    await later.sync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The disk of this machine. */
export const nodeDisk: Disk = {
  open: (path, mode) => new NodeFile(path, mode),
  list: (path) => readdirSync(path),
  exists: (path) => existsSync(path),
  makeDirectory: (path) => {
    mkdirSync(path, { mode: 0o750 })
  },
  rename: (from, to) => later.rename(from, to),
  unlink: (path) => later.unlink(path),
  syncDirectory,
  freeBytes: (path) => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  },
  lock,
}
