import type { Header } from '../wire/header.ts'

/** Messages by which a late one may be behind the newest and still count as late; further back the sender has begun anew. */
export const SEQUENCE_WINDOW = 1024
/** Numbers by which a message may be ahead of the expected one; further ahead it belongs to another numbering: no gap is claimed. */
export const SEQUENCE_JUMP = 1_000_000
/** Microseconds for which a gap stays open for messages that were overtaken on the way (UDP does that). */
export const GAP_PATIENCE = 1_000_000
/** Senders whose numbers are followed at once; beyond it the one that was silent longest is forgotten. */
export const SEQUENCE_SENDERS = 65_536
const OPEN_GAPS = 64

/** Numbers that never came: `first..last`, both inclusive. Times in microseconds: of the last message before and the first after. */
export interface Gap {
  readonly source: number
  readonly host: string
  readonly first: number
  readonly last: number
  readonly before: number
  readonly after: number
}

interface OpenGap {
  first: number
  last: number
  before: number
  after: number
}

interface Sender {
  source: number
  host: string
  next: number
  seen: number
  open: OpenGap[]
}

/** A sender's place in its numbering, to be taken up again after a restart. */
export interface SequencePlace {
  readonly source: string
  readonly host: string
  readonly next: number
  readonly seen: number
}

/**
 * Follows the numbers by which senders count their messages (Cisco and Arista sequence numbers, RFC 5424 `meta sequenceId`,
 * section 7.3.1) and finds those that never came. A gap stays open for {@link GAP_PATIENCE}; what comes late closes it, so
 * reordering is no loss. A number far behind or far ahead, or 1, is a sender that began anew: no gap.
 */
export class SequenceTracker {
  private readonly senders = new Map<number, Sender>()
  private readonly onGap: (gap: Gap) => void
  private open = 0
  /** Messages that came after their gap had been reported: so much less is missing than was said. */
  late = 0
  /** Times a sender began anew. */
  restarts = 0

  constructor(onGap: (gap: Gap) => void) {
    this.onGap = onGap
  }

  /** One numbered message of the source with that id; `received` in microseconds. Cheap where nothing is missing. */
  observe(source: number, bytes: Uint8Array, header: Header, received: number): void {
    const key = senderKey(source, bytes, header.hostStart, header.hostEnd)
    let sender = this.senders.get(key)
    if (sender === undefined) {
      const host = Buffer.from(bytes.subarray(header.hostStart, header.hostEnd)).toString('utf8')
      sender = { source, host, next: header.sequence + 1, seen: received, open: [] }
      if (this.senders.size >= SEQUENCE_SENDERS) this.forget()
      this.senders.set(key, sender)
      return
    }
    this.step(sender, header.sequence, received)
    sender.seen = received
  }

  private step(sender: Sender, sequence: number, received: number): void {
    if (sequence === sender.next) {
      sender.next++
      return
    }
    if (sequence > sender.next && sequence - sender.next <= SEQUENCE_JUMP) {
      if (sender.open.length >= OPEN_GAPS) this.report(sender, sender.open.shift()!)
      sender.open.push({ first: sender.next, last: sequence - 1, before: sender.seen, after: received })
      this.open++
      sender.next = sequence + 1
      return
    }
    if (sequence < sender.next && this.fill(sender, sequence)) return
    if (sequence > 1 && sequence < sender.next && sender.next - sequence <= SEQUENCE_WINDOW) {
      this.late++
      return
    }
    this.restarts++
    for (const gap of sender.open.splice(0)) this.report(sender, gap)
    sender.next = sequence + 1
  }

  /** Takes a late message out of the open gap that it belongs to. */
  private fill(sender: Sender, sequence: number): boolean {
    const { open } = sender
    const at = open.findIndex((gap) => sequence >= gap.first && sequence <= gap.last)
    if (at < 0) return false
    const gap = open[at]
    if (gap.first === gap.last) {
      open.splice(at, 1)
      this.open--
    } else if (sequence === gap.first) gap.first++
    else if (sequence === gap.last) gap.last--
    else {
      open.splice(at + 1, 0, { ...gap, first: sequence + 1 })
      this.open++
      gap.last = sequence - 1
    }
    return true
  }

  private report(sender: Sender, gap: OpenGap): void {
    this.open--
    this.onGap({ source: sender.source, host: sender.host, ...gap })
  }

  /** Reports the gaps that have been open long enough at `now` (microseconds); Infinity reports all. Call it at least each second. */
  settle(now: number): void {
    if (this.open === 0) return
    for (const sender of this.senders.values()) {
      while (sender.open.length > 0 && sender.open[0].after + GAP_PATIENCE <= now) this.report(sender, sender.open.shift()!)
    }
  }

  private forget(): void {
    let oldest = Number.POSITIVE_INFINITY
    let victim = -1
    let looked = 0
    for (const [key, sender] of this.senders) {
      if (sender.seen < oldest) {
        oldest = sender.seen
        victim = key
      }
      if (++looked >= 64) break
    }
    const sender = this.senders.get(victim)
    if (sender === undefined) return
    for (const gap of sender.open.splice(0)) this.report(sender, gap)
    this.senders.delete(victim)
  }

  /** Where every sender stands, for the ledger's checkpoint; `name` gives a source's key. */
  places(name: (source: number) => string): SequencePlace[] {
    return [...this.senders.values()].map((s) => ({ source: name(s.source), host: s.host, next: s.next, seen: s.seen }))
  }

  /** Takes up a place from a checkpoint; the source's id is the caller's. */
  resume(source: number, place: SequencePlace): void {
    const host = Buffer.from(place.host)
    this.senders.set(senderKey(source, host, 0, host.length), { source, host: place.host, next: place.next, seen: place.seen, open: [] })
  }
}

/** 32 bits of the host's name beside the source's number (below 2^20), exact in a double. */
function senderKey(source: number, bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return (hash >>> 0) * 0x100000 + source
}
