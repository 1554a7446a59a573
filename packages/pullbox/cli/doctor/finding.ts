export type Verdict = 'ok' | 'warn' | 'fail'

/** What a check found, and what to do about it ('' when it is ok). */
export interface Finding {
  /** Stable: `clock`, `disk`, `port udp [::]:5514`. */
  readonly check: string
  readonly verdict: Verdict
  readonly says: string
  readonly todo: string
}

export const ok = (check: string, says: string): Finding => ({ check, verdict: 'ok', says, todo: '' })
export const warn = (check: string, says: string, todo: string): Finding => ({ check, verdict: 'warn', says, todo })
export const fail = (check: string, says: string, todo: string): Finding => ({ check, verdict: 'fail', says, todo })
