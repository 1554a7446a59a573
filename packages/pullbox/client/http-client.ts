import { setTimeout as wait } from 'node:timers/promises'

import { CodedError } from '@pullbox/log/errors'
import type { RecordView } from '@pullbox/log/record'
import type { z } from 'zod'

import type { ExplainView, LedgerCheckView, SourcesView, StatusView } from '../api/index.ts'
import { explainView, ledgerCheckView, sourcesView, statusView } from '../api/views.ts'
import type { Client, ClientFrame, ClientTailAsk, QueryAsk, TailEvent } from './contract.ts'
import { disconnected, strange } from './errors.ts'
import { get, getJson } from './http.ts'
import { LineTooLong, readLines } from './lines.ts'
import { readEvents } from './sse.ts'

/** Milliseconds without a byte: a state is told at once; a query tells its progress; a tail shows that it lives. */
const SILENCE = { state: 15_000, query: 300_000, count: 3_600_000, tail: 60_000 } as const
/** Milliseconds before a tail that broke is asked for again: the first time, and at most. */
const BACK_OFF = { first: 250, most: 10_000 } as const

/** Errors after which a tail is asked for again; the latter only once it has begun. */
const PASSES: ReadonlySet<string> = new Set(['CLIENT_UNREACHABLE', 'CLIENT_DISCONNECTED', 'CLIENT_TIMEOUT'])
const PASSES_LATER: ReadonlySet<string> = new Set(['HTTP_BUSY', 'HTTP_FAILED'])

/** Gives the address of the collector, which may be another one after a restart; null when it is not known. */
export type FindAgain = () => Promise<string | null>

/** Asks a running collector. */
export class HttpClient implements Client {
  readonly via = 'collector'
  private readonly findAgain: FindAgain
  private base: string

  constructor(base: string, findAgain: FindAgain = async () => null) {
    this.base = base
    this.findAgain = findAgain
  }

  get at(): string {
    return this.base
  }

  status(): Promise<StatusView> {
    return this.view('/api/v1/status', statusView)
  }

  sources(): Promise<SourcesView> {
    return this.view('/api/v1/sources', sourcesView)
  }

  async explain(id: string): Promise<ExplainView | null> {
    // Nothing else is an id, and none of it becomes a part of the address.
    if (!/^\d{1,16}$/.test(id)) return null
    try {
      return await this.view(`/api/v1/records/${id}`, explainView)
    } catch (error) {
      if (error instanceof CodedError && error.code === 'HTTP_NO_RECORD') return null
      throw error
    }
  }

  ledgerCheck({ since, signal }: { since?: number; signal?: AbortSignal } = {}): Promise<LedgerCheckView> {
    return this.view(`/api/v1/ledger/check?${words({ since: at(since) })}`, ledgerCheckView, SILENCE.count, signal)
  }

