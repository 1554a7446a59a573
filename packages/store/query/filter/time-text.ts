import type { Column, Rows } from '../rows.ts'

/** `_time` as a column: RFC 3339 in UTC, with as many digits of the second as needed (none, or up to six). */
export function timeColumn(rows: Rows): Column {
  return { text: (i) => printTime(rows.time[i]!) }
}

/** Microseconds since 1970 as RFC 3339 in UTC. Empty when the number is no time. */
export function printTime(us: number): string {
  const ms = Math.floor(us / 1000)
  if (!(Math.abs(ms) <= 8.64e15)) return ''
  const text = new Date(ms).toISOString()
  const micros = Math.floor(us - ms * 1000)
  const fraction = `${text.slice(-4, -1)}${String(micros).padStart(3, '0')}`.replace(/0+$/u, '')
  return `${text.slice(0, -5)}${fraction === '' ? '' : `.${fraction}`}Z`
}
