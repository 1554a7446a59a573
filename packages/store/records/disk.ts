/**
 * The part of a file system that a store needs, so that a simulated disk can stand in for the real one. Paths are absolute, with
 * `/` between names. Errors carry the system's `code` (ENOENT, ENOSPC, EIO ...). Reading, opening and naming are synchronous,
 * because they take microseconds; what may wait for the device is not.
 *
 * What survives a power cut: bytes of a file after `datasync`, names in a directory after `syncDirectory`. Nothing else is promised.
 */
export interface Disk {
  /** `read` and `write` open what exists (ENOENT otherwise); `create` makes a new empty file (EEXIST otherwise). */
  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile
  /** Names in the directory, in no order. */
  list(path: string): string[]
  exists(path: string): boolean
  makeDirectory(path: string): void
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Bytes that may still be written below the path. */
  freeBytes(path: string): number
  /** Holds the path for this process until released or until the process ends, however it ends. Throws EBUSY when it is held. */
  lock(path: string): DiskLock
}

export interface DiskFile {
  /** Fills `into` from position `at`; the number of bytes is less only where the file ends. */
  read(into: Uint8Array, at: number): number
  /** Writes the pieces one after another from position `at`; may write less than all, as the number returned says. */
  write(pieces: readonly Uint8Array[], at: number): Promise<number>
  /** Resolves when bytes and length are on the device. After a failure the state of what was not yet synced is unknown for ever. */
  datasync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): number
  close(): void
}

export interface DiskLock {
  release(): void
}

/** The system's code of an error, or ''. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Writes all the pieces from `at`, however often the disk writes less than it was given. Pieces are not changed. */
export async function writeAll(file: DiskFile, pieces: readonly Uint8Array[], at: number): Promise<void> {
  let rest = pieces.filter((p) => p.length > 0)
  let position = at
  while (rest.length > 0) {
    const part = rest.slice(0, 512)
    let written = await file.write(part, position)
    if (written <= 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO' })
    position += written
    let done = 0
    while (done < rest.length && written >= rest[done].length) written -= rest[done++].length
    rest = rest.slice(done)
    if (written > 0) rest[0] = rest[0].subarray(written)
  }
}

/** The whole file; a file longer than `most` bytes is cut there. */
export function readWhole(disk: Disk, path: string, most: number): Uint8Array {
  const file = disk.open(path, 'read')
  try {
    const bytes = new Uint8Array(Math.min(most, file.size()))
    return bytes.subarray(0, file.read(bytes, 0))
  } finally {
    file.close()
  }
}

/** Puts a small file in its place as a whole: after a crash there is the old one or the new one. Durable when it resolves. */
export async function replaceFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.new`
  if (disk.exists(fresh)) await disk.unlink(fresh)
  const file = disk.open(fresh, 'create')
  try {
    await writeAll(file, [bytes], 0)
    await file.datasync()
  } finally {
    file.close()
  }
  await disk.rename(fresh, path)
  await disk.syncDirectory(parentOf(path))
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}

/** Makes the directory and those above it where they are missing; durable when it resolves. */
export async function ensureDirectory(disk: Disk, path: string): Promise<void> {
  if (path === '/' || disk.exists(path)) return
  const parent = parentOf(path)
  await ensureDirectory(disk, parent)
  disk.makeDirectory(path)
  await disk.syncDirectory(parent)
}
