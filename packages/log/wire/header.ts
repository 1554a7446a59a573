/** How a message's header was read; the number is stored, so it never changes its meaning. */
export const FORMAT = { raw: 0, rfc3164: 1, rfc5424: 2, own: 3 } as const

/** Names of {@link FORMAT}, by number. */
export const FORMAT_NAMES = ['raw', 'rfc3164', 'rfc5424', 'own'] as const

/** What was assumed or is odd about a record; bits of the `flags` column, stored, so a bit never changes its meaning. */
export const FLAG = {
  /** The message has no time that can be read: `time` is the receive time. */
  timeReceived: 1,
  /** The year was not sent: it is the one nearest to the receive time. */
  yearAssumed: 2,
  /** The zone was not sent: it comes from the source's rule, or is UTC. */
  zoneAssumed: 4,
  /** The device marked its own clock as not synchronised (Cisco `*` or `.` before the time). */
  clockUnsure: 8,
  /** The message was longer than `limits.message`; `trueLength` says how long. */
  truncated: 16,
  /** A UTF-8 byte order mark stood before the message (RFC 5424 6.4). */
  bom: 32,
  /** Came by octet counting (RFC 6587 3.4.1). */
  octetCounted: 64,
  /** The frame around it was damaged (see framing). */
  frameDamaged: 128,
  /** Trailing NUL or CR+LF bytes belong to the bytes but not to the message text. */
  trailer: 256,
  /** The header can be read in more than one way: only what all readings share is given, of a time that occurs twice the nearer one. */
  ambiguous: 512,
} as const

/**
 * What a header reader found, as positions in the bytes it was given; one object is used again for every message.
 * A field that is absent has `start === end`. Absent in the sense of RFC 5424's "-" counts as absent.
 */
export class Header {
  format = 0
  /** 0..191, or -1 when none was sent. */
  priority = -1
  /** RFC 5424 VERSION, else 0. */
  version = 0
  /** Microseconds since 1970, or NaN when none can be read. */
  time = Number.NaN
  /** Bits of {@link FLAG}. */
  flags = 0
  timeStart = 0
  timeEnd = 0
  hostStart = 0
  hostEnd = 0
  appStart = 0
  appEnd = 0
  pidStart = 0
  pidEnd = 0
  msgidStart = 0
  msgidEnd = 0
  /** All of the structured data, brackets included. */
  dataStart = 0
  dataEnd = 0
  /**
   * Cisco-like FACILITY-SEVERITY-MNEMONIC without the percent sign, which stands before the message; or the event that the message
   * starts with (Junos), which stays in it: then `tagStart` is `messageStart`.
   */
  tagStart = 0
  tagEnd = 0
  /** The number by which the sender counts its messages (Cisco, Arista, RFC 5424 `meta sequenceId`), or -1. */
  sequence = -1
  messageStart = 0
  messageEnd = 0
  /** Index into the wire's PROBLEMS table; 0 = none. */
  problem = 0
  /** Where the problem is: offset from the message's first byte. */
  problemAt = 0
}
