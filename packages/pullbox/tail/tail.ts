import { setImmediate as breathe } from 'node:timers/promises'

import { CodedError } from '@pullbox/log/errors'
import type { BlockRef, Need, Program, Query, RowSource, Scanned, TimeRange } from '@pullbox/store/query'
import { Budget, canTail, compile, fieldsRead, filterTimeRange, requirements, resultRows, scanBlock, split } from '@pullbox/store/query'
import type { RecordsReader, Span } from '@pullbox/store/records'

import { readQuery, shownBy } from '../search/index.ts'
import { checkStart, cursorText, readCursor } from './ask.ts'
import type { Place, TailAsk, TailEvent } from './ask.ts'
import { RecentBlocks } from './recent.ts'
import { Wake } from './wake.ts'

export interface TailOptions {
  /** What is followed; shared, closed by its owner after the tails. */
  readonly reader: RecordsReader
  /** The last record that may be shown: what the collector says is synced. Absent = every whole block. */
  readonly bound?: () => number
  /** Calls `listener` whenever there may be something new, until the returned function is called. Absent = looked for by time. */
  readonly changed?: (listener: () => void) => () => void
  /** Milliseconds between looks where nobody tells; 250 by default. */
  readonly pollMs?: number
}

/** Has the reader take in what is new: once for all tails, where it is known whether there is something. */
type Look = () => void

function lookOf({ reader, bound }: TailOptions): Look {
  let seen: number | null = null
  return () => {
    const last = bound?.()
    if (last !== undefined && last === seen) return
    reader.refresh(last)
    seen = last ?? null
  }
}

export interface Tail {
  /**
   * Gives what was asked for first, then every record as it is synced, in write order. Ends only by the signal, by `close`, or when
   * the consumer ends it; the consumer holds the work by not asking, and what waits stays on disk. A tail that goes on from the
   * cursor of its last event misses nothing and repeats nothing. Throws here the codes of the query, TAIL_PIPE, TAIL_TIME,
   * TAIL_CURSOR, TAIL_CURSOR_AHEAD, TAIL_START; the iteration throws when the store can't be read at all.
   */
  follow(text: string, ask?: TailAsk): AsyncIterable<TailEvent>
  /** Ends all tails. */
  close(): void
}

/** Rows that are objects at a time. */
const SLICE = 256
/** Milliseconds for which a tail that finds nothing works without letting others in, and after which it says how far it is. */
const TURN_MS = 15
const TELL_MS = 250

export function createTail(options: TailOptions): Tail {
  const ended = new AbortController()
  const wake = new Wake(options.changed, options.pollMs ?? 250)
  const look = lookOf(options)
  const all = options.reader.source()
  const blocks = new RecentBlocks(all)
  const source: RowSource = { plan: (range, need) => all.plan(range, need), read: (ref, need) => blocks.read(ref, need) }
  return {
    follow(text, ask = {}) {
      const now = Date.now() * 1000
      const query = readQuery(text, now, ask.tz)
      checkQuery(query)
      checkStart(ask)
      const program = compile(split(query), { now, rangeSeconds: 0, budget: new Budget(Infinity), spill: null })
      const signal = ask.signal === undefined ? ended.signal : AbortSignal.any([ask.signal, ended.signal])
      return new Following(options.reader, wake, { query, program, source, look, signal }, startOf(options.reader, look, ask)).events(
        ask.last,
      )
    },
    close() {
      ended.abort()
      wake.close()
    },
  }
}

function checkQuery(query: Query): void {
  if (!canTail(query) || query.pipes.some((pipe) => pipe.op === 'unroll')) {
    const alone = (op: string): boolean => canTail({ ...query, pipes: query.pipes.filter((pipe) => pipe.op === op) }) && op !== 'unroll'
    const op = query.pipes.find((pipe) => !alone(pipe.op))?.op ?? ''
    throw new CodedError('TAIL_PIPE', `the pipe ${op} needs more than one row, and a tail gives each record as it comes`, {
      at: op,
      hint: 'leave it out, or search with it; filter, fields, extract, format and others that look at one row work',
    })
  }
  if (filterTimeRange(query.filter).until < Infinity) {
    throw new CodedError('TAIL_TIME', 'the query ends at a time, and what is written from now on would not match', {
      at: '_time',
      hint: 'leave _time out and say by since from when on',
    })
  }
}

/** @throws TAIL_CURSOR_AHEAD when the store has no such record yet: the cursor is of another one */
function startOf(reader: RecordsReader, look: Look, { cursor, since }: TailAsk): Place {
  look()
  const end = reader.lastSeq
  if (cursor === undefined)
    return { seq: since === undefined ? end : 0, head: end, since: since === undefined ? -Infinity : Math.ceil(since) }
  const place = readCursor(cursor)
  if (place.seq > end) {
    throw new CodedError('TAIL_CURSOR_AHEAD', `the cursor stands at record ${place.seq}, and the store ends at ${end}`, {
      at: 'cursor',
      hint: 'it is the cursor of another store; begin anew without it',
    })
  }
  return place
}

interface Work {
  readonly query: Query
  readonly program: Program
  readonly source: RowSource
  readonly look: Look
  readonly signal: AbortSignal
}

