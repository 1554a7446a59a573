/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value below which `p` per cent lie, between neighbours on a straight line. NaN of none. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return NaN
  const sorted = values.toSorted((a, b) => a - b)
  const at = ((sorted.length - 1) * p) / 100
  const low = sorted[Math.floor(at)]
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at))
}

/** `a / b`; NaN where one of them is missing or b is 0. */
export function ratio(a: number | undefined, b: number | undefined): number {
  return a === undefined || b === undefined || b === 0 ? NaN : a / b
}

/** What one probe of a rate came to. */
export interface Probe {
  /** Nothing was lost. */
  readonly held: boolean
  /** The rate that the sender really reached. */
  readonly rate: number
}

export interface Search {
  /** The first rate tried. */
  readonly start: number
  /** Below this rate the search gives up and finds 0. */
  readonly least: number
  /** Ends when the lowest rate that failed is at most so many times the highest that held. */
  readonly within: number
}

const GROW = 1.5
/** A sender that stays this far below what was asked is at its limit. */
const REACHED = 0.95

/**
 * The highest rate that holds: grows until one fails, then halves the gap geometrically. `limited` says that it ended because the
 * sender could not go faster: then the true value is not known to be higher, nor lower.
 */
export async function highestRate(
  { start, least, within }: Search,
  probe: (rate: number) => Promise<Probe>,
): Promise<{ rate: number; limited: boolean; probes: number }> {
  let low = 0
  let high = Infinity
  let next = start
  for (let probes = 1; ; probes++) {
    const { held, rate } = await probe(next)
    if (held) {
      low = Math.max(low, rate)
      if (rate < next * REACHED) return { rate: low, limited: true, probes }
    } else high = Math.min(high, rate)
    if (low > 0 && high / low <= within) return { rate: low, limited: false, probes }
    if (low === 0 && high <= least) return { rate: 0, limited: false, probes }
    next = high === Infinity ? low * GROW : low === 0 ? Math.max(least, high / GROW) : Math.sqrt(low * high)
  }
}
