/** A small seeded generator of numbers in [0, 1): the same seed gives the same run. */
export function random(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** The run's seed: `SEED` of the environment, else the clock; printed by the tests that use it. */
export function runSeed(): number {
  return Number(process.env.SEED ?? Date.now() % 1_000_000_007)
}
