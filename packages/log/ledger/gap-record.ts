import { formatTime } from '../record/time-text.ts'
import type { Gap } from './sequence.ts'

/** Facility 5 (syslog itself), severity 4 (warning), RFC 5424 6.2.1. */
const PRIORITY = 5 * 8 + 4

const escape = (value: string) => value.replace(/[\\"\]]/g, '\\$&')
const name = (value: string) => value.replace(/[^\x21-\x7e]/g, '?').slice(0, 255) || '-'

/**
 * The record of a gap, as an RFC 5424 message that any syslog tool reads: the host is the one whose messages are missing, the
 * app is `pullbox`, and structured data `gap` has `source`, `missing`, `first`, `last`, `since`, `until`.
 */
export function gapRecord(gap: Gap, source: string): Uint8Array {
  const count = gap.last - gap.first + 1
  const since = formatTime(gap.before)
  const until = formatTime(gap.after)
  const data = `[gap source="${escape(source)}" missing="${count}" first="${gap.first}" last="${gap.last}" since="${since}" until="${until}"]`
  const text = `${count} ${count === 1 ? 'message' : 'messages'} missing, seq ${gap.first}..${gap.last}, ${since.slice(11, 19)}-${until.slice(11, 19)}`
  return Buffer.from(`<${PRIORITY}>1 ${until} ${name(gap.host)} pullbox - gap ${data} ${text}`)
}

/** The record of an unclean stop: what a listener had read and not yet synced is lost, how much is unknown. Times in microseconds. */
export function uncleanStopRecord(listener: string, lastSync: number, restart: number, host: string): Uint8Array {
  const since = formatTime(lastSync)
  const until = formatTime(restart)
  const data = `[gap listener="${escape(listener)}" missing="unknown" since="${since}" until="${until}"]`
  return Buffer.from(
    `<${PRIORITY}>1 ${until} ${name(host)} pullbox - gap ${data} unclean stop: messages of listener ${listener} between ${since} and ${until} may be missing`,
  )
}
