/** RFC 3339 in UTC of microseconds since 1970, with as many digits of the fraction as it needs. */
export function formatTime(micros: number): string {
  if (!Number.isFinite(micros)) return ''
  const whole = Math.floor(micros / 1e6)
  const fraction = micros - whole * 1e6
  const date = new Date(whole * 1000)
  if (Number.isNaN(date.getTime())) return ''
  const text = date.toISOString().slice(0, -5)
  if (fraction === 0) return `${text}Z`
  return `${text}.${String(Math.floor(fraction)).padStart(6, '0').replace(/0+$/, '')}Z`
}
