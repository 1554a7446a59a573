/**
 * Numbers for tests, from the environment variable if it is set (to run a failure again), else from the clock. `random(n)` gives 0 .. n-1.
 */
export function randomFrom(variable: string): { readonly seed: number; random(n: number): number } {
  const given = process.env[variable]
  const seed = given === undefined ? Date.now() % 0x7fffffff : Number(given)
  let state = seed >>> 0
  // mulberry32's mixing keeps even low bits usable
  const random = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * n)
  }
  return { seed, random }
}
