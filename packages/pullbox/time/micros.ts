/** Microseconds since 1970 of an RFC 3339 text that ends in Z; null when it is none. Digits beyond the sixth are dropped. */
export function readMicros(text: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(text)
  const seconds = parts === null ? Number.NaN : Date.parse(`${parts[1]}Z`)
  return Number.isNaN(seconds) ? null : seconds * 1000 + Number((parts![2] ?? '').slice(0, 6).padEnd(6, '0'))
}
