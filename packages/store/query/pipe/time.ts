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

/** RFC 3339 in UTC of nanoseconds since 1970, with as many digits of the fraction as it needs. */
export function formatNanos(nanos: bigint): string {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const text = formatTime(Number((nanos - rest) / 1000n))
  if (rest === 0n || text === '') return text
  return `${text.slice(0, -1)}.${String(rest).padStart(9, '0').replace(/0+$/, '')}Z`
}
