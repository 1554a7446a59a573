/** Microseconds since 1970 as RFC 3339 in UTC, with three digits of the fraction, or six where they are needed: `...10.114Z`, `...10.114250Z`. */
export function formatTime(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const rest = Math.round(micros - millis * 1000)
  if (!(Math.abs(millis) <= 8.64e15)) return ''
  const text = new Date(millis).toISOString()
  return rest === 0 ? text : text.slice(0, -1) + String(rest).padStart(3, '0') + 'Z'
}
