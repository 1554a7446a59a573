import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import { CodedError } from '@pullbox/log/errors'
import type { Account, AccountLine } from '@pullbox/log/ledger'
import { decodeCheckpoint, emptyAccount, Ledger, refusedSum } from '@pullbox/log/ledger'
import type { Recount } from '@pullbox/store/records'
import { recount, SegmentsReader } from '@pullbox/store/records'

import { OTHER } from '../input/index.ts'

/** An account and the last record that it counts; both of one moment. */
export interface LedgerAccount {
  readonly lines: readonly AccountLine[]
  readonly through: number
}

export interface LedgerCheckOptions {
  /** Directory of the store. */
  readonly path: string
  /** The running collector's account. Without it, the one that the store itself tells. */
  readonly account?: LedgerAccount
  /** Microseconds since 1970: only what came after the checkpoint nearest at or before this time. */
  readonly since?: number
  readonly signal?: AbortSignal
  /** Bytes read so far of all that are to be read. */
  readonly onProgress?: (done: number, total: number) => void
}

/** One source's part; the API gives it as it is. docs/formats/ledger.md tells the arithmetic. */
export interface LedgerCheckLine {
  /** '' = records whose source cannot be told. */
  readonly source: string
  /** Stored, as the account says. */
  readonly account: number
  readonly counted: number
  readonly gone: number
  readonly unreadable: number
  /** account - counted - gone - unreadable */
  readonly difference: number
  readonly received: number
  readonly duplicate: number
  readonly refused: number
  readonly held: number
  readonly missing: number
  /** received - stored - duplicate - refused - held; below 0 when more became of messages than were read. */
  readonly check: number
}

export interface LedgerCheck {
  /** Every difference and every check is 0, and nothing is unreadable. */
  readonly balanced: boolean
  /** Time of the checkpoint from which was counted, microseconds since 1970; null = all. */
  readonly since: number | null
  readonly blocks: number
  readonly records: number
  readonly damages: number
  readonly seconds: number
  readonly sources: LedgerCheckLine[]
}

/** Counts that retention ran away from are begun again, so many times. */
const TRIES = 3

/**
 * Counts every record on disk again, in a thread of its own, and compares with the account. Nothing is written. A collector may be
 * running, if its account is given. Rejects with the signal's reason, and with the codes of `recount`.
 */
export function checkLedger(options: LedgerCheckOptions): Promise<LedgerCheck> {
  const { signal, onProgress, ...rest } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const worker = new Worker(new URL(`./ledger-check-worker${extname(import.meta.filename)}`, import.meta.url), {
      workerData: rest,
      name: 'ledger check',
    })
    const stop = () => {
      void worker.terminate()
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', stop, { once: true })
    worker.on('message', (said: LedgerCheckMessage) => {
      if (said.type === 'progress') return onProgress?.(said.done, said.total)
      if (said.type === 'done') return resolve(said.view)
      reject(new CodedError(said.code, said.message, { at: said.at, hint: said.hint }))
    })
    worker.on('error', reject)
    worker.on('exit', () => {
      signal?.removeEventListener('abort', stop)
      reject(new CodedError('LEDGER_CHECK_FAILED', 'the thread that counted has ended without a result'))
    })
  })
}

export type LedgerCheckMessage =
  | { type: 'progress'; done: number; total: number }
  | { type: 'done'; view: LedgerCheck }
  | { type: 'failed'; code: string; message: string; at: string; hint: string }

/** The work of {@link checkLedger} in this thread. */
export async function checkLedgerHere(options: LedgerCheckOptions): Promise<LedgerCheck> {
  const started = performance.now()
  const { path, since, signal, onProgress } = options
  for (let tries = 1; ; tries++) {
    const account = options.account ?? accountOf(path)
    try {
      const found = await recount({
        path,
        bound: account.through,
        ...(since === undefined ? {} : { since }),
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress }),
      })
      return compare(account, found, since !== undefined, (performance.now() - started) / 1000)
    } catch (error) {
      if (tries >= TRIES || (error as { code?: string }).code !== 'STORE_SEGMENT_GONE') throw error
    }
  }
}

