import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

import { ALWAYS } from './headers.ts'

/** Characters that are gathered before they are written. */
const CHUNK = 16_384
/** Milliseconds after which a browser that lost the connection asks again. */
const RETRY_MS = 1000

/** Server-sent events to one client (WHATWG HTML 9.2). Little is gathered: a client that does not read makes `send` wait. */
export class EventStream {
  private readonly out: ServerResponse
  private readonly signal: AbortSignal
  private text = ''
  private timer: NodeJS.Immediate | null = null

  /** `gone` is aborted when the client has gone. */
  constructor(out: ServerResponse, gone: AbortController) {
    this.out = out
    this.signal = gone.signal
    out.on('close', () => gone.abort())
    if (out.destroyed) gone.abort()
    out.writeHead(200, { ...ALWAYS, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    this.text = `retry: ${RETRY_MS}\n\n`
  }

  get gone(): boolean {
    return this.signal.aborted
  }

  /** Resolves when the client takes more, or is gone. An event without `id` leaves the client's cursor as it is. */
  async send(event: string, id: string, data: unknown): Promise<void> {
    this.text += `${id === '' ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    if (this.text.length < CHUNK) {
      this.timer ??= setImmediate(() => this.flush())
      return
    }
    this.flush()
    if (this.out.writableNeedDrain) await once(this.out, 'drain', { signal: this.signal }).catch(() => {})
  }

  /** A sign of life, left out where the client has not taken yet what was sent before. */
  idle(event: string, id: string, data: unknown): void {
    if (!this.gone && !this.out.writableNeedDrain && id !== '') void this.send(event, id, data)
  }

  private flush(): void {
    if (this.timer !== null) clearImmediate(this.timer)
    this.timer = null
    if (!this.gone) this.out.write(this.text)
    this.text = ''
  }

  end(): void {
    this.flush()
    this.out.end()
  }
}
