import { CodedError } from '../errors.ts'
import type { SequencePlace } from './sequence.ts'

/** What became of the messages of one source. All counts only grow, except that a late message lowers `missing`. */
export interface Account {
  stored: number
  duplicate: number
  /** By reason: the name of the rule or limit that refused them. */
  refused: Record<string, number>
  /** Numbers that the source gave to messages which never came. */
  missing: number
  /** Microseconds since 1970, by the receive clock; 0 = never. */
  firstSeen: number
  lastSeen: number
  host: string
}

/** What a listener lost before Pullbox could read it. */
export interface ListenerLoss {
  kernelDrops: number
}

/** The ledger as it stands in a checkpoint block: everything up to the block's place in the store. */
export interface Checkpoint {
  version: 1
  /** Microseconds since 1970. */
  at: number
  /** True when the collector stopped in order: nothing was held. */
  clean: boolean
  sources: Record<string, Account>
  listeners: Record<string, ListenerLoss>
  sequences: SequencePlace[]
}

/** The line of the account that is shown: received = stored + duplicate + refused + held. */
export interface AccountLine extends Account {
  source: string
  received: number
  /** Read, and neither settled nor lost from sight: never below 0. */
  held: number
  /** received - stored - duplicate - refused - held: 0, or below it when more became of messages than were read. */
  check: number
}

export interface Totals {
  received: number
  stored: number
  duplicate: number
  refused: number
  held: number
  missing: number
}

/** Reasons for which Pullbox itself refuses; rules add their own names. */
export const REFUSED = { diskFull: 'disk_full', storeFailed: 'store_failed' } as const

export const emptyAccount = (): Account => ({ stored: 0, duplicate: 0, refused: {}, missing: 0, firstSeen: 0, lastSeen: 0, host: '' })

export const refusedSum = (account: Account): number => Object.values(account.refused).reduce((a, b) => a + b, 0)

/**
 * The account of each source (law 3). What was *settled* (stored, duplicate, refused) is noted here after it happened on disk;
 * what was *read* is told by the inputs' own counters, so `held` is the difference and nothing can vanish between the two
 * without showing: it would stay held for ever.
 */
export class Ledger {
  readonly accounts = new Map<string, Account>()
  readonly listeners = new Map<string, ListenerLoss>()
  /** What had been read by earlier runs; by law 3 it is what they settled. */
  private readonly before = new Map<string, number>()
  private readonly read: () => Iterable<[string, number]>

  /** `read` gives, for each source, how many messages the inputs of this run have read; counts only grow. */
  constructor(read: () => Iterable<[string, number]>) {
    this.read = read
  }

  account(source: string): Account {
    let account = this.accounts.get(source)
    if (account === undefined) {
      account = emptyAccount()
      this.accounts.set(source, account)
    }
    return account
  }

  /** Notes synced records of a source. */
  stored(source: string, count: number, received: number): void {
    const account = this.account(source)
    account.stored += count
    if (account.firstSeen === 0 || received < account.firstSeen) account.firstSeen = received
    if (received > account.lastSeen) account.lastSeen = received
  }

  /** Notes records that are not kept, under the name of what refused them. */
  refused(source: string, reason: string, count: number): void {
    const { refused } = this.account(source)
    refused[reason] = (refused[reason] ?? 0) + count
  }

  /** Notes numbers that never came, or, below zero, came after all. */
  missing(source: string, count: number): void {
    const account = this.account(source)
    account.missing = Math.max(0, account.missing + count)
  }

  /** Takes up an earlier run's account: its checkpoint and what was synced after it. To be called before anything is noted. */
  resume(base: Checkpoint | null, since: Iterable<[string, number]>): void {
    if (base !== null) {
      for (const [source, account] of Object.entries(base.sources)) this.accounts.set(source, { ...emptyAccount(), ...account })
      for (const [listener, loss] of Object.entries(base.listeners)) this.listeners.set(listener, { ...loss })
    }
    for (const [source, count] of since) this.account(source).stored += count
    for (const [source, a] of this.accounts) this.before.set(source, a.stored + a.duplicate + refusedSum(a))
  }

  /** Every source's line, by name. */
  lines(): AccountLine[] {
    const read = new Map(this.read())
    for (const source of read.keys()) this.account(source)
    return [...this.accounts]
      .map(([source, a]) => {
        const received = (this.before.get(source) ?? 0) + (read.get(source) ?? 0)
        const rest = received - a.stored - a.duplicate - refusedSum(a)
        return { ...a, source, received, held: Math.max(0, rest), check: Math.min(0, rest) }
      })
      .toSorted((a, b) => (a.source < b.source ? -1 : 1))
  }

  totals(): Totals {
    const totals: Totals = { received: 0, stored: 0, duplicate: 0, refused: 0, held: 0, missing: 0 }
    for (const line of this.lines()) {
      totals.received += line.received
      totals.stored += line.stored
      totals.duplicate += line.duplicate
      totals.refused += refusedSum(line)
      totals.held += line.held
      totals.missing += line.missing
    }
    return totals
  }

  checkpoint(at: number, clean: boolean, sequences: SequencePlace[]): Checkpoint {
    return { version: 1, at, clean, sources: Object.fromEntries(this.accounts), listeners: Object.fromEntries(this.listeners), sequences }
  }
}

export const encodeCheckpoint = (checkpoint: Checkpoint): Uint8Array => Buffer.from(JSON.stringify(checkpoint))

/** Reads a checkpoint's payload. Its block's checksum was right, so a wrong form means another version wrote it. */
export function decodeCheckpoint(payload: Uint8Array): Checkpoint {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch (cause) {
    throw new CodedError('LEDGER_UNREADABLE', 'a checkpoint of the ledger is not JSON', {
      cause,
      hint: 'pullbox ledger check counts again from the records',
    })
  }
  if (typeof value !== 'object' || value === null || (value as Checkpoint).version !== 1) {
    throw new CodedError('LEDGER_UNREADABLE', 'a checkpoint of the ledger has an unknown version', {
      hint: 'open this store with the Pullbox that wrote it',
    })
  }
  return value as Checkpoint
}
