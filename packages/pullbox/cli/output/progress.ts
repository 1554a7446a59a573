import type { Sink } from '../context.ts'

const SHOW_AFTER_US = 500_000
const EVERY_US = 100_000

/**
 * A bar for long work: bytes done, rate and rest. Shown on a terminal only, and only when the work takes longer than 500 ms;
 * it erases itself. The clock is given, in microseconds. Nothing is awaited: a slow terminal must not slow the work.
 */
export class Progress {
  private readonly sink: Sink
  private readonly now: () => number
  private readonly total: number
  private readonly started: number
  private painted = 0

  /** `total` in bytes, 0 when it is not known. */
  constructor(sink: Sink, now: () => number, total: number) {
    this.sink = sink
    this.now = now
    this.total = total
    this.started = now()
  }

  update(done: number): void {
    if (!this.sink.isTTY) return
    const now = this.now()
    if (now - this.started < SHOW_AFTER_US || now - this.painted < EVERY_US) return
    this.painted = now
    void this.sink.write(`\r\x1b[K${progressLine(done, this.total, now - this.started)}`).catch(() => {})
  }

  /** Takes the bar away, if it was ever shown. */
  end(): void {
    if (this.painted === 0) return
    this.painted = 0
    void this.sink.write('\r\x1b[K').catch(() => {})
  }
}

/** One line: `3.1 of 8.4 GB  37% [====>      ]  402 MB/s  13 s left`. */
export function progressLine(done: number, total: number, elapsedUs: number): string {
  const rate = elapsedUs > 0 ? (done / elapsedUs) * 1e6 : 0
  if (total <= 0) return `${bytesText(done)}  ${bytesText(rate)}/s`
  const part = Math.min(1, done / total)
  const filled = Math.round(part * 20)
  const bar = '='.repeat(filled) + (filled < 20 ? '>' : '') + ' '.repeat(Math.max(0, 19 - filled))
  const rest = rate > 0 ? `${Math.ceil((total - done) / rate)} s left` : ''
  return `${bytesText(done)} of ${bytesText(total)}  ${Math.floor(part * 100)}% [${bar}]  ${bytesText(rate)}/s  ${rest}`.trimEnd()
}

/** Decimal units, as disks and links are sold: `412 GB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let unit = 0
  let n = bytes
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000
    unit++
  }
  return `${unit === 0 || n >= 99.5 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`
}
