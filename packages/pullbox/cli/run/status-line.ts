import type { CollectorStatus } from '../../collector/index.ts'
import type { Sink } from '../context.ts'
import { countText } from '../look/summary.ts'
import { hostile } from '../output/hostile.ts'
import { cut } from '../output/width.ts'
import { rateText } from '../state/rates.ts'

const EVERY_MS = 1000
const CLEAR = '\r\x1b[K'

/**
 * What a running collector says on stderr: lines, and on a terminal below them one line with its state, drawn again once a second.
 * In a pipe nothing is said that is not asked for. Nothing is awaited: a slow terminal must not slow the collector.
 */
export class StatusLine {
  private readonly sink: Sink
  private readonly reverse: boolean
  private timer: NodeJS.Timeout | undefined
  private shown = ''
  private before: { readonly received: number; readonly at: number } | null = null

  /** `reverse`: escapes of what others wrote stand in reverse video. */
  constructor(sink: Sink, reverse: boolean) {
    this.sink = sink
    this.reverse = reverse
  }

  /** Says a line, above the state. */
  say(text: string): void {
    const line = hostile(text, this.reverse)
    this.put(this.shown === '' ? `${line}\n` : `${CLEAR}${line}\n${this.shown}`)
  }

  /** Shows the state from now on, if stderr is a terminal. */
  start(status: () => Promise<CollectorStatus>): void {
    if (!this.sink.isTTY) return
    const look = () => {
      status().then(
        (now) => this.timer !== undefined && this.draw(now, performance.now()),
        () => {},
      )
    }
    this.timer = setInterval(look, EVERY_MS)
    look()
  }

  private draw(status: CollectorStatus, at: number): void {
    const { before } = this
    const received = status.totals.received
    const rate = before === null || at <= before.at ? 0 : ((received - before.received) / (at - before.at)) * 1000
    this.before = { received, at }
    this.shown = cut(hostile(stateText(status, rate), false), Math.max(20, this.sink.columns - 1))
    this.put(`${CLEAR}${this.shown}`)
  }

  /** Takes the state away. */
  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
    if (this.shown === '') return
    this.shown = ''
    this.put(CLEAR)
  }

  private put(text: string): void {
    void this.sink.write(text).catch(() => {})
  }
}

/** `received 1,204/s  stored 9,812,040  held 0  refused 0  missing 41 (sw1)  balanced`. */
export function stateText({ totals, lines, balanced, trouble }: CollectorStatus, rate: number): string {
  const worst = lines.reduce<(typeof lines)[number] | null>((most, line) => (line.missing > (most?.missing ?? 0) ? line : most), null)
  const parts = [
    `received ${rateText(rate)}`,
    `stored ${countText(totals.stored)}`,
    `held ${countText(totals.held)}`,
    `refused ${countText(totals.refused)}`,
    `missing ${countText(totals.missing)}${worst === null ? '' : ` (${worst.host || worst.source})`}`,
    balanced ? 'balanced' : 'NOT BALANCED',
  ]
  if (trouble !== null) parts.push(trouble.code)
  return parts.join('  ')
}