/** One tail. `seq` is where it stands: everything up to it was given, or is not wanted. */
class Following {
  private readonly reader: RecordsReader
  private readonly look: Look
  private readonly wake: Wake
  private readonly program: Program
  private readonly signal: AbortSignal
  private readonly need: Need
  private readonly shown: ReturnType<typeof shownBy>
  private readonly source: RowSource
  private readonly head: number
  private readonly since: number
  private seq: number
  /** The cursor of the last event. */
  private told = ''
  private turn = performance.now()

  constructor(reader: RecordsReader, wake: Wake, { query, program, source, look, signal }: Work, start: Place) {
    this.reader = reader
    this.wake = wake
    this.program = program
    this.signal = signal
    this.need = { fields: fieldsRead(query), requirements: requirements(query.filter) }
    this.shown = shownBy(query)
    this.source = source
    this.look = look
    this.seq = start.seq
    this.head = start.head
    this.since = start.since
  }

  async *events(last: number | undefined): AsyncGenerator<TailEvent, void, undefined> {
    if (last !== undefined) this.seq = await this.beforeLast(last)
    // where it begins is the first row that is shown, whatever retention took before it
    if (this.seq === 0) this.seq = Math.max(0, this.reader.firstSeq - 1)
    yield this.progress()
    const { reader } = this
    while (!this.signal.aborted) {
      const { news } = this.wake
      this.look()
      // twice where it begins in the past: up to the head other times are wanted than after it
      while (!this.signal.aborted && this.seq < reader.lastSeq) yield* this.news(this.seq < this.head ? this.head : reader.lastSeq)
      if (this.signal.aborted) return
      if (this.cursor() !== this.told) yield this.progress()
      if (news === this.wake.news) await this.wake.wait(this.signal)
    }
  }

  /** All up to `end`. */
  private async *news(end: number): AsyncGenerator<TailEvent> {
    const { reader } = this
    if (reader.firstSeq > this.seq + 1) yield this.gap(this.seq + 1, reader.firstSeq - 1, 'retention took them')
    let told = performance.now()
    for (const span of reader.spans(this.seq, 'after', this.rangeAt(end), this.need)) {
      if (span.firstSeq > end) break
      if (span.unreadable !== null) yield this.gap(span.firstSeq, span.lastSeq, span.unreadable.reason)
      else if (span.ref !== null) yield* this.rows(span, span.ref)
      if (this.signal.aborted) return
      this.seq = Math.max(this.seq, span.lastSeq)
      if (performance.now() - told > TELL_MS && this.cursor() !== this.told) {
        told = performance.now()
        yield this.progress()
      }
      await this.breathe()
      if (this.signal.aborted) return
    }
    this.seq = Math.max(this.seq, end)
  }

  private async *rows(span: Span, ref: BlockRef): AsyncGenerator<TailEvent> {
    const { batch, unreadable, release } = await scanBlock(this.source, ref, this.need, this.rangeAt(span.lastSeq), this.program)
    try {
      if (this.signal.aborted) return
      if (unreadable !== null) yield this.gap(Math.max(span.firstSeq, this.seq + 1), span.lastSeq, unreadable.reason)
      if (batch !== null) yield* this.slices(batch)
    } finally {
      release()
    }
  }

  /** The rows behind the place where it stands, a few objects at a time. */
  private async *slices({ view, picked }: NonNullable<Scanned['batch']>): AsyncGenerator<TailEvent> {
    let k = 0
    while (k < picked.length && Number(view.id(picked[k]!)) <= this.seq) k++
    for (; k < picked.length; k += SLICE) {
      for (const row of resultRows({ view, picked: picked.subarray(k, k + SLICE) })) {
        if (this.signal.aborted) return
        this.seq = Number(row.id)
        this.told = this.cursor()
        yield { type: 'record', cursor: this.told, record: this.shown(row) }
      }
      await this.breathe()
    }
  }

  /** The times that are wanted of records up to this number. */
  private rangeAt(seq: number): TimeRange {
    return { since: seq <= this.head ? this.since : -Infinity, until: Infinity }
  }

  /** The number before the row that is the last but `many - 1` of those that match. */
  private async beforeLast(many: number): Promise<number> {
    if (many === 0) return this.head
    const range = this.rangeAt(this.head)
    let left = many
    for (const span of this.reader.spans(this.head, 'before', range, this.need)) {
      if (this.signal.aborted) return this.head
      await this.breathe()
      if (span.ref === null) continue
      const { batch, release } = await scanBlock(this.source, span.ref, this.need, range, this.program)
      const found = batch?.picked.length ?? 0
      const start = batch !== null && found >= left ? Number(batch.view.id(batch.picked[found - left]!)) - 1 : null
      release()
      if (start !== null) return start
      left -= found
    }
    return 0
  }

  private cursor(): string {
    return cursorText({ seq: this.seq, head: this.head, since: this.since })
  }

  private progress(): TailEvent {
    this.told = this.cursor()
    return { type: 'progress', cursor: this.told }
  }

  private gap(from: number, to: number, reason: string): TailEvent {
    this.seq = Math.max(this.seq, to)
    this.told = this.cursor()
    return { type: 'gap', cursor: this.told, from: String(from), to: String(to), reason }
  }

  /** Lets others in when it has worked for long: reading never waits. */
  private async breathe(): Promise<void> {
    if (performance.now() - this.turn < TURN_MS) return
    await breathe()
    this.turn = performance.now()
  }
}