  async *query(text: string, ask: QueryAsk = {}): AsyncGenerator<ClientFrame, void, undefined> {
    const { since, until, limit, order, tz, signal } = ask
    const path = `/api/v1/query?${words({ q: text === '' ? '*' : text, since: at(since), until: at(until), limit, order, tz })}`
    const answer = await get(this.base, path, {
      accept: 'application/x-ndjson',
      silence: SILENCE.query,
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      let last: ClientFrame | null = null
      for await (const line of readLines(answer)) {
        last = this.frame(line)
        yield last
        if (last.type === 'end' || last.type === 'error') return
      }
      yield errorFrame(disconnected(this.base))
    } catch (error) {
      if (signal?.aborted) throw new DOMException('the query was stopped', 'AbortError')
      yield errorFrame(this.broken(error))
    } finally {
      // Closes the connection, which ends the work there.
      answer.destroy()
    }
  }

  private frame(line: string): ClientFrame {
    let frame: { type?: unknown } | null
    try {
      frame = JSON.parse(line) as { type?: unknown } | null
    } catch (cause) {
      throw strange(this.base, 'a line is not JSON', cause)
    }
    if (typeof frame?.type !== 'string') throw strange(this.base, 'a line has no type')
    return frame as ClientFrame
  }

  private broken(error: unknown): CodedError {
    if (error instanceof CodedError) return error
    if (error instanceof LineTooLong) return strange(this.base, error.message, error)
    return disconnected(this.base, error)
  }

  /**
   * Follows, and goes on from the last cursor when the connection breaks, for ever, until the signal. An error that the collector
   * itself names ends it.
   */
  async *tail(text: string, ask: ClientTailAsk = {}): AsyncGenerator<TailEvent, void, undefined> {
    const { signal, onBreak, onResume } = ask
    let cursor = ask.cursor
    let failures = 0
    while (!signal?.aborted) {
      try {
        for await (const event of this.tailOnce(text, { ...ask, ...(cursor === undefined ? {} : { cursor }) }, cursor !== ask.cursor)) {
          if (failures > 0) onResume?.(this.base)
          failures = 0
          cursor = event.cursor
          yield event
        }
        throw disconnected(this.base)
      } catch (error) {
        if (signal?.aborted) return
        const why = this.broken(error)
        if (!PASSES.has(why.code) && !(cursor !== undefined && PASSES_LATER.has(why.code))) throw why
        const delay = Math.min(BACK_OFF.most, BACK_OFF.first * 2 ** failures++)
        onBreak?.(why, delay, failures)
        await wait(delay, undefined, signal === undefined ? {} : { signal }).catch(() => {})
        this.base = (await this.findAgain()) ?? this.base
      }
    }
  }

  private async *tailOnce(text: string, ask: ClientTailAsk, resumed: boolean): AsyncGenerator<TailEvent> {
    const { cursor, last, since, tz, signal } = ask
    const from = resumed ? { cursor } : { cursor, last, since: at(since) }
    const path = `/api/v1/tail?${words({ q: text === '' ? '*' : text, tz, ...from })}`
    const answer = await get(this.base, path, {
      accept: 'text/event-stream',
      silence: SILENCE.tail,
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      for await (const { data, id, event } of readEvents(answer)) yield this.event(data, id, event)
    } finally {
      answer.destroy()
    }
  }

  /** The cursor of an event is its id; the data of a record is the record. */
  private event(data: string, cursor: string, name: string): TailEvent {
    let body: Record<string, string>
    try {
      body = JSON.parse(data) as Record<string, string>
    } catch (cause) {
      throw strange(this.base, 'an event is not JSON', cause)
    }
    if (name === 'error') {
      const { code = 'CLIENT_ANSWER', message = '', at: where = '', hint = '' } = body
      throw new CodedError(code, message, { at: where, hint })
    }
    if (cursor === '') throw strange(this.base, 'an event has no id')
    if (name === 'record') return { type: 'record', cursor, record: body as unknown as RecordView }
    if (name === 'gap') return { type: 'gap', cursor, from: body['from'] ?? '', to: body['to'] ?? '', reason: body['reason'] ?? '' }
    if (name === 'progress') return { type: 'progress', cursor }
    throw strange(this.base, `there is no event ${JSON.stringify(name)}`)
  }

  private async view<T extends z.ZodType>(
    path: string,
    schema: T,
    silence: number = SILENCE.state,
    signal?: AbortSignal,
  ): Promise<z.output<T>> {
    const body = await getJson(this.base, path, { silence, ...(signal === undefined ? {} : { signal }) })
    const read = schema.safeParse(body)
    if (read.success) return read.data
    const [issue] = read.error.issues
    throw strange(this.base, `${path.split('?')[0]}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }

  async close(): Promise<void> {
    // Each request has a connection of its own, which ends with it.
  }
}

function errorFrame({ code, message, at: where, hint }: CodedError): ClientFrame {
  return { type: 'error', code, message, at: where, hint }
}

/** Microseconds as the API reads times: `@` and seconds, exactly. */
function at(micros: number | undefined): string | undefined {
  if (micros === undefined) return undefined
  const whole = Math.round(Math.abs(micros))
  const rest = whole % 1e6
  const seconds = `${micros < 0 ? '-' : ''}${(whole - rest) / 1e6}`
  return rest === 0 ? `@${seconds}` : `@${seconds}.${String(rest).padStart(6, '0')}`
}

function words(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const out = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) out.set(name, String(value))
  return out.toString()
}
