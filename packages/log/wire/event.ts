import type { Header } from './header.ts'
import { text } from './words.ts'

const SPACE = 32
const COLON = 58
const UNDERSCORE = 95
/** The longest event name that is looked for. */
const REACH = 64

/** Programs of Junos whose messages may start with the name of the function that speaks. */
const FUNCTIONS_OF = new Set(
  'rpd kernel chassisd dcd mib2d pfed ppmd bfdd cosd dfwd l2ald l2cpd lacpd lldpd eswd jsrpd kmd vccpd mgd'.split(' '),
)

/**
 * The event that a message names in its first word, as Junos has it: `RPD_BGP_NEIGHBOR_STATE_CHANGED: ...` (any program; capitals,
 * digits and at least one underscore), `bgp_recv: ...` and `bgp_handle_notify:4236: ...` (programs of Junos), `Alarm set: ...`
 * (alarmd). Sets the tag; the message keeps the word. `at` is the message's start and the app is already set.
 */
export function readEvent(bytes: Uint8Array, at: number, end: number, out: Header): void {
  const limit = end - at > REACH ? at + REACH : end
  let underscores = 0
  let small = 0
  let capital = 0
  let p = at
  for (; p < limit; p++) {
    const b = bytes[p]
    if (b >= 97 && b <= 122) small++
    else if (b >= 65 && b <= 90) capital++
    else if (b === UNDERSCORE) underscores++
    else if (b < 48 || b > 57) break
  }
  if (p >= limit || p === at) return
  if (bytes[p] === SPACE && small === 4 && capital === 1) return readAlarm(bytes, at, end, out)
  if (bytes[p] !== COLON || underscores === 0 || (small > 0 && capital > 0)) return
  if (small > 0 ? !isFunction(bytes, p, end, out) : p + 1 < end && bytes[p + 1] !== SPACE) return
  out.tagStart = at
  out.tagEnd = p
}

/** Behind the name of a function stands a blank, or the number of a line. */
function isFunction(bytes: Uint8Array, colon: number, end: number, out: Header): boolean {
  let p = colon + 1
  while (p < end && bytes[p] >= 48 && bytes[p] <= 57) p++
  if (p > colon + 1 && (p >= end || bytes[p++] !== COLON)) return false
  if (p < end && bytes[p] !== SPACE) return false
  return FUNCTIONS_OF.has(text(bytes, out.appStart, out.appEnd))
}

function readAlarm(bytes: Uint8Array, at: number, end: number, out: Header): void {
  const name = text(bytes, at, Math.min(end, at + 14))
  const length = name.startsWith('Alarm set: ') ? 9 : name === 'Alarm cleared:' ? 13 : 0
  if (length === 0 || text(bytes, out.appStart, out.appEnd) !== 'alarmd') return
  out.tagStart = at
  out.tagEnd = at + length
}
