/** Times that a receiver needs; an argument, so that a simulation can bring its own. */
export interface Clock {
  /** Milliseconds that never go back, for deadlines. */
  steady(): number
  /** Wall time in microseconds since 1970. */
  micros(): number
}

/**
 * The machine's clock. `micros` follows the wall clock, also when it is set, and is finer than its milliseconds: it runs with
 * the steady clock and is put right when the two are more than 2 ms apart.
 */
export function systemClock(): Clock {
  let offset = Number.NaN
  return {
    steady: () => performance.now(),
    micros() {
      const steady = performance.now() * 1000
      const wall = Date.now() * 1000
      const ahead = steady + offset - wall
      if (!(ahead > -1000 && ahead < 2000)) offset = wall - steady
      return Math.round(steady + offset)
    },
  }
}
