/** What stands where a frame starts. */
export const START = {
  /** Not enough bytes to tell. */
  more: 0,
  /** A text line. */
  line: 1,
  /** Octet counting: see {@link FrameStart.length}. */
  octet: 2,
  /** Not what must stand there: the stream is out of step. */
  damaged: 3,
} as const

/** Longest count of octets, in digits; a larger one is no count. */
const DIGITS = 9
/** Most bytes that {@link frameStart} looks at. */
export const LOOKAHEAD = DIGITS + 3

/** The answer of {@link frameStart}. */
export class FrameStart {
  /** MSG-LEN, where it is octet counting. */
  length = 0
  /** Bytes of the count with its blank. */
  prefix = 0
}

const isDigit = (b: number): boolean => b >= 48 && b <= 57

/**
 * Decides how the frame that starts at `at` ends (RFC 6587 3.4). A count is taken for one when a blank and the start of a
 * message (`<` and a digit) follow it; inside of a run of counted frames (`counted`) any message may follow. What is
 * decided depends on the bytes only, not on how they were cut into chunks.
 */
export function frameStart(bytes: Uint8Array, at: number, end: number, counted: boolean, only: boolean, out: FrameStart): number {
  const otherwise = counted || only ? START.damaged : START.line
  const first = bytes[at]
  if (!(first >= 49 && first <= 57)) return (first === 60 || first === 13) && !only ? START.line : otherwise
  let p = at
  let value = 0
  while (p < end && p - at < DIGITS && isDigit(bytes[p])) value = value * 10 + bytes[p++] - 48
  if (p >= end) return START.more
  if (bytes[p] !== 32) return otherwise
  out.length = value
  out.prefix = p + 1 - at
  if (counted || only) return START.octet
  if (value < 2) return START.line
  if (p + 1 >= end) return START.more
  if (bytes[p + 1] !== 60) return START.line
  if (p + 2 >= end) return START.more
  return isDigit(bytes[p + 2]) ? START.octet : START.line
}
