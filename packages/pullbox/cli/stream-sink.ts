import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Sink } from './context.ts'
import { ClosedPipe } from './context.ts'

/** A sink over a stream of Node: waits while the stream is full, and ends with ClosedPipe once its reader has gone. */
export class StreamSink implements Sink {
  private readonly stream: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  private failed: Error | null = null

  /** `onClosed` is called once, when the reader has gone. */
  constructor(stream: Writable & { isTTY?: boolean; columns?: number; rows?: number }, onClosed: () => void) {
    this.stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.failed !== null) return
      const gone = error.code === 'EPIPE' || error.code === 'ECONNRESET' || error.code === 'ERR_STREAM_DESTROYED'
      this.failed = gone ? new ClosedPipe() : error
      if (gone) onClosed()
    })
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true
  }

  get file(): number | null {
    const { fd } = this.stream as { fd?: number }
    try {
      return fd !== undefined && fstatSync(fd).isFile() ? fd : null
    } catch {
      return null
    }
  }

  get columns(): number {
    return this.stream.columns || 80
  }

  get rows(): number | undefined {
    return this.stream.rows || undefined
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.failed !== null) throw this.failed
    if (data.length === 0 || this.stream.write(data)) return
    try {
      await once(this.stream, 'drain')
    } catch (error) {
      throw this.failed ?? error
    }
  }
}
