import { closeSync, fstatSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs'

import type { Sink } from '../context.ts'
import { EXIT, ExitError } from '../exit.ts'

/** Which file the output went to, and how long it was when the cursor was written. */
export interface OutputPlace {
  readonly device: number
  readonly inode: number
  readonly size: number
}

export interface KeptCursor {
  readonly cursor: string
  readonly output: OutputPlace | null
}

/** Bytes behind the kept place that are compared with what comes; more than that was not written by us. */
const MOST_OVERLAP = 16 << 20

/**
 * Where a tail stands, in a file that is replaced whole: after a kill at any moment it holds the former cursor or the new one.
 */
export class CursorFile {
  private readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Null when there is no such file yet. @throws CLI_CURSOR_FILE, and the system's errors */
  read(): KeptCursor | null {
    let text: string
    try {
      text = readFileSync(this.path, 'utf8').trim()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
    if (/^[\d.-]{1,64}$/.test(text)) return { cursor: text, output: null }
    try {
      const { cursor, output } = JSON.parse(text) as KeptCursor
      if (typeof cursor === 'string' && cursor !== '') return { cursor, output: placeOf(output) }
    } catch {
      // Said below.
    }
    throw new ExitError(EXIT.usage, 'CLI_CURSOR_FILE', 'the file holds no cursor', {
      at: this.path,
      hint: 'remove it to begin anew, or name another file',
    })
  }

  /** @throws the system's errors */
  write(cursor: string, output: OutputPlace | null): void {
    const fresh = `${this.path}.new`
    writeFileSync(fresh, `${JSON.stringify({ cursor, output })}\n`)
    renameSync(fresh, this.path)
  }
}

function placeOf(value: unknown): OutputPlace | null {
  const { device, inode, size } = (value ?? {}) as Record<string, unknown>
  return [device, inode, size].every((n) => typeof n === 'number') ? (value as OutputPlace) : null
}

/** Null where the output is no regular file. */
export function outputPlace(sink: Sink): OutputPlace | null {
  const fd = sink.file ?? null
  if (fd === null) return null
  const { dev, ino, size } = fstatSync(fd)
  return { device: dev, inode: ino, size }
}

/**
 * What stands in the output behind the kept place: it was written before the kill, and the cursor was not. Empty when the output is
 * another file, or was begun anew.
 */
export function writtenSince(sink: Sink, kept: OutputPlace | null): Uint8Array {
  const now = outputPlace(sink)
  if (now === null || kept === null || now.inode !== kept.inode || now.device !== kept.device) return new Uint8Array(0)
  const length = now.size - kept.size
  if (length <= 0 || length > MOST_OVERLAP) return new Uint8Array(0)
  try {
    // Our own descriptor may be for writing only.
    const fd = openSync(`/proc/self/fd/${sink.file}`, 'r')
    try {
      const bytes = new Uint8Array(length)
      return bytes.subarray(0, readSync(fd, bytes, 0, length, kept.size))
    } finally {
      closeSync(fd)
    }
  } catch {
    return new Uint8Array(0)
  }
}

/** Writes all but what stands in the output already; the first byte that differs ends the comparing. */
export class ResumedSink implements Sink {
  private readonly sink: Sink
  private there: Uint8Array

  constructor(sink: Sink, there: Uint8Array) {
    this.sink = sink
    this.there = there
  }

  get isTTY(): boolean {
    return this.sink.isTTY
  }

  get columns(): number {
    return this.sink.columns
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.there.length === 0) return this.sink.write(data)
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    const same = Math.min(bytes.length, this.there.length)
    if (Buffer.compare(bytes.subarray(0, same), this.there.subarray(0, same)) !== 0) {
      this.there = new Uint8Array(0)
      return this.sink.write(data)
    }
    this.there = this.there.subarray(same)
    await this.sink.write(bytes.subarray(same))
  }
}
