import { setTimeout as sleep } from 'node:timers/promises'

import type { Intake } from './intake.ts'

/** How often an event loop looks at the stop flag, in milliseconds. */
const LOOK_MS = 20

/** Hands on the open batch in time where messages come by events and not in a loop of our own. */
export class BatchTimer {
  private readonly intake: Intake
  private timer: NodeJS.Timeout | undefined

  constructor(intake: Intake) {
    this.intake = intake
  }

  /** After each message or run of messages. */
  arm(): void {
    this.intake.tick()
    if (this.timer !== undefined) return
    const due = this.intake.dueIn()
    if (due !== Number.POSITIVE_INFINITY) this.timer = setTimeout(this.fire, Math.max(1, Math.ceil(due)))
  }

  close(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  /** Resolves soon after a stop was requested. */
  async stopRequested(): Promise<void> {
    while (!this.intake.stop.requested()) {
      await sleep(LOOK_MS)
      this.intake.tick()
    }
  }

  private readonly fire = (): void => {
    this.timer = undefined
    this.arm()
  }
}