/** The account that a store tells without its collector: the newest checkpoint, and the records after it by their dictionaries. */
function accountOf(path: string): LedgerAccount {
  const reader = new SegmentsReader({ path })
  try {
    const { base, since } = reader.ledgerSnapshot()
    const ledger = new Ledger(() => [])
    ledger.resume(base === null ? null : decodeCheckpoint(base), since)
    return { lines: ledger.lines(), through: Math.max(0, reader.stats().lastSeq) }
  } finally {
    void reader.close()
  }
}

/** The arithmetic, which docs/formats/ledger.md tells. `part`: only what came after the base. */
export function compare(account: LedgerAccount, found: Recount, part: boolean, seconds: number): LedgerCheck {
  const base = found.base === null ? null : decodeCheckpoint(found.base.payload)
  const bases = new Map(Object.entries(base?.sources ?? {}))
  const lines = new Map(account.lines.map((line) => [line.source, line]))
  const tallies = [found.before, found.counted, found.unreadable, found.unreadableBefore]
  const names = new Set([...lines.keys(), ...bases.keys(), ...tallies.flatMap((tally) => [...tally.keys()])])
  if (found.removed > 0) names.add('')
  const apart = [...names]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((source) => line(source, lines.get(source), bases.get(source) ?? emptyAccount(), found, part))
  const sources = unfolded(apart)
  return {
    balanced: sources.every((s) => s.difference === 0 && s.check === 0 && s.unreadable === 0),
    since: part ? (base?.at ?? null) : null,
    blocks: found.blocks,
    records: found.records,
    damages: found.damages.length,
    seconds,
    sources,
  }
}

/**
 * Accounts of sources that were silent for long may have been added to the one of `other` (fold-sources.ts), while their records keep
 * their names: what a source has on disk beyond its own account is taken from there, as far as it reaches. A record that is lost stays
 * a difference, of its source or of `other`.
 */
function unfolded(apart: readonly LedgerCheckLine[]): LedgerCheckLine[] {
  let left = apart.find((l) => l.source === OTHER)?.difference ?? 0
  if (left <= 0) return [...apart]
  const whole = left
  const shift = (l: LedgerCheckLine, n: number) => ({
    ...l,
    account: l.account + n,
    received: l.received + n,
    difference: l.difference + n,
  })
  const out = apart.map((l) => {
    if (l.difference >= 0 || l.source === '') return l
    const n = Math.min(-l.difference, left)
    left -= n
    return shift(l, n)
  })
  return out.map((l) => (l.source === OTHER ? shift(l, left - whole) : l))
}

function line(source: string, now: AccountLine | undefined, base: Account, found: Recount, part: boolean): LedgerCheckLine {
  const of = (tally: ReadonlyMap<string, number>) => tally.get(source) ?? 0
  const stored = now?.stored ?? 0
  const refused = now === undefined ? 0 : refusedSum(now)
  const received = now?.received ?? 0
  const settled = stored + (now?.duplicate ?? 0) + refused
  // Below zero more became of the messages than were read: that is no holding, it is what the check is for.
  const held = Math.max(0, received - settled)
  const unreadable = of(found.unreadable) + of(found.unreadableBefore) + (source === '' ? found.removed : 0)
  const account = part ? stored - base.stored : stored
  const counted = of(found.before) + of(found.counted)
  const gone = part ? 0 : base.stored - of(found.before) - of(found.unreadableBefore)
  const from = part ? base : emptyAccount()
  return {
    source,
    account,
    counted,
    gone,
    unreadable,
    difference: account - counted - gone - unreadable,
    received: received - from.stored - from.duplicate - refusedSum(from),
    duplicate: (now?.duplicate ?? 0) - from.duplicate,
    refused: refused - refusedSum(from),
    held,
    missing: (now?.missing ?? 0) - from.missing,
    check: received - settled - held,
  }
}
